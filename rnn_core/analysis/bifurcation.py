"""Which rests and cycles does a network have as one of its numbers changes, and where do they appear and vanish?

    F_w(s) = s            rests under an input that is held, for every value w of one weight, or of the gain
    R ← g R               the gain g is a factor on all recurrent weights; 1 is the network in hand
    |λ(∂F_w/∂s)| = 1      where stability changes: λ = 1 rests appear, vanish or split, λ = −1 they begin to alternate,
                          λ = e^{±iθ} they begin to turn

All values and all starts run in one batch. Runs show what attracts: a rest, a cycle, or neither. Newton's method from
the runs' ends, from slow places and from each other's neighbours along the sweep shows the unstable rests too. Where
their number or stability changes between two neighbouring values, the place is found by halving the interval.
Strogatz, *Nonlinear dynamics and chaos*, 1994.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.base import (
    GAIN,
    Models,
    Place,
    Rests,
    Swept,
    ahead,
    all_rests,
    ended,
    judged,
    linked,
    matched,
    onward,
    weights_of,
)
from rnn_core.analysis.fixed_points import Field, beginnings, descended
from rnn_core.analysis.state_space import main_axes
from rnn_core.records import Card, Result, Trace
from rnn_core.records.trees import numbers
from rnn_core.unroll import unroll

CARD = Card(title="Bifurcation", row="D8", year=1994,
            reference="Strogatz, Nonlinear dynamics and chaos, 1994",
            summary="Rests and cycles over one weight or the gain, stable and unstable, and where they change.",
            equations={"F": "F_w(s) = s", "λ": "|λ(∂F_w/∂s)| = 1"}, symbols={"F": "hidden", "λ": "hidden"})
VALUES, TOLD = 60, 4
SETTLE, KEPT, LONGEST, PIECE = 500, 64, 16, 100
DESCENT, HALVINGS, MEASURED, MOST, WORK = 60, 17, 12, 32, 2**30
SAME, FINE, VISIBLE = 1e-6, 1e-7, 1e-3


class Change(NamedTuple):
    """What happens at ``value``, known up to ``within``, as the number rises, and the eigenvalue nearest the circle."""

    value: float
    within: float
    what: str
    eigenvalue: complex


@dataclass(frozen=True, eq=False)
class Bifurcation(Result):
    """Rests ``points`` (p, s) at the ``values`` (k,), counted by ``at`` (p,), of the number ``name``, ``now`` in hand.

    ``eigenvalues`` (p, s) complex are those of ∂F/∂s, the largest first. ``branch`` (p,) numbers the curve that a rest
    lies on. ``height`` (p,) is what a picture shows of it: the number of the state, or the main axis, that ``shown``
    names. ``periods`` (k, r) tell of each run where it ended: 1 at rest, up to 16 in a cycle, 0 never the same, −1
    still on its way, −2 beyond the finite numbers; ``orbits`` (k, r, t) are heights of its last steps. ``changes`` are
    the places where rests appear, vanish or change, ``unmeasured`` more of them are known only by their interval.
    """

    name: str
    values: Tensor
    now: float
    at: Tensor
    points: Tensor
    eigenvalues: Tensor
    branch: Tensor
    height: Tensor
    shown: str
    orbits: Tensor
    periods: Tensor
    changes: tuple[Change, ...]
    unmeasured: int

    @property
    def stable(self) -> Tensor:
        """(p,) whether a run stays at the rest."""
        return (self.eigenvalues.abs() < 1).all(1)

    @property
    def counts(self) -> Tensor:
        """(k,) how many rests were found at each value."""
        return torch.bincount(self.at, minlength=len(self.values))

    def frame(self) -> pd.DataFrame:
        """One row a change, then one a rest, then one a run that turns; one that says so where there is nothing."""
        stable = ["stable rest" if one else "unstable rest" for one in self.stable.tolist()]
        rows = [(one.value, one.what, math.nan, abs(one.eigenvalue)) for one in self.changes]
        rows += zip(self.values[self.at].tolist(), stable, self.height.tolist(),
                    self.eigenvalues.abs()[:, 0].tolist() if len(self.at) else [])
        rows += [(float(self.values[k]), cycle(self.periods[k, r]), float(self.orbits[k, r, -1]), math.nan)
                 for k, r in self.turning.nonzero().tolist()]
        rows = rows or [(float(value), "nothing found", math.nan, math.nan) for value in self.values]
        return pd.DataFrame(rows, columns=[self.name, "what", self.shown, "|eigenvalue|"])

    @property
    def turning(self) -> Tensor:
        """(k, r) runs that go on for ever: in a cycle, or never the same."""
        return (self.periods == 0) | (self.periods > 1)

    @property
    def says(self) -> str:
        span = f"{self.name} from {float(self.values[0]):.4g} to {float(self.values[-1]):.4g}"
        few, many = int(self.counts.min()), int(self.counts.max())
        told = [f"with {span} there {'is' if many == 1 else 'are'} {few if few == many else f'{few} to {many}'} "
                f"rest{'s' * (many != 1)}"]
        told += [f"at {one.value:.5g} {one.what}" for one in self.changes[:TOLD]]
        more = self.unmeasured + max(len(self.changes) - TOLD, 0)
        told += [f"{more} more change{'s' * (more > 1)} follow{'s' * (more == 1)}"] if more else []
        if self.turning.any():
            kinds = sorted({cycle(p) for p in self.periods[self.turning].tolist()})
            where = self.values[self.turning.any(1)]
            told.append(f"from {float(where[0]):.4g} to {float(where[-1]):.4g} some runs never rest: "
                        f"{', '.join(kinds)}")
        if (self.periods == -2).any():
            told.append("some runs leave the finite numbers")
        return "; ".join(told) + "."

    @property
    def says_not(self) -> str:
        return ("that no other rests or cycles exist: an unstable one is found only where a search happens to end, a "
                "stable one where a run happens to go; nor that two branches meet because their lines cross here.")


def cycle(period: int | Tensor) -> str:
    """What a run does that never rests, in words."""
    return f"cycle of {int(period)} steps" if period > 1 else "never the same"


def entries(cell: Any) -> dict[str, tuple[int, ...]]:
    """What can be swept: "gain" where there are recurrent weights, and the shape of each weight by its name."""
    known, recurrent = weights_of(cell)
    return ({GAIN: ()} if recurrent else {}) | {name: tuple(v.shape) for name, v in known.items() if v.numel()}


def bifurcation(trace: Any, sweep: str | None = None, values: Sequence[float] | None = None, *, x: Any = None,
                unit: str | None = None, searches: int = 16, spread: float = 0.5, seed: int = 0) -> Bifurcation:
    """Rests and cycles of the cell of a trace, or of a cell, under the held input ``x`` of one step, by default zeros.

    ``sweep`` is "gain" or one entry of a named weight, such as ``R[0,0]``; by default the gain where there are
    recurrent weights. ``values`` are at least three rising numbers, by default 0 to 2 for the gain and 2 to either side
    of what a weight is. ``searches`` starts a value are drawn with ``seed`` as for ``fixed_points``. ``unit``, such as
    ``h[0]``, is what the picture shows, by default the direction in which the rests vary most. Raises ValueError, in
    one sentence, for a number that is not there, values that do not rise, and more work than a visitor can wait for.
    """
    if searches < 1 or spread < 0:
        raise ValueError("A search needs at least one start, and no negative spread.")
    given, generator = isinstance(trace, Trace), torch.Generator().manual_seed(seed)
    names = numbers((trace.cell if given else trace).initial_state(1))
    if unit is not None and unit not in names:
        raise ValueError(f"There is no number “{unit}” in this state; there are {names[0]} to {names[-1]}.")
    swept = Swept.of(trace.cell if given else trace, sweep)
    line = _line(swept, values, len(names))
    if (work := len(line) * searches * len(names)**3) > WORK:
        raise ValueError(f"{len(line)} values with {searches} searches each, in a state of {len(names)} numbers, are "
                         f"{work / WORK:.1f} times too much to solve: choose fewer values, searches or units.")
    cell, _, start = beginnings(trace, searches, spread, generator)
    models = Models(cell, Swept.of(cell, sweep), line, Field(cell, trace if given else None, x, generator).held)
    begun = start.repeat(len(line), 1)                                                                   # (k·r, s)
    at = torch.arange(len(line)).repeat_interleave(searches)
    tail = _settled(models.on(at), begun)                                                             # (t, k·r, s)
    rests = all_rests(models, *_starts(models, at, torch.stack([tail[-1], begun])), MOST)
    direction, centre, shown = _view(rests.s, tail, names, unit)
    then = onward(models, rests)
    changes, unmeasured = _changes(models, rests, then)
    return Bifurcation(swept.name, line, swept.now, rests.at, rests.s, rests.eigenvalues, _branches(rests, then),
                       (rests.s - centre) @ direction, shown,
                       ((tail - centre) @ direction).unflatten(1, (len(line), -1)).permute(1, 2, 0),
                       _periods(tail).view(len(line), -1), changes, unmeasured)


def _line(swept: Swept, values: Sequence[float] | None, size: int) -> Tensor:
    """The values (k,) of the sweep; fewer by default where the state is large."""
    if values is None:
        low, high = (0.0, 2.0) if swept.index is None else (swept.now - 2, swept.now + 2)
        return torch.linspace(low, high, max(5, min(VALUES, WORK // (16 * size**3))), dtype=torch.float64)
    line = torch.tensor([float(v) for v in values], dtype=torch.float64)
    if len(line) < 3 or not line.isfinite().all() or not (line.diff() > 0).all():
        raise ValueError("A sweep needs at least three finite values, each larger than the one before.")
    return line


def _settled(models: Models, s: Tensor) -> Tensor:
    """The last states (t, p, s) of runs that are left alone for long."""
    with torch.no_grad():
        for done in range(0, SETTLE, PIECE):
            s = unroll(models, state=Place(s), steps=min(PIECE, SETTLE - done)).final.s
        return unroll(models, state=Place(s), steps=KEPT).states.s.transpose(0, 1)


def _periods(tail: Tensor) -> Tensor:
    """(p,) where runs ended, from their last states (t, p, s), as ``Bifurcation`` tells it."""
    scale = 1 + tail.abs().amax((0, 2))
    late = tail[len(tail) // 2:]
    moves = [(late - tail[len(tail) // 2 - k:len(tail) - k]).abs().amax((0, 2)) / scale for k in range(1, LONGEST + 1)]
    near, moving = torch.stack(moves, 1), moves[0]                                                       # (p, k)
    same = near < SAME
    first = same.long().argmax(1) + 1
    restless = (moving > 10 * VISIBLE) & (near.amin(1) > 2 * VISIBLE * moving)
    period = torch.where(same.any(1), torch.where((first > 1) & (moving < VISIBLE), -1, first),
                         torch.where(restless, 0, -1))
    return period.masked_fill(~tail.isfinite().all(2).all(0), -2)


def _starts(models: Models, at: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
    """Where searches start, at values ``at`` (p,): at s (2, p, s), and where the second of them are led downhill."""
    s = torch.cat([*s, descended(models.on(at), s[1], DESCENT)])
    sound = s.isfinite().all(1)
    return at.repeat(3)[sound], s[sound]


def _branches(rests: Rests, then: Tensor) -> Tensor:
    """(p,) numbers of curves: a rest lies on that of the rest that becomes it, ``then`` (p,)."""
    branch, count = torch.full_like(rests.at, -1), 0
    before = {k: i for i, k in enumerate(then.tolist()) if k >= 0}
    for k in range(len(branch)):
        if k in before:
            branch[k] = branch[before[k]]
        else:
            branch[k], count = count, count + 1
    return branch


class _Interval(NamedTuple):
    """Two values between which something changes, the rests at both, and what it is."""

    low: float
    high: float
    below: Rests
    above: Rests
    what: Callable[[complex], str]


def _changes(models: Models, rests: Rests, then: Tensor) -> tuple[tuple[Change, ...], int]:
    """The changes between neighbouring values at which no eigenvalue is just on the circle, and how many more."""
    if len(rests.s) >= MOST * len(models.values):
        return (), 0
    sound = [k for k in range(len(models.values)) if bool(rests.clear[rests.at == k].all())]
    values, intervals = models.values.tolist(), []
    for k, j in zip(sound, sound[1:]):
        low, high = rests.of(k), rests.of(j)
        links = then[rests.at == k] if j == k + 1 else linked(models, low, rests, torch.full_like(low.at, j))
        if j - k <= 2 and not _same(low, rests, links, len(high.s)):
            said = partial(_told, low.escapes.tolist(), rests.escapes[links].masked_fill(links < 0, -1).tolist(),
                           high.escapes.tolist())
            intervals.append(_Interval(values[k], values[j], low, high, said))
    return tuple(_measured(models, intervals[:MEASURED])), max(len(intervals) - MEASURED, 0)


def _same(low: Rests, others: Rests, which: Tensor, count: int) -> bool:
    """Whether the rests below go on to the ``count`` rests above, one to one, and stay what they are."""
    return (len(low.s) == count and bool((which >= 0).all())
            and bool((low.escapes == others.escapes[which]).all()))


def _measured(models: Models, intervals: list[_Interval]) -> list[Change]:
    """The places of changes, by halving all intervals at once."""
    for _ in range(HALVINGS if intervals else 0):
        middle = torch.tensor([(one.low + one.high) / 2 for one in intervals], dtype=models.values.dtype)
        halfway = models.with_values(middle)
        sizes = [len(one.below.s) for one in intervals]
        below = torch.arange(len(intervals)).repeat_interleave(torch.tensor(sizes))
        above = torch.arange(len(intervals)).repeat_interleave(torch.tensor([len(one.above.s) for one in intervals]))
        at, s = torch.cat([below, above]), torch.cat([*(one.below.s for one in intervals),
                                                      *(one.above.s for one in intervals)])
        ends = torch.tensor([[one.low, one.high] for one in intervals], dtype=middle.dtype)
        start = ahead(models, s, torch.cat([ends[below, 0], ends[above, 1]]), middle[at])
        s, rest = ended(halfway, at, start)
        here, own = judged(halfway, at, s, rest, FINE), slice(len(below))
        links = matched(start[own], below, s[own], rest[own], here, FINE).split(sizes)
        for m, (one, which) in enumerate(zip(intervals, links)):
            rests, value = here.of(m), float(middle[m])
            same = _same(one.below, here, which, len(rests.s))
            intervals[m] = one._replace(low=value, below=rests) if same else one._replace(high=value, above=rests)
    return [Change((one.low + one.high) / 2, (one.high - one.low) / 2, one.what(value), value)
            for one in intervals for value in [_critical(one.below, one.above)]]


def _critical(below: Rests, above: Rests) -> complex:
    """The eigenvalue that is nearest to the unit circle on either side of a change."""
    values = torch.cat([below.eigenvalues.flatten(), above.eigenvalues.flatten()])
    return complex(values[(values.abs() - 1).abs().argmin()]) if len(values) else complex("nan")


def _told(before: list[int], after: list[int], above: list[int], value: complex) -> str:
    """A change in words: in how many directions rests were left before, the same ones after it, −1 where one ends, and
    all that are there then."""
    more = len(above) - len(before)
    moved = [(a, b) for a, b in zip(before, after) if b >= 0 and a != b]
    if abs(more) == 2 and moved:
        return "one rest splits into three (pitchfork)" if more > 0 else "three rests join into one (pitchfork)"
    if more % 2:
        return f"the search finds {abs(more)} rest{'s' * (abs(more) > 1)} {'more' if more > 0 else 'less'}"
    if more:
        return f"{abs(more)} rests {'appear' if more > 0 else 'vanish'}{' (fold)' * (abs(more) == 2)}"
    if sorted(before) == sorted(above):
        return "two rests exchange their stability (transcritical)"
    way = " and states turn about it (Neimark–Sacker)" if abs(value.imag) > SAME else \
        " and states alternate about it (flip)" if value.real < 0 else ""
    a, b = moved[0] if moved else (0, 0)
    if min(a, b) == 0:
        return f"a rest {'loses its stability' if b else 'becomes stable'}{way}"
    return f"an unstable rest is left in {b} directions instead of {a}{way}"


def _view(points: Tensor, tail: Tensor, names: list[str], unit: str | None) -> tuple[Tensor, Tensor, str]:
    """Direction (s,) and centre (s,) of what a picture shows, and its name."""
    if unit is None and len(names) > 1:
        seen = torch.cat([points, tail[-1]])
        centre, axes, _ = main_axes(seen[seen.isfinite().all(1)], 1)
        return axes[0], centre, "main axis"
    k = names.index(unit or names[0])
    return torch.eye(len(names), dtype=points.dtype)[k], points.new_zeros(len(names)), names[k]
