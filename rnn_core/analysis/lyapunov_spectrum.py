"""How fast do two trajectories that start close together part, direction by direction?

    A_t Q_{t−1} = Q_t R_t            A_t = ∂s_t/∂s_{t−1}, Q_0 a random frame, R_t upper triangular
    λ_i = ⟨ln |R_t,ii|⟩              Lyapunov exponents, a step; Σ_i λ_i = ⟨ln |det A_t|⟩
    D = j + (λ_1 + … + λ_j)/|λ_{j+1}|    Kaplan–Yorke dimension, j the last with λ_1 + … + λ_j ≥ 0
    K = Σ_{λ_i > 0} λ_i              entropy rate, at most this, in nats a step

All sequences of a batch go through one decomposition a step. Benettin, Galgani, Giorgilli & Strelcyn, *Lyapunov
characteristic exponents for smooth dynamical systems*, 1980; Engelken, Wolf & Abbott, *Lyapunov spectra of chaotic
recurrent neural networks*, 2023.
"""
from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.step_jacobians import step_jacobians
from rnn_core.records import Card, Result, Trace
from rnn_core.records.trees import tmap, vector
from rnn_core.unroll import unroll

CARD = Card(title="Lyapunov spectrum", row="D7", year=1980,
            reference="Benettin et al., Lyapunov characteristic exponents for smooth dynamical systems, 1980",
            summary="How fast neighbouring trajectories part or close up, a rate for every direction.",
            equations={"Q": "A_t Q_{t−1} = Q_t R_t", "λ": "λ_i = ⟨ln |R_t,ii|⟩"}, symbols={"λ": "hidden"})
PIECE, STILL = 2**25, 1e-3


@dataclass(frozen=True, eq=False)
class LyapunovSpectrum(Result):
    """``logs`` (b, t, k): ln |R_t,ii| of every counted step, 0 where a sequence has none; ``steps`` (b,) are counted.

    ``volume`` (b,) is ⟨ln |det A_t|⟩, by a decomposition of its own: where k is the number ``size`` of numbers in the
    state it equals the sum of the exponents. ``driven`` tells whether the cell heard an input.
    """

    logs: Tensor
    steps: Tensor
    volume: Tensor
    size: int
    driven: bool

    @property
    def exponents(self) -> Tensor:
        """(b, k) λ a step, the largest first; NaN where the network left the finite numbers."""
        found = self.logs.sum(1) / self.steps.unsqueeze(1)
        return found.nan_to_num(torch.nan, torch.inf, -torch.inf).sort(1, descending=True).values

    @property
    def dimension(self) -> Tensor:
        """(b,) Kaplan–Yorke dimension: 0 where all shrinks, k where not even the sum of all k exponents is negative."""
        return torch.stack([kaplan_yorke(row) for row in self.exponents])

    @property
    def entropy(self) -> Tensor:
        """(b,) sum of the positive exponents, in nats a step."""
        return torch.where(self.exponents.isnan(), self.exponents, self.exponents.clamp(min=0)).sum(1)

    def frame(self) -> pd.DataFrame:
        """One row a sequence and exponent."""
        b, k = self.exponents.shape
        return pd.DataFrame({"sequence": torch.arange(b).repeat_interleave(k), "i": torch.arange(1, k + 1).repeat(b),
                             "λ a step": self.exponents.flatten()})

    @property
    def says(self) -> str:
        known = ~self.exponents.isnan().any(1)
        if not known.any():
            return "this network has left the finite numbers, so nothing can be followed through it."
        top = float(self.exponents[known, 0].median())
        pace = f"{top:+.3g} a step" if abs(top) < float("inf") else "without end: nothing is left after a step"
        heard = "under its input" if self.driven else "left alone"
        fate = ("neighbouring states part" if top > STILL else "neighbouring states close up" if top < -STILL
                else "the distance of neighbouring states hardly changes")
        dimension, followed = float(self.dimension[known].median()), self.exponents.shape[1]
        least = "at least " if followed < self.size and dimension == followed else ""
        return (f"{heard}, {fate}: the largest exponent is {pace}, the Kaplan–Yorke dimension {least}{dimension:.3g} "
                f"of {self.size}, the entropy rate at most {float(self.entropy[known].median()):.3g} nats a step.")

    @property
    def says_not(self) -> str:
        return (f"that this is the limit: it is an average over {int(self.steps.max())} steps of one trajectory a "
                "sequence; other starts or inputs may lead elsewhere, and a few steps may stretch what many shrink.")


def lyapunov_spectrum(trace: Any, *, steps: int = 1000, warm_up: int = 200, exponents: int | None = None,
                      x: Any = None, state: Any = None, seed: int = 0) -> LyapunovSpectrum:
    """The exponents along the sequences of a trace, or of a cell that runs on by itself.

    A trace is taken as it is, all of its steps counted. A cell is run in double precision for ``warm_up`` steps that
    only turn the frame and then for ``steps`` that count: driven by ``x`` (b, t, …), t being both together, or left
    alone, which is an input of zeros. It starts in ``state``, by default near its initial one, a normal draw of
    ``seed`` away. ``exponents`` asks for the first k alone. Raises ValueError, in one sentence, for numbers that cannot
    be; MemoryError where the Jacobians of a single step are too large.
    """
    if steps < 1 or warm_up < 0 or (exponents is not None and exponents < 1):
        raise ValueError("A spectrum needs at least one step and one exponent, and no negative warm-up.")
    if isinstance(trace, Trace):
        return _collect(_pieces(trace), exponents, 0, seed, trace.x is not None)
    cell = copy.deepcopy(trace).double().requires_grad_(False)
    total = steps + warm_up
    generator = torch.Generator().manual_seed(seed)
    if state is None:
        flat, back = vector(cell.initial_state(1 if x is None else _lead(x)[0]))
        state = back(flat + torch.randn(flat.shape, generator=generator, dtype=flat.dtype).to(flat))
    wide = tmap(lambda v: v.double() if v.is_floating_point() else v, state)
    given = None if x is None else tmap(lambda v: v.double() if v.is_floating_point() else v, x)
    if given is not None and _lead(given)[1] != total:
        raise ValueError(f"The input has {_lead(given)[1]} steps; {warm_up} to warm up and {steps} to count were asked "
                         "for.")
    return _collect(_run(cell, given, wide, total, generator), exponents, warm_up, seed, given is not None)


def _lead(x: Any) -> tuple[int, int]:
    """b and t of an input."""
    shapes: list[tuple[int, int]] = []
    tmap(lambda v: shapes.append((v.shape[0], v.shape[1])), x)
    return shapes[0]


def _run(cell: Any, x: Any, state: Any, total: int, generator: torch.Generator) -> Iterator[Trace]:
    """The trajectory, some steps at a time, so that its Jacobians fit into memory."""
    flat = vector(state)[0]
    b, s = flat.shape
    stride = max(1, PIECE // (b * s * s * 8))
    for t in range(0, total, stride):
        count = min(stride, total - t)
        if x is None:
            heard = tmap(torch.zeros_like, cell.draw(b, count, generator))
        else:
            heard = tmap(lambda v, t=t, n=count: v[:, t:t + n], x)
        with torch.no_grad():
            piece = unroll(cell, heard, state) if heard is not None else unroll(cell, state=state, steps=count)
        state = piece.final
        yield piece


def _pieces(trace: Trace) -> Iterator[Trace]:
    """A trace cut into pieces in the order of its visits, each of which has Jacobians that fit into memory."""
    b, s = vector(tmap(lambda v: v.detach(), trace.nodes[0]))[0].shape
    stride = max(1, PIECE // (b * s * s * 8))
    for k in range(0, trace.length, stride):
        last = min(k + stride, trace.length)
        at = slice(trace.length - last, trace.length - k) if trace.reverse else slice(k, last)
        part = [tmap(lambda v, at=at: v[:, at], tree) for tree in (trace.x, trace.mask, trace.outputs)]
        yield Trace(trace.cell, *part, trace.nodes[k:last], trace.after[k:last], None, trace.reverse, trace.name)


def _collect(pieces: Iterator[Trace], k: int | None, warm_up: int, seed: int, driven: bool) -> LyapunovSpectrum:
    """The frame turned by one step after the other, and what is counted on the way."""
    Q, logs, there, volumes, done, size = None, [], [], [], 0, 0
    for piece in pieces:
        A = piece.in_time(step_jacobians(piece).A).double().cpu()                                   # (b, t, s, s)
        mask = torch.ones(A.shape[:2], dtype=torch.bool) if piece.mask is None else piece.in_time(piece.mask).cpu()
        lost = ~A.isfinite().flatten(2).all(2)
        A = torch.where(lost[..., None, None], torch.zeros_like(A), A)
        size = A.shape[-1]
        if Q is None:
            k = size if k is None else min(k, size)
            start = torch.randn(size, k, generator=torch.Generator().manual_seed(seed), dtype=A.dtype)
            Q = torch.linalg.qr(start).Q.expand(len(A), -1, -1)
        rows = []
        for step in A.unbind(1):
            Q, R = torch.linalg.qr(step @ Q)
            rows.append(R.diagonal(dim1=-2, dim2=-1).abs().log())
        found = torch.stack(rows, 1)
        found[lost] = torch.nan
        found[~mask] = 0.0
        keep = slice(max(0, warm_up - done), None)
        logs.append(found[:, keep])
        there.append(mask[:, keep])
        volume = torch.linalg.slogdet(A[:, keep]).logabsdet
        volumes.append(torch.where(lost[:, keep], torch.nan, volume).masked_fill(~mask[:, keep], 0.0))
        done += A.shape[1]
    count = torch.cat(there, 1).sum(1)
    return LyapunovSpectrum(torch.cat(logs, 1), count, torch.cat(volumes, 1).sum(1) / count, size, driven)


def kaplan_yorke(row: Tensor) -> Tensor:
    """The Kaplan–Yorke dimension of exponents (k,), the largest first; k where not even their sum is negative."""
    if row.isnan().any():
        return row.new_tensor(torch.nan)
    sums = row.cumsum(0)
    above = int((sums >= 0).sum()) if row[0] >= 0 else 0
    if above in (0, len(row)):
        return row.new_tensor(float(above))
    return above + sums[above - 1] / row[above].abs()
