"""How many patterns can be stored? Overlap after recall, and units that flip in one step, against the load α = p / N.

    share of units that flip in one synchronous step from a stored pattern:   ½ erfc(√(1 / 2α)) for large N
    overlap that is left when nothing moves any more:   breaks down near α_c = 0.138 for N → ∞

Both hold where outer products are summed; by a pseudo-inverse no unit flips up to α = 1. Networks of one size relax
together, as one batch. Hopfield 1982; Amit, Gutfreund & Sompolinsky 1985.
"""
from __future__ import annotations

import copy
from collections.abc import Sequence
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


def _one(cell: Any, loads: Sequence[float], most: int, sweeps: int, seed: int) -> tuple[Tensor, Tensor, Tensor, int]:
    """Loads, overlaps, shares of flipped units (l,) and sweeps used, for networks of one size."""
    n, stream = cell.settings.hidden_size, torch.Generator().manual_seed(seed)
    counts = [round(a * n) for a in loads]
    if not counts or min(counts) < 1:
        raise ValueError(f"A load of at least {1 / n:.3g} is needed for one pattern in {n} units.")
    like, state = copy.deepcopy(cell), cell.initial_state(1)
    weights, starts, flipped = [], [], []
    for p in counts:
        stored = torch.randint(0, 2, (p, n), generator=stream).to(state.s) * 2 - 1
        like.store(stored)
        with torch.no_grad():
            after = unroll(like, state=type(state)(stored), steps=1).final.s
        flipped.append((after != stored).double().mean())
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
