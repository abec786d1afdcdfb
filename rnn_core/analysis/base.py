"""What analyses share: one cell at many values of one of its numbers, and its rests at all of them, in one batch."""
from __future__ import annotations

import re
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call, vjp, vmap

from rnn_core.analysis.fixed_points import ONE, REST, polished
from rnn_core.records.trees import tmap, vector

GAIN, ROOM, SINGULAR, NUDGE = "gain", 2**24, 1e-6, 1e-6
REACH = torch.logspace(-2.5, 0.5, 13, dtype=torch.float64)


def weights_of(cell: nn.Module) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """All weights of a cell by their names, and those by which its state comes back to it, which a gain scales."""
    known = {n: v.detach() for n, v in (*cell.named_parameters(), *cell.named_buffers()) if v.is_floating_point()}
    recurrent = {n: v for n, v in known.items() if n.rsplit(".", 1)[-1][0] in "RUu"}
    return known, recurrent or {n: v for n, v in known.items() if v.dim() == 2 and v.shape[0] == v.shape[1] > 1}


class Swept(NamedTuple):
    """The number that is swept: ``tensors`` by name are multiplied by it, or have it at ``index``; it is ``now``."""

    name: str
    tensors: dict[str, Tensor]
    index: tuple[int, ...] | None
    now: float

    @classmethod
    def of(cls, cell: nn.Module, sweep: str | None) -> Swept:
        """What a name stands for in this cell."""
        known, recurrent = weights_of(cell)
        if sweep == GAIN or (sweep is None and recurrent):
            if not recurrent:
                raise ValueError(f"A {cell.card.title} has no recurrent weights that a gain could scale.")
            return cls(GAIN, recurrent, None, 1.0)
        if sweep is None:
            name, first = next(((n, v) for n, v in known.items() if v.numel()), (None, None))
            if name is None:
                raise ValueError(f"A {cell.card.title} has no weight to sweep.")
            sweep = f"{name}[{','.join('0' * first.dim())}]"
        name, index = _parsed(sweep, known)
        return cls(sweep, {name: known[name]}, index, float(known[name][index]))

    def changed(self, values: Tensor) -> dict[str, Tensor]:
        """The tensors (k, …) at values (k,)."""
        many = {n: v.expand(len(values), *v.shape).clone() for n, v in self.tensors.items()}
        for v in many.values():
            if self.index is None:
                v.mul_(values.view(-1, *[1] * (v.dim() - 1)))
            else:
                v[(slice(None), *self.index)] = values
        return many


def _parsed(sweep: str, known: dict[str, Tensor]) -> tuple[str, tuple[int, ...]]:
    """Name and index of a word such as R[0,0]."""
    found = re.fullmatch(r"([\w.]+)\[(\d+(?:,\d+)*)\]", sweep.replace(" ", ""))
    if found is None or found[1] not in known:
        raise ValueError(f"“{sweep}” is no number of this cell: say gain, or an entry such as R[0,0] of one of "
                         f"{', '.join(known) or 'no weights'}.")
    index, shape = tuple(int(k) for k in found[2].split(",")), known[found[1]].shape
    if len(index) != len(shape) or any(k >= size for k, size in zip(index, shape)):
        raise ValueError(f"{found[1]} has the shape {' × '.join(map(str, shape))}, so “{sweep}” is not in it.")
    return found[1], index


class Place(NamedTuple):
    """s (p, s): states of many models."""

    s: Tensor


class Models(nn.Module):
    """One step of a cell at many values of the swept number; ``of`` (p,) tells the value of each state's model.

    ``held`` is a state of one row, whose integers stay as they are, and the input of one step.
    """

    def __init__(self, cell: nn.Module, swept: Swept, of: Tensor, held: tuple[Any, Any]) -> None:
        super().__init__()
        self.cell, self.swept, self.held = cell, swept, held
        self.values, self.of, count = of.unique(return_inverse=True, return_counts=True)
        order = self.of.argsort(stable=True)
        self.place = torch.empty_like(order)
        self.place[order] = torch.arange(len(order)) - (count.cumsum(0) - count)[self.of[order]]
        self.wide, self.weights = int(count.max()) if len(count) else 0, swept.changed(self.values)

    def with_values(self, of: Tensor) -> Models:
        """The same for states of models with other values (p,)."""
        return Models(self.cell, self.swept, of, self.held)

    def on(self, at: Tensor) -> Models:
        """The same for states at the ``at``-th (p,) of the values."""
        return self.with_values(self.values[at])

    def at(self, rows: Tensor) -> Models:
        """The same for some of the states."""
        return self.with_values(self.values[self.of[rows]])

    def _spread(self, s: Tensor) -> Tensor:
        """States (p, s) by their models, (k, m, s), zeros where a model has fewer."""
        wide = s.new_zeros(len(self.values), self.wide, s.shape[1])
        return wide.index_put((self.of, self.place), s)

    def _step(self, weights: dict[str, Tensor], s: Tensor) -> Tensor:
        """F (m, s) of one model."""
        state, x = (tmap(lambda v: v.expand(len(s), *v.shape[1:]), tree) for tree in self.held)
        named = {f"cell.{n}": v for n, v in weights.items()}
        return vector(functional_call(_Step(self.cell), named, (x, vector(state)[1](s))))[0]

    def after(self, s: Tensor) -> Tensor:
        """F (p, s)."""
        return vmap(self._step)(self.weights, self._spread(s))[self.of, self.place] if len(s) else s

    def slopes(self, s: Tensor) -> tuple[Tensor, Tensor]:
        """F (p, s) and ∂F/∂s (p, s, s)."""
        if len(s) * s.shape[1]**2 > ROOM and len(s) > 1:
            halves = [self.at(rows).slopes(s[rows]) for rows in torch.arange(len(s)).chunk(2)]
            return torch.cat([h[0] for h in halves]), torch.cat([h[1] for h in halves])
        if not len(s):
            return s, s.new_zeros(0, s.shape[1], s.shape[1])

        def both(weights: dict[str, Tensor], one: Tensor) -> tuple[Tensor, Tensor]:
            after, pull = vjp(lambda v: self._step(weights, v), one)
            unit = torch.eye(one.shape[1], dtype=one.dtype).unsqueeze(1).expand(-1, len(one), -1)
            return after, vmap(lambda v: pull(v)[0])(unit).transpose(0, 1)

        after, A = vmap(both)(self.weights, self._spread(s.detach()))
        return after[self.of, self.place].detach(), A[self.of, self.place].detach()

    def advance(self, drive: None, state: Place) -> tuple[Tensor, Place, dict[str, Tensor]]:
        """One step of all, for the unroll."""
        s = self.after(state.s)
        return s, Place(s), {}


class _Step(nn.Module):
    """A cell's step as a module that can be called with other weights."""

    def __init__(self, cell: nn.Module) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Any, state: Any) -> Any:
        """The next state."""
        return self.cell.step(x, state)[1]


class Rests(NamedTuple):
    """Rests s (p, s) at values that ``at`` (p,) counts; eigenvalues (p, s), the largest first; ``soft`` (p, s) is the
    direction in which a rest is pushed back least."""

    at: Tensor
    s: Tensor
    eigenvalues: Tensor
    soft: Tensor

    @property
    def escapes(self) -> Tensor:
        """(p,) in how many directions the state leaves."""
        return (self.eigenvalues.abs() >= 1).sum(1)

    @property
    def alone(self) -> Tensor:
        """(p,) whether a rest is an isolated point, and not one of many that lie side by side."""
        return (self.eigenvalues - 1).abs().amin(1) > SINGULAR

    @property
    def clear(self) -> Tensor:
        """(p,) whether no eigenvalue is so near to the circle that rounding may decide on which side it is."""
        return (self.eigenvalues.abs() - 1).abs().amin(1) > SINGULAR

    def take(self, which: Tensor) -> Rests:
        """Some of them."""
        return Rests(*(v[which] for v in self))

    def of(self, k: int) -> Rests:
        """Those at the k-th value."""
        return self.take(self.at == k)

    def join(self, more: Rests) -> Rests:
        """Both, each once, these first."""
        both = Rests(*(torch.cat(pair) for pair in zip(self, more)))
        return both.take(distinct(both.at, both.s))


def all_rests(models: Models, at: Tensor, s: Tensor, most: int) -> Rests:
    """What searches from s (p, s) find, continued along the sweep and round its folds, while they are not too many.

    ``at`` (p,) counts the values. Far outside of where searches start, a rest must be an isolated point: gates that are
    shut hold on to any state there, up to rounding.
    """
    count, low, high = len(models.values), s.amin(0), s.amax(0)
    room = (2 * low - high - 1, 2 * high - low + 1)
    rests = found(models, at, s, room)
    new = torch.ones(len(rests.s), dtype=torch.bool)
    while new.any() and len(rests.s) < most * count:
        known, soft = len(rests.s), rests.take(new & rests.alone)
        here, beside = soft.at.repeat(2), torch.cat([soft.at - 1, soft.at + 1])
        inside = (beside >= 0) & (beside < count)
        here, beside = here[inside], beside[inside]
        start = ahead(models, soft.s.repeat(2, 1)[inside], models.values[here], models.values[beside])
        rests = rests.join(found(models, beside, start, room))
        if len(rests.s) == known:
            rests = rests.join(_round_folds(models, rests, room))
        new = torch.arange(len(rests.s)) >= known
    return rests.take(rests.at.argsort(stable=True))


def _round_folds(models: Models, rests: Rests, room: tuple[Tensor, Tensor]) -> Rests:
    """Partners of rests that end between two values: another lies across the softest direction."""
    count = len(models.values)
    ends = torch.zeros(len(rests.s), dtype=torch.bool)
    for way in (-1, 1):
        which = linked(models, rests, rests, rests.at + way)
        ends |= (which < 0) & (rests.at + way >= 0) & (rests.at + way < count)
    last = rests.take(ends & rests.alone)
    across = torch.cat([-REACH, REACH]).view(-1, 1, 1) * last.soft
    return found(models, last.at.repeat(len(across)), (last.s + across).flatten(0, 1), room)


def found(models: Models, at: Tensor, s: Tensor, room: tuple[Tensor, Tensor]) -> Rests:
    """The rests at which Newton's method from s (p, s) ends, each once; outside of a box isolated ones alone."""
    rests = judged(models, at, *ended(models, at, s))
    return rests.take(rests.alone | ((rests.s >= room[0]) & (rests.s <= room[1])).all(1))


def ended(models: Models, at: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
    """Where Newton's method ends (p, s), and whether that is a rest (p,)."""
    if not len(s):
        return s, torch.zeros(0, dtype=torch.bool)
    field = models.on(at)
    s = polished(field, s.clone())
    return s, ((field.after(s) - s).norm(dim=1) < REST) & s.isfinite().all(1)


def ahead(models: Models, s: Tensor, here: Tensor, there: Tensor) -> Tensor:
    """Where rests s (p, s) at values ``here`` (p,) should be at ``there`` (p,), by their slope −(A − 1)⁻¹ ∂F/∂w.

    A rest whose slope leads far away, as beside a fold, is left where it is.
    """
    after, A = models.with_values(here).slopes(s)
    small = NUDGE * (1 + here.abs())
    push = (models.with_values(here + small).after(s) - after) / small.unsqueeze(1)
    move, info = torch.linalg.solve_ex(A.nan_to_num(0.0, 0.0, 0.0) - torch.eye(s.shape[1], dtype=s.dtype), -push)
    move = move * (there - here).unsqueeze(1)
    sound = (info == 0) & (move.abs().amax(1) <= 1 + s.abs().amax(1))
    return torch.where(sound.unsqueeze(1), s + move, s)


def judged(models: Models, at: Tensor, s: Tensor, rest: Tensor, apart: float = ONE) -> Rests:
    """Of ends s (p, s) those that rest, each once, with their eigenvalues."""
    at, s = at[rest], s[rest]
    first = distinct(at, s, apart)
    at, s = at[first], s[first]
    A = models.on(at).slopes(s)[1].nan_to_num(0.0, 0.0, 0.0)
    values = torch.linalg.eigvals(A)
    soft = torch.linalg.svd(A - torch.eye(A.shape[1], dtype=A.dtype)).Vh[:, -1] if len(s) else s
    return Rests(at, s, values.gather(1, values.abs().argsort(1, descending=True)), soft)


def distinct(at: Tensor, s: Tensor, apart: float = ONE) -> Tensor:
    """(p,) whether an end is the first of its point and model."""
    keep = torch.ones(len(s), dtype=torch.bool)
    for group in at.argsort(stable=True).split(torch.bincount(at).tolist()) if len(at) else ():
        gap = torch.cdist(s[group], s[group], p=torch.inf) < apart * (1 + s[group].abs().amax(1, keepdim=True))
        keep[group] = ~gap.tril(-1).any(1)
    return keep


def linked(models: Models, rests: Rests, others: Rests, at: Tensor) -> Tensor:
    """Which of ``others`` each rest becomes at the ``at``-th (p,) of the values; −1 where it is none."""
    inside = (at >= 0) & (at < len(models.values))
    which = torch.full_like(at, -1)
    start = ahead(models, rests.s[inside], models.values[rests.at[inside]], models.values[at[inside]])
    s, rest = ended(models, at[inside], start)
    which[inside] = matched(rests.s[inside], at[inside], s, rest, others)
    return which


def onward(models: Models, rests: Rests) -> Tensor:
    """Which rest each becomes at the next value, followed upward and, where that fails, downward; −1 for none."""
    then, back = (linked(models, rests, rests, rests.at + way) for way in (1, -1))
    taken = set(then.tolist())
    for j, i in enumerate(back.tolist()):
        if i >= 0 and then[i] < 0 and j not in taken:
            then[i] = j
    return then


def matched(start: Tensor, at: Tensor, s: Tensor, rest: Tensor, others: Rests, apart: float = ONE) -> Tensor:
    """Which of ``others`` an end s (p, s) is; of several that come to the same, the one with the nearest ``start``."""
    which = torch.full_like(at, -1)
    for k in at.unique().tolist():
        mine, there = (at == k).nonzero().flatten(), (others.at == k).nonzero().flatten()
        if len(there):
            gap, nearest = torch.cdist(s[mine].nan_to_num(), others.s[there], p=torch.inf).min(1)
            same = rest[mine] & (gap < 2 * apart * (1 + s[mine].abs().amax(1)))
            which[mine] = torch.where(same, there[nearest], -1)
    far, first = (start - others.s[which]).norm(dim=1) if len(others.s) else start.new_zeros(len(start)), set()
    for i in far.argsort().tolist():
        which[i] = -1 if int(which[i]) in first else which[i]
        first.add(int(which[i]))
    return which

