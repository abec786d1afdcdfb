"""D8, fixed points: units and neurons whose rests are solved by hand, and large nets against what runs settle to."""
from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, near, quick, same

LATCH = 2.0


@quick
def pitchfork_of_one_unit() -> Iterator[Finding]:
    """x = tanh(w x): one rest up to w = 1, three beyond, at the roots that bisection finds."""
    for w, published in ((0.5, None), (0.95, None), (1.05, None), (1.5, 0.85856), (2.0, 0.95750)):
        found = rc.fixed_points(_unit(w), searches=64)
        roots = found.points.flatten().sort().values
        yield equal(f"w = {w:g}: fixed points", 1 if w <= 1 else 3, len(roots))
        if w > 1:
            root = _root(lambda v, w=w: math.tanh(w * v) - v, 1e-3, 1.0)
            yield same(f"w = {w:g}: where", roots, torch.tensor([-root, 0.0, root], dtype=torch.float64), 1e-7)
            slope = w * (1 - root**2)
            expected = torch.tensor([slope, w, slope], dtype=torch.float64)
            order = found.points.flatten().argsort()
            yield same(f"w = {w:g}: eigenvalues", found.eigenvalues.real.flatten()[order], expected, 1e-6)
            yield equal(f"w = {w:g}: stable ones", 2, found.kinds.count("stable"))
        if published:
            yield near(f"w = {w:g}: the published root", published, float(roots[-1]), 1e-5)


@quick
def a_latch_flips() -> Iterator[Finding]:
    """h = tanh(2 h + x): the lower rest vanishes at x = √½·2 − artanh √½ = 0.53284, and the run then flips."""
    edge = 2 * math.sqrt(0.5) - math.atanh(math.sqrt(0.5))
    yield near("where the slope of the map is 1", 0.53284, edge, 1e-5)
    cell = _unit(LATCH)
    for x, rests in ((edge - 0.002, 3), (edge + 0.002, 1)):
        found = rc.fixed_points(cell, x=torch.tensor([x], dtype=torch.float64), searches=64)
        yield equal(f"input {x:.4f}: fixed points", rests, [k == "slow" for k in found.kinds].count(False))
        start = type(cell.initial_state(1))(torch.full((1, 1), -0.95750).double())
        final = rc.unroll(cell.double(), torch.full((1, 2000, 1), x).double(), start).final.h
        yield equal(f"input {x:.4f}: a latch that was at −0.9575 ends", "below 0" if rests == 3 else "above 0",
                    "below 0" if float(final) < 0 else "above 0")


@quick
def cusp_of_one_neuron() -> Iterator[Finding]:
    """A continuous-time neuron that excites itself, at its symmetric threshold w/2: three rests beyond w = 4."""
    for w in (3.0, 3.9, 4.1, 6.0):
        cell = rc.make_cell("ctrnn", 1, hidden_size=1).double()
        with torch.no_grad():
            cell.W.zero_()
            cell.R.fill_(w)
            cell.b.fill_(w / 2)
        found = rc.fixed_points(cell, searches=64, spread=2.0)
        roots = found.points.flatten()[[kind != "slow" for kind in found.kinds]].sort().values
        yield equal(f"w = {w:g}: fixed points", 1 if w <= 4 else 3, len(roots))
        expected = [w / 2]
        if w > 4:
            low = _root(lambda y, w=w: w / (1 + math.exp(w / 2 - y)) - y, -1.0, w / 2 - 1e-3)
            expected = [low, w / 2, w - low]
        yield same(f"w = {w:g}: where", roots, torch.tensor(expected, dtype=torch.float64), 1e-5)


@quick
def the_pitchfork_by_its_diagram() -> Iterator[Finding]:
    """x = tanh(w x) over w: rests split at w = 1 and begin to alternate at −1; both roads to the roots agree."""
    found = rc.bifurcation(_unit(1.0), "R[0,0]", torch.linspace(-2.5, 2.5, 51).tolist())
    told = {"pitchfork": 1.0, "flip": -1.0}
    yield equal("changes over w from −2.5 to 2.5", "flip, pitchfork",
                ", ".join(one.what.rpartition("(")[2].removesuffix(")") for one in found.changes))
    for one in found.changes:
        word = one.what.rpartition("(")[2].removesuffix(")")
        yield near(f"where the {word} is", told.get(word, math.nan), one.value, 1e-5)
    for w, published in ((1.5, 0.85856), (2.0, 0.95750)):
        k = int((found.values - w).abs().argmin())
        roots, stable = found.points[found.at == k].flatten().sort(), found.stable[found.at == k]
        yield near(f"w = {w:g}: the published root, on the diagram", published, float(roots.values[-1]), 1e-5)
        yield near(f"w = {w:g}: its mirror image", -published, float(roots.values[0]), 1e-5)
        yield equal(f"w = {w:g}: who is stable, from below", "True False True",
                    " ".join(str(bool(v)) for v in stable[roots.indices]))
    cycles = found.periods[found.values < -1.05].flatten().tolist()
    yield equal("w below −1.05: what runs come to", "cycles of 2 steps",
                "cycles of 2 steps" if set(cycles) == {2} else str(sorted(set(cycles))))


@quick
def the_latch_by_its_diagram() -> Iterator[Finding]:
    """h = tanh(2 h + b) over b: the two folds between which it remembers, at ±(√2 − artanh √½) = ±0.53284."""
    found = rc.bifurcation(_unit(LATCH), "b[0]", torch.linspace(-1, 1, 41).tolist())
    edge = math.sqrt(2) - math.atanh(math.sqrt(0.5))
    yield same("places of the folds", torch.tensor([one.value for one in found.changes]), torch.tensor([-edge, edge]),
               1e-5)
    inside = found.counts[found.values.abs() < edge]
    yield equal("rests between the folds", "3 everywhere", "3 everywhere" if (inside == 3).all() else str(inside))


@quick
def the_cusp_by_its_diagrams() -> Iterator[Finding]:
    """One neuron over its threshold Θ: two folds for w > 4, where w σ′ = 1, and none below; they close as w → 4."""
    for w in (3.0, 3.9, 4.1, 5.0, 6.0):
        cell = rc.make_cell("ctrnn", 1, hidden_size=1).double().requires_grad_(False)
        cell.W.zero_()
        cell.R.fill_(w)
        found = rc.bifurcation(cell, "b[0]", torch.linspace(w / 2 - 1, w / 2 + 1, 81).tolist(), spread=2.0)
        if w < 4:
            yield equal(f"w = {w:g}: changes over Θ", 0, len(found.changes))
            continue
        rates = [(1 + sign * math.sqrt(1 - 4 / w)) / 2 for sign in (1, -1)]
        folds = sorted(w * o - math.log(o / (1 - o)) for o in rates)
        yield same(f"w = {w:g}: folds over Θ", torch.tensor([one.value for one in found.changes]),
                   torch.tensor(folds), 1e-5)


@quick
def the_cascade_of_a_map() -> Iterator[Finding]:
    """The logistic map over r: rests exchange at 1 and flip at 3; then cycles of 2, 4, 8, of 3 at 3.835, and chaos."""
    values = [0.5, 0.8, 1.2, 2.7, 3.2, 3.5, 3.55, 3.7, 3.835]
    found = rc.bifurcation(Logistic(), "r[0]", values, spread=0.05, searches=8)
    places = {one.what.rpartition("(")[2].removesuffix(")"): one.value for one in found.changes}
    yield near("where two rests exchange their stability", 1.0, places.get("transcritical", math.nan), 1e-4)
    yield near("where the first cycle begins", 3.0, places.get("flip", math.nan), 1e-4)
    for r, expected in ((3.2, 2), (3.5, 4), (3.55, 8), (3.7, 0), (3.835, 3)):
        yield equal(f"r = {r:g}: steps of the cycle, 0 for none", expected,
                    int(found.periods[values.index(r)].max()))


@quick
def runs_settle_where_searches_end() -> Iterator[Finding]:
    """Nets of several kinds: a run left alone for long ends on a stable point; all roots are roots; three seeds."""
    for name in ("elman", "gru", "lstm"):
        for seed in (0, 1, 2):
            cell = rc.make_cell(name, 2, hidden_size=6, gain=1.2, seed=seed).double().requires_grad_(False)
            if name == "elman":
                cell.R.copy_((cell.R + cell.R.T) / 2 + 0.8 * torch.eye(6))
            found = rc.fixed_points(cell, searches=32, seed=seed)
            roots = [k for k, kind in enumerate(found.kinds) if kind != "slow"]
            states = _state(cell, found.points[roots])
            again = rc.unroll(cell, torch.zeros(len(roots), 1, 2).double(), states).final
            gap = (_flat(again) - found.points[roots]).norm(dim=1).max()
            yield below(f"{name}, seed {seed}: change of the roots in one step", 1e-8, float(gap))
            stable = [k for k in roots if found.kinds[k] == "stable"]
            yield above(f"{name}, seed {seed}: stable points", 1, len(stable))
            moved = found.points[stable] + 1e-3
            late = _flat(rc.unroll(cell, torch.zeros(len(stable), 3000, 2).double(), _state(cell, moved)).final)
            yield below(f"{name}, seed {seed}: runs from beside a stable point end on it, largest distance",
                        1e-4, float((late - found.points[stable]).norm(dim=1).max()))


class Place(NamedTuple):
    """h (b, 1): where the map stands."""

    h: torch.Tensor


class Logistic(rc.Cell):
    """h ← r h (1 − h), r a weight; it hears nothing."""

    def __init__(self) -> None:
        super().__init__(1, rc.RecurrentSettings(hidden_size=1))
        self.r = torch.nn.Parameter(torch.ones(1, dtype=torch.float64), requires_grad=False)

    def initial_state(self, batch_size: int) -> Place:
        """All one third."""
        return Place(self.zeros(batch_size, 1) + 1 / 3)

    def advance(self, drive: torch.Tensor, state: Place) -> tuple[torch.Tensor, Place, dict[str, torch.Tensor]]:
        """The map, once."""
        h = self.r * state.h * (1 - state.h)
        return h, Place(h), {"h": h}


def _unit(w: float) -> rc.Cell:
    """h ← tanh(w h + x)."""
    cell = rc.make_cell("elman", 1, hidden_size=1).double()
    with torch.no_grad():
        cell.R.fill_(w)
        cell.W.fill_(1.0)
    return cell.requires_grad_(False)


def _root(f: Callable[[float], float], low: float, high: float) -> float:
    """Where f changes its sign, by bisection."""
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if f(low) * f(middle) > 0 else (low, middle)
    return (low + high) / 2


def _flat(state: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """The fields of a state side by side."""
    return torch.cat(list(state), 1)


def _state(cell: rc.Cell, points: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The state whose fields stand side by side in ``points``."""
    like = cell.initial_state(1)
    return type(like)(*points.split([v.shape[1] for v in like], 1))
