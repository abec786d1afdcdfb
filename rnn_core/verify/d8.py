"""D8, fixed points: units and neurons whose rests are solved by hand, and large nets against what runs settle to."""
from __future__ import annotations

import math
from collections.abc import Callable, Iterator

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
