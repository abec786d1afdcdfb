"""Where could the whole state come to rest, and would it stay there? Many searches at once.

    q(s) = ½ ‖F(s) − s‖²            F: one step under an input that is held; fixed points have q = 0
    s ← s − (A − 1)⁻¹ (F(s) − s)    Newton's polish, A = ∂F/∂s; stable where all |λ(A)| < 1
    A v = λ v                       a mode: along v a small push grows |λ|-fold a step, and turns by arg λ

Every search starts at a state that the network was in, somewhat displaced; q goes down by Adam for all searches in one
batch, then Newton's steps are taken as far as they help. Ends that are the same are one point. An end with a small q
that is no root is a slow point: a place that the state crosses slowly. Sussillo & Barak, *Opening the black box:
low-dimensional dynamics in high-dimensional recurrent neural networks*, 2013.
"""
from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.state_space import main_axes
from rnn_core.analysis.step_jacobians import step_jacobians
from rnn_core.records import Card, Result, Trace
from rnn_core.records.trees import numbers, tmap, vector
from rnn_core.unroll import unroll

CARD = Card(title="Fixed points", row="D8", year=2013,
            reference="Sussillo & Barak, Opening the black box: low-dimensional dynamics in high-dimensional "
                      "recurrent neural networks, 2013",
            summary="Where the whole state stands still, whether it would stay, and where it only goes slowly.",
            equations={"q": "q(s) = ½ ‖F(s) − s‖²"})
DESCENT, RATE, POLISH, HALVINGS = 150, 0.1, 25, 8
REST, SLOW, ONE, EXACT = 1e-9, 1e-2, 1e-4, 1e-14
MODES, NAMED = 6, 3


@dataclass(frozen=True, eq=False)
class FixedPoints(Result):
    """``points`` (p, s) where the state rests or goes slowly, roots first, each group by how many ``ends`` (p,) it has.

    ``speeds`` (p,) are ‖F − s‖ there, ``eigenvalues`` (p, s) complex those of ∂F/∂s, the largest first. ``plane``
    (p, 3) and ``paths`` (b, t, 3) show points and visited states on the three main axes of the latter, 0 where there
    are fewer; ``share`` (3,) is how much of their variance each axis has. ``vectors`` (p, m, s) complex, of length 1,
    are the directions of the first modes, in the numbers ``names`` (s,) of the state. ``lost`` of the ``searches``
    ended nowhere slow.
    """

    points: Tensor
    speeds: Tensor
    eigenvalues: Tensor
    vectors: Tensor
    names: tuple[str, ...]
    ends: Tensor
    plane: Tensor
    paths: Tensor
    share: Tensor
    searches: int
    lost: int

    @property
    def kinds(self) -> tuple[str, ...]:
        """"stable", "saddle", "unstable" or "slow" for each point."""
        inside = (self.eigenvalues.abs() < 1).sum(1).tolist()
        size = self.eigenvalues.shape[1]
        return tuple("slow" if speed > REST else "stable" if k == size else "saddle" if k else "unstable"
                     for k, speed in zip(inside, self.speeds.tolist()))

    @property
    def escapes(self) -> Tensor:
        """(p,) in how many directions the state leaves."""
        return (self.eigenvalues.abs() >= 1).sum(1)

    def frame(self) -> pd.DataFrame:
        """One row a point; one row that says so where there is none."""
        if not len(self.points):
            return pd.DataFrame({"kind": ["nothing found"], "searches": [self.searches]})
        return pd.DataFrame({"kind": self.kinds, "directions out": self.escapes, "speed": self.speeds,
                             "largest |eigenvalue|": self.eigenvalues.abs()[:, 0], "searches": self.ends,
                             "first axis": self.plane[:, 0], "second axis": self.plane[:, 1]})

    def modes(self, point: int = 0) -> pd.DataFrame:
        """The first modes of a point: what a small push along each does, and the units that take most part.

        ValueError, in one sentence, for a point that is not there.
        """
        if not 0 <= point < len(self.points):
            raise ValueError(f"There are {len(self.points)} points; number {point} is not among them.")
        values, parts = self.eigenvalues[point, :self.vectors.shape[1]], self.vectors[point].abs().square()
        most = parts.argsort(1, descending=True)[:, :NAMED]
        told = [", ".join(f"{self.names[k]} {parts[m, k]:.0%}" for k in row) for m, row in enumerate(most.tolist())]
        size, angle = values.abs(), values.angle().abs()
        return pd.DataFrame({"λ real": values.real, "λ imaginary": values.imag, "|λ|": size,
                             "steps to 1/e, or to e": 1 / size.log().abs(), "steps a turn": 2 * math.pi / angle,
                             "units that take most part": told})

    @property
    def says(self) -> str:
        counts = [(k, self.kinds.count(k)) for k in ("stable", "saddle", "unstable", "slow") if k in self.kinds]
        if not counts:
            return f"none of {self.searches} searches ended at a place where the state rests or goes slowly."
        roots = sum(n for kind, n in counts if kind != "slow")
        told = ", ".join(f"{n} {kind}" for kind, n in counts if kind != "slow")
        slow = dict(counts).get("slow", 0)
        return (f"{self.searches} searches ended at {roots} fixed point{'s' * (roots != 1)}"
                f"{f' ({told})' if roots else ''}"
                f"{f' and {slow} slow point' + 's' * (slow != 1) if slow else ''}"
                f"{f'; {self.lost} of them ended nowhere slow' if self.lost else ''}.")

    @property
    def says_not(self) -> str:
        return ("that there are no others: a search finds what lies downhill of its start; nor that the network goes "
                "there, for another input moves the points.")


def fixed_points(trace: Any, *, x: Any = None, searches: int = 64, spread: float = 0.5, seed: int = 0,
                 descent: int = DESCENT) -> FixedPoints:
    """Rests of the cell of a trace, or of a cell, under the input ``x`` of one step, by default zeros.

    Searches start at states of the trace, drawn with ``seed``, each number displaced by a normal draw of size
    ``spread`` times its standard deviation and a tenth; those of a cell at normal draws of size 2 · ``spread`` about
    its initial state. ``descent`` steps of Adam come before Newton's. Raises ValueError for numbers that cannot be.
    """
    if searches < 1 or spread < 0 or descent < 0:
        raise ValueError("A search needs at least one start, and neither a negative spread nor negative steps.")
    generator = torch.Generator().manual_seed(seed)
    cell, visited, start = beginnings(trace, searches, spread, generator)
    field = Field(cell, trace if isinstance(trace, Trace) else None, x, generator)
    s = polished(field, descended(field, start, descent))
    after, A = field.slopes(s)
    speed = (after - s).norm(dim=1)
    there = speed.nan_to_num(torch.inf) < SLOW * (1 + s.norm(dim=1))
    there &= A.isfinite().flatten(1).all(1)
    kept, ends = _merged(s[there], speed[there])
    points, speeds, slopes = s[there][kept], speed[there][kept], A[there][kept]
    order = sorted(range(len(kept)), key=lambda k: (bool(speeds[k] > REST), -int(ends[k])))
    points, speeds, slopes, ends = points[order], speeds[order], slopes[order], ends[order]
    values, vectors = _modes(slopes)
    known = visited[visited.isfinite().all(2)] if isinstance(trace, Trace) else points
    centre, axes, share = main_axes(known, 3)
    names = tuple(numbers(cell.initial_state(1)))
    return FixedPoints(points, speeds, values, vectors, names, ends, (points - centre) @ axes.T,
                       (visited - centre) @ axes.T, share, searches, searches - int(there.sum()))


def beginnings(trace: Any, searches: int, spread: float, generator: torch.Generator) -> tuple[Any, Tensor, Tensor]:
    """The cell in double precision, the states (b, t, s) that it was in, and where searches start (searches, s)."""
    given = isinstance(trace, Trace)
    cell = copy.deepcopy(trace.cell if given else trace).cpu().double().requires_grad_(False)
    visited = _visited(trace, cell)                                                                     # (b, t, s)
    known = visited[visited.isfinite().all(2)]
    start = known[torch.randint(max(len(known), 1), (searches,), generator=generator)] if len(known) else \
        torch.zeros(searches, visited.shape[2], dtype=torch.float64)
    size = known.std(0, correction=0) + 0.1 if given and len(known) else torch.full_like(start[0], 2.0)
    noise = torch.randn(start.shape, generator=generator, dtype=torch.float64)
    return cell, visited, start + spread * size * noise


class Field:
    """One step from states (p, s), all in one batch, under an input that is held."""

    def __init__(self, cell: Any, trace: Trace | None, x: Any, generator: torch.Generator) -> None:
        self.cell = cell
        one = tmap(torch.zeros_like, cell.draw(1, 1, generator)) if x is None else \
            tmap(lambda v: v.double()[None, None] if v.is_floating_point() else v[None, None], x)
        self.x = one
        self.state = cell.initial_state(1) if trace is None else tmap(lambda v: v.detach().cpu()[:1], trace.final)

    @property
    def held(self) -> tuple[Any, Any]:
        """A state of one row, whose integers stay as they are, and the input of the step."""
        return self.state, tmap(lambda v: v[:, 0], self.x)

    def run(self, s: Tensor) -> Trace:
        """A trace of one step."""
        p = len(s)
        back = vector(tmap(lambda v: v.expand(p, *v.shape[1:]), self.state))[1]
        x = None if self.x is None else tmap(lambda v: v.expand(p, *v.shape[1:]), self.x)
        return unroll(self.cell, x, back(s), steps=None if x is not None else 1)

    def slopes(self, s: Tensor) -> tuple[Tensor, Tensor]:
        """F (p, s) and ∂F/∂s (p, s, s), some points at a time so that the sum of them fits into memory."""
        stride = max(1, 2**24 // max(s.shape[1]**2, 1))
        parts = [self.run(piece) for piece in s.detach().split(stride)]
        return (torch.cat([vector(part.final)[0].detach() for part in parts]),
                torch.cat([step_jacobians(part).A[:, 0] for part in parts]))

    def after(self, s: Tensor) -> Tensor:
        """F (p, s)."""
        return vector(self.run(s).final)[0]

    def at(self, rows: Tensor) -> Field:
        """The field that some of the states live in: for all of them it is the same."""
        return self


def _visited(trace: Any, cell: Any) -> Tensor:
    """(b, t, s) the states of a trace, NaN at steps that do not exist; of a cell the one that it begins with."""
    if not isinstance(trace, Trace):
        return vector(cell.initial_state(1))[0].unsqueeze(0)
    flat = vector(tmap(lambda v: v.flatten(0, 1), trace.states))[0].detach().cpu().double()
    states = flat.unflatten(0, (trace.batch_size, trace.length))
    return states if trace.mask is None else states.masked_fill(~trace.mask.cpu().unsqueeze(2), torch.nan)


def descended(field: Any, s: Tensor, steps: int) -> Tensor:
    """q goes down by Adam, its rate by a cosine to nothing; every search by itself, all in one batch."""
    s = s.clone().requires_grad_()
    adam = torch.optim.Adam([s], lr=RATE)
    plan = torch.optim.lr_scheduler.CosineAnnealingLR(adam, max(steps, 1))
    with torch.enable_grad():
        for _ in range(steps):
            adam.zero_grad()
            (field.after(s) - s).square().sum().div(2).backward()
            s.grad.nan_to_num_(0.0, 0.0, 0.0)
            adam.step()
            plan.step()
    return s.detach()


def polished(field: Any, s: Tensor) -> Tensor:
    """Newton's steps, halved until they help, for every search as long as they do."""
    off = (field.after(s) - s).norm(dim=1)
    going = (off > EXACT).nonzero().flatten()
    for _ in range(POLISH):
        if not len(going):
            break
        here, now = field.at(going), s[going]
        after, A = here.slopes(now)
        move = _newton(A, after - now)
        size = 1.0
        left = torch.arange(len(going))
        for _ in range(HALVINGS):
            tried = now[left] + size * move[left]
            gap = (here.at(left).after(tried) - tried).norm(dim=1)
            helps = gap < off[going[left]]
            s[going[left[helps]]], off[going[left[helps]]] = tried[helps], gap[helps]
            left, size = left[~helps], size / 2
            if not len(left):
                break
        going = going[torch.isin(torch.arange(len(going)), left, invert=True) & (off[going] > EXACT)]
    return s


def _newton(A: Tensor, gap: Tensor) -> Tensor:
    """−(A − 1)⁻¹ (F(s) − s) (p, s); the gap itself where that cannot be had, nothing where a number is not finite."""
    wrong = ~(A.isfinite().flatten(1).all(1) & gap.isfinite().all(1))
    A, gap = A.masked_fill(wrong[:, None, None], 0.0), gap.masked_fill(wrong[:, None], 0.0)
    move, info = torch.linalg.solve_ex(A - torch.eye(A.shape[1], dtype=A.dtype), -gap)
    return torch.where(((info != 0) | ~move.isfinite().all(1)).unsqueeze(1), gap, move)


def _modes(A: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues (p, s) of A (p, s, s), the largest first, and the vectors (p, m, s) of the first of them."""
    values, vectors = torch.linalg.eig(A)
    order = values.abs().argsort(1, descending=True)
    first = order[:, None, :MODES].expand(-1, A.shape[1], -1)
    return values.gather(1, order), vectors.gather(2, first).mT


def _merged(s: Tensor, speed: Tensor) -> tuple[list[int], Tensor]:
    """Indices of ends that differ, the most exact of each group, and how many ends each group has."""
    kept: list[int] = []
    ends: list[int] = []
    scale = 1 + s.abs().amax(1)
    for k in speed.argsort().tolist():
        same = ((s[kept] - s[k]).abs().amax(1) < ONE * scale[k]).nonzero().flatten().tolist() if kept else []
        if same:
            ends[same[0]] += 1
        else:
            kept.append(k)
            ends.append(1)
    return kept, torch.tensor(ends, dtype=torch.long)
