"""How many patterns can be stored? Overlap after recall, and units that flip in one step, against the load α = p / N.

    share of units that flip in one synchronous step from a stored pattern:   ½ erfc(√(1 / 2α)) for large N
    overlap that is left when nothing moves any more:   breaks down near α_c = 0.138 for N → ∞

Both hold where outer products are summed; by a pseudo-inverse no unit flips up to α = 1. Networks of one size relax
together, as one batch. Hopfield 1982; Amit, Gutfreund & Sompolinsky 1985.
"""
from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Card, Result
from rnn_core.unroll import relax, unroll

CARD = Card(title="Capacity", row="A25", year=1985,
            reference="Amit, Gutfreund & Sompolinsky, Storing infinite numbers of patterns in a spin-glass model of "
                      "neural networks, 1985",
            summary="What is left of a stored pattern after recall, the more patterns share the same weights.",
            equations={"m": "m = N⁻¹ x_μᵀ s"}, symbols={"m": "hidden"})
LOADS = tuple(k / 50 for k in range(1, 16))
CRITICAL, BUDGET = 0.138, 2**28


@dataclass(frozen=True, eq=False)
class CapacityCurve(Result):
    """``overlap`` (u, l) and ``flipped`` (u, l) for sizes ``units`` (u,) at loads ``alpha`` (u, l), the true p / N.

    ``theory`` (u, l) is ½ erfc(√(1/2α)). ``patterns`` of each network were followed; ``sweeps`` (u,) were used.
    """

    units: tuple[int, ...]
    alpha: Tensor
    overlap: Tensor
    flipped: Tensor
    theory: Tensor
    patterns: int
    sweeps: tuple[int, ...]

    def frame(self) -> pd.DataFrame:
        """One row a network."""
        sizes = torch.tensor(self.units).repeat_interleave(self.alpha.shape[1])
        return pd.DataFrame({"units": sizes, "load α": self.alpha.flatten(), "overlap": self.overlap.flatten(),
                             "flipped in one step": self.flipped.flatten(), "theory": self.theory.flatten()})

    @property
    def says(self) -> str:
        last = max(range(len(self.units)), key=self.units.__getitem__)
        alpha, overlap = self.alpha[last].tolist(), self.overlap[last].tolist()
        good = [a for a, m in zip(alpha, overlap, strict=True) if m > 0.95]
        kept = f"patterns survive with an overlap above 0.95 up to a load of {max(good):.2f}" if good else (
            "no pattern survives at any of these loads")
        gap = float((self.flipped - self.theory).abs().max())
        return (f"with {self.units[last]} units {kept}; at {alpha[-1]:.2f} an overlap of {overlap[-1]:.2f} is left. "
                f"The share of units that flip in one step differs from theory by {gap:.2g} at most.")

    @property
    def says_not(self) -> str:
        return ("that the capacity is 0.138 exactly: that number holds for endlessly many units and random patterns, "
                "small networks break down gradually, and each point is one network.")


def capacity_curve(cells: Any, loads: Sequence[float] = LOADS, *, patterns: int = 8, sweeps: int = 20,
                   seed: int = 0) -> CapacityCurve:
    """Networks like each of the energy networks ``cells``, one a load, each storing round(α N) random patterns.

    Relaxation is asynchronous, from ``patterns`` of the stored patterns themselves. The cells are left as they are.
    Raises ValueError for loads that store no pattern.
    """
    cells = list(cells) if isinstance(cells, Sequence) else [cells]
    rows = [_one(cell, loads, patterns, sweeps, seed) for cell in cells]
    alpha, overlap, flipped, used = zip(*rows, strict=True)
    alpha = torch.stack(alpha)
    return CapacityCurve(tuple(cell.settings.hidden_size for cell in cells), alpha, torch.stack(overlap),
                         torch.stack(flipped), torch.erfc((1 / (2 * alpha)).sqrt()) / 2, patterns, used)


def growing(cell: Any, loads: Sequence[float] = LOADS, *, patterns: int = 8, sweeps: int = 20,
            seed: int = 0) -> Iterator[tuple[CapacityCurve | None, float]]:
    """The curve of one network while it is computed: after every sweep the loads that are done, and the share done.

    Each load is what ``capacity_curve`` finds for it alone with the same seed. The cell is left as it is. None stands
    for a curve without a load. Raises ValueError for loads that store no pattern.
    """
    n, like, state = cell.settings.hidden_size, copy.deepcopy(cell), cell.initial_state(1)
    counts, curve, points = _counts(loads, n), None, []
    for k, p in enumerate(counts):
        stream = torch.Generator().manual_seed(seed)
        stored, flipped = _stored(like, p, n, state, stream)
        begun = stored[torch.arange(patterns) % p]
        at, used = type(state)(begun), 0
        while used < sweeps:
            with torch.no_grad():
                after, _ = relax(like, at, stream, sweeps=1)
            at, rests, used = after, torch.equal(after.s, at.s), used + 1
            if rests:
                break
            yield curve, (k + used / sweeps) / len(counts)
        points.append((p / n, float((at.s * begun).double().mean()), float(flipped), used))
        alpha, overlap, gone = (torch.tensor(v, dtype=torch.float64).unsqueeze(0) for v in list(zip(*points))[:3])
        theory = torch.erfc((1 / (2 * alpha)).sqrt()) / 2
        curve = CapacityCurve((n,), alpha, overlap, gone, theory, patterns, (max(one[3] for one in points),))
        yield curve, (k + 1) / len(counts)


def _counts(loads: Sequence[float], n: int) -> list[int]:
    """How many patterns each load stores in n units; ValueError where one stores none."""
    counts = [round(a * n) for a in loads]
    if not counts or min(counts) < 1:
        raise ValueError(f"A load of at least {1 / n:.3g} is needed for one pattern in {n} units.")
    return counts


def _stored(like: Any, p: int, n: int, state: Any, stream: torch.Generator) -> tuple[Tensor, Tensor]:
    """p random patterns (p, N), now stored, and the share of units that one synchronous step from them flips."""
    stored = torch.randint(0, 2, (p, n), generator=stream).to(state.s) * 2 - 1
    like.store(stored)
    with torch.no_grad():
        after = unroll(like, state=type(state)(stored), steps=1).final.s
    return stored, (after != stored).double().mean()


def _one(cell: Any, loads: Sequence[float], most: int, sweeps: int, seed: int) -> tuple[Tensor, Tensor, Tensor, int]:
    """Loads, overlaps, shares of flipped units (l,) and sweeps used, for networks of one size."""
    n, stream = cell.settings.hidden_size, torch.Generator().manual_seed(seed)
    counts = _counts(loads, n)
    like, state = copy.deepcopy(cell), cell.initial_state(1)
    weights, starts, flipped = [], [], []
    for p in counts:
        stored, gone = _stored(like, p, n, state, stream)
        flipped.append(gone)
        weights.append(like.W.clone())
        starts.append(stored[torch.arange(most) % p])
    at_once = max(1, BUDGET // (8 * most * n * n))
    overlaps, used = [], 0
    for k in range(0, len(counts), at_once):
        begun = torch.stack(starts[k:k + at_once])
        many = _Many(like, torch.stack(weights[k:k + at_once]))
        with torch.no_grad():
            rest, needed = relax(many, type(state)(begun.flatten(0, 1)), stream, sweeps=sweeps)
        overlaps.append((rest.s.view_as(begun) * begun).double().mean((1, 2)))
        used = max(used, needed)
    return torch.tensor(counts).double() / n, torch.cat(overlaps), torch.stack(flipped), used


class _Many:
    """Energy networks that share all but their weights W (k, N, N), as one: their states lie one after the other."""

    def __init__(self, cell: Any, W: Tensor) -> None:
        self.cell, self.W, self.draw, self.project = cell, W, cell.draw, cell.project

    def advance(self, drive: Tensor, state: Any) -> tuple[Tensor, Any, dict[str, Tensor]]:
        """One step of every network: drive (k·b,), state s (k·b, N)."""
        k = len(self.W)

        def step(W: Tensor, unit: Tensor, s: Tensor) -> Tensor:
            return torch.func.functional_call(_Step(self.cell), {"cell.W": W}, (unit, type(state)(s)))

        s = torch.func.vmap(step)(self.W, drive.view(k, -1), state.s.view(k, -1, state.s.shape[1])).flatten(0, 1)
        return s, type(state)(s), {}


class _Step(torch.nn.Module):
    """A cell whose call is its step."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, unit: Tensor, state: Any) -> Tensor:
        return self.cell.advance(unit, state)[1].s
