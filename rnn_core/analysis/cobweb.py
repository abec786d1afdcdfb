"""How does one unit go on from step to step? Its map, the diagonal, and the staircase between them.

    h_{t+1} = F(h_t)        up to the curve, across to the diagonal, and again
    F(h) = h                a rest; steps go towards it where |F′(h)| < 1 and away from it where |F′(h)| > 1

Where the state is a single number and the input is held, this is the whole truth. Of larger networks one unit is
followed and all else is frozen at one step of one sequence. May, *Simple mathematical models with very complicated
dynamics*, 1976.
"""
from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from rnn_core.analysis.base import Place
from rnn_core.analysis.memory_span import existing, kept_fields
from rnn_core.analysis.nullclines import frozen_field, held_at, slopes, window
from rnn_core.records import Card, Result, Trace
from rnn_core.records.trees import numbers, tmap, vector
from rnn_core.unroll import unroll

CARD = Card(title="Cobweb", row="D8", year=1976,
            reference="May, Simple mathematical models with very complicated dynamics, 1976",
            summary="The map of one unit, the diagonal, and the staircase of steps between them.",
            equations={"F": "h_{t+1} = F(h_t)"}, symbols={"F": "candidate", "h": "hidden"})
GRID, FINE, BISECTIONS, MOST = 201, 4001, 60, 12
SETTLE, LONGEST, SAME, TINY = 1000, 64, 1e-7, 1e-12


@dataclass(frozen=True, eq=False)
class Cobweb(Result):
    """The map of the unit ``name``: ``image`` (g,) of ``grid`` (g,), and the ``path`` (t + 1,) of steps from a start.

    ``rests`` (p,) with their ``slopes`` (p,) lie in the window of the grid. ``period`` is what the path comes to: 1 at
    rest, up to 64 in a cycle, 0 never the same, −1 where it leaves the finite numbers. ``frozen`` other numbers of the
    state stood still at ``step`` of sequence ``row``.
    """

    name: str
    grid: Tensor
    image: Tensor
    path: Tensor
    rests: Tensor
    slopes: Tensor
    period: int
    end: float
    frozen: int
    row: int
    step: int

    @property
    def kinds(self) -> tuple[str, ...]:
        """"stable" or "unstable" for each rest."""
        return tuple("stable" if abs(slope) < 1 else "unstable" for slope in self.slopes.tolist())

    def frame(self) -> pd.DataFrame:
        """One row a rest, then one a step of the path."""
        what = [*(f"{kind} rest" for kind in self.kinds), *(f"t = {t}" for t in range(len(self.path)))]
        gap = torch.full((len(self.path),), torch.nan, dtype=torch.float64)
        return pd.DataFrame({"what": what, self.name: torch.cat([self.rests, self.path]),
                             "slope": torch.cat([self.slopes, gap])})

    @property
    def says(self) -> str:
        if not self.image.isfinite().all():
            return "there is nothing to draw: the network has left the finite numbers."
        told = ", ".join(f"{kind} at {rest:.5g} with slope {slope:.4g}" for kind, rest, slope in
                         zip(self.kinds, self.rests.tolist(), self.slopes.tolist()))
        few = f"{len(self.rests)} rest{'s' * (len(self.rests) != 1)} in this window{f': {told}' if told else ''}"
        end = {1: f"comes to rest at {self.end:.5g}", 0: "never comes to the same place again",
               -1: "leaves the finite numbers"}.get(self.period, f"ends in a cycle of {self.period} steps")
        return f"{self.name} has {few}; from {float(self.path[0]):.4g} the staircase {end}."

    @property
    def says_not(self) -> str:
        if self.frozen:
            return (f"that the network goes there: {self.frozen} other numbers of its state were frozen at step "
                    f"{self.step} of sequence {self.row}, and in truth they move too.")
        return "that it goes there under another input, which moves the curve, nor what lies outside of this window."


def cobweb(trace: Any, unit: str | None = None, *, start: float | None = None, steps: int = 60, row: int = 0,
           step: int | None = None, reach: Sequence[float] | None = None) -> Cobweb:
    """The map of one ``unit``, such as "h[0]", of the cell of a trace, or of a cell, which then hears zeros.

    Of a trace the input and all other numbers of the state are held at ``step`` of sequence ``row``, by default the
    last. The path begins at ``start``, by default where the unit was, and 0.1 for a cell. ``reach`` (low, high) is the
    window, by default −1 to 1 and wherever the path goes. Raises ValueError, in one sentence, for a unit, a row, a step
    or a window that cannot be.
    """
    if not isinstance(trace, Trace):
        cell, start = trace, 0.1 if start is None else start
        with torch.no_grad():
            x = tmap(torch.zeros_like, cell.draw(1, 1, torch.Generator().manual_seed(0)))
            trace = unroll(cell, x) if x is not None else unroll(cell, steps=1)
    names, main = numbers(trace.nodes[0]), kept_fields(trace)[0][0]
    unit = next((name for name in names if name.startswith(f"{main}[")), names[0]) if unit is None else unit
    if unit not in names:
        raise ValueError(f"There is no number “{unit}” in this state; there are {names[0]} to {names[-1]}.")
    if steps < 1 or not 0 <= row < trace.batch_size or (reach is not None and not reach[0] < reach[1]):
        raise ValueError(f"A cobweb needs at least one step, one of the sequences 0 to {trace.batch_size - 1}, and a "
                         "window whose right end is larger than its left one.")
    there = existing(trace)[row].nonzero().flatten().tolist()
    step = there[-1] if step is None else step
    if step not in there:
        raise ValueError(f"Sequence {row} has steps {there[0]} to {there[-1]}; {step} is not among them.")
    at = names.index(unit)
    here = vector(tmap(lambda v: v[row:row + 1, step], trace.entering))[0][0, at]
    field = frozen_field(trace.cell, *held_at(trace, row, step), [at])
    begun = torch.tensor([[float(here) if start is None else float(start)]], dtype=torch.float64)
    with torch.no_grad():
        path = torch.cat([begun, unroll(_Map(field), state=Place(begun), steps=steps).states.s[0]]).flatten()
        late = unroll(_Map(field), state=Place(path[-1:, None]), steps=SETTLE).states.s[0, :, 0]
    low, high = window(path) if reach is None else (float(reach[0]), float(reach[1]))
    grid = torch.linspace(low, high, GRID, dtype=torch.float64)
    with torch.no_grad():
        image = field(grid[:, None])[:, 0]
    rests = _rests(field, low, high)
    steep = slopes(field, rests[:, None])[1][:, 0, 0] if len(rests) else rests
    return Cobweb(unit, grid, image, path, rests, steep, _period(late),
                  float(torch.where(late.abs() < TINY, 0.0, late)[-1]), len(names) - 1, row, step)


def unit_example(cell: Any, weight: float, bias: float, **options: Any) -> Cobweb:
    """The cobweb of h ← φ(weight · h + bias): an Elman cell of one unit, its input weight 0, the others as given."""
    own = copy.deepcopy(cell).double().requires_grad_(False)
    for p, value in ((own.R, weight), (own.b, bias), (own.W, 0.0)):
        p.fill_(value)
    return cobweb(own, **options)


class _Map(nn.Module):
    """A map of one number, for the unroll."""

    def __init__(self, field: Any) -> None:
        super().__init__()
        self.field = field

    def advance(self, drive: None, state: Place) -> tuple[Tensor, Place, dict[str, Tensor]]:
        """One step."""
        s = self.field(state.s)
        return s, Place(s), {}


def _period(late: Tensor) -> int:
    """What a long path (t,) comes to, as ``Cobweb`` tells it."""
    if not late.isfinite().all():
        return -1
    scale = 1 + float(late.abs().max())
    end = late[-LONGEST:]
    for k in range(1, LONGEST + 1):
        if float((end - late[-LONGEST - k:-k]).abs().max()) < SAME * scale:
            return k
    return 0


def _rests(field: Any, low: float, high: float) -> Tensor:
    """(p,) where F(h) − h changes its sign in a window, by bisection; at most the first twelve."""
    with torch.no_grad():
        fine = torch.linspace(low, high, FINE, dtype=torch.float64)
        gap = field(fine[:, None])[:, 0] - fine
        turn = ((gap[:-1] * gap[1:] < 0) | (gap[:-1] == 0)).nonzero().flatten()[:MOST]
        a, b = fine[turn], fine[turn + 1]
        b = torch.where(gap[turn] == 0, a, b)
        sign = gap[turn].sign()
        for _ in range(BISECTIONS if len(turn) else 0):
            middle = (a + b) / 2
            same = (field(middle[:, None])[:, 0] - middle).sign() == sign
            a, b = torch.where(same, middle, a), torch.where(same, b, middle)
    rests = (a + b) / 2
    return torch.where(rests.abs() < TINY, 0.0, rests)
