"""Where do two units come to rest? The change of their state over a plane, its zero lines and its fixed points.

    F(a, b) = what one step makes of units a and b,   nullclines: F_a = a and F_b = b,   fixed points: both

All other numbers of the state, and the input, are frozen: at what they are at one step of one sequence, at their means,
or at a fixed point of the whole network under an input of zeros. Where the state
is two numbers, as in a continuous-time network of two neurons, nothing is frozen but the input, and the picture is the
whole truth. Fixed points are found by Newton's method from many points of the grid; they are stable where both
eigenvalues of ∂F/∂(a, b) are smaller than 1 in size. Beer 1995.
"""
from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.fixed_points import fixed_points
from rnn_core.analysis.memory_span import existing, kept_fields
from rnn_core.records import Card, Result, Trace
from rnn_core.records.trees import numbers, tmap, vector

CARD = Card(title="Nullclines", row="A11", year=1995,
            reference="Beer, On the dynamics of small continuous-time recurrent neural networks, 1995",
            summary="The plane of two units: where each stands still, where both do, and whether they stay there.",
            equations={"F": "F(a, b) = (a, b)"}, symbols={"F": "hidden"})
FROZEN = {"step": "step {step} of sequence {row}", "mean": "their means over all steps",
          "rest": "a fixed point under an input of zeros"}
GRID, STARTS, ROUNDS, REST, MOST = 41, 9, 50, 1e-9, 12

Field = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Nullclines(Result):
    """``a`` (g,) and ``b`` (g,) span the plane of the units ``names``; ``change`` (g, g, 2) is F − (a, b) at [b, a].

    ``points`` (p, 2) are the fixed points in the plane, ``eigenvalues`` (p, 2) complex those of ∂F/∂(a, b) there, the
    larger first. ``path`` (t, 2) is where sequence ``row`` really went; ``frozen`` numbers stood still where ``place``
    says.
    """

    names: tuple[str, str]
    a: Tensor
    b: Tensor
    change: Tensor
    points: Tensor
    eigenvalues: Tensor
    path: Tensor
    row: int
    frozen: int
    place: str

    @property
    def kinds(self) -> tuple[str, ...]:
        """"stable", "saddle" or "unstable" for each fixed point."""
        inside = (self.eigenvalues.abs() < 1).sum(1).tolist()
        return tuple(("unstable", "saddle", "stable")[k] for k in inside)

    def frame(self) -> pd.DataFrame:
        """One row a fixed point, then one a step of the path."""
        told = [*self.kinds, *[""] * len(self.path)]
        place = torch.cat([self.points, self.path])
        size = torch.cat([self.eigenvalues.abs()[:, 0], torch.full((len(self.path),), torch.nan).double()])
        what = ["fixed point"] * len(self.points) + [f"t = {t}" for t in range(len(self.path))]
        return pd.DataFrame({"what": what, self.names[0]: place[:, 0], self.names[1]: place[:, 1], "kind": told,
                             "largest |eigenvalue|": size})

    @property
    def says(self) -> str:
        where = f"in the plane of {self.names[0]} and {self.names[1]}"
        if not self.change.isfinite().all():
            return f"{where} there is nothing to draw: the network has left the finite numbers."
        if not len(self.points):
            return f"{where} no fixed point was found in this window."
        kinds = ", ".join(f"{self.kinds.count(k)} {k}" for k in ("stable", "saddle", "unstable") if k in self.kinds)
        count = len(self.points)
        more = "at least " if count == MOST else ""
        return f"{where} there {'is' if count == 1 else 'are'} {more}{count} fixed point{'s' * (count != 1)}: {kinds}."

    @property
    def says_not(self) -> str:
        if not self.frozen:
            return "that these are all resting states: another input moves the lines, and there may be more elsewhere."
        return (f"that the network rests there: {self.frozen} other numbers of its state were frozen at {self.place}, "
                "and in truth they move too.")


def nullclines(trace: Trace, units: Sequence[str] | None = None, *, freeze: str = "step", row: int = 0,
               step: int | None = None, reach: Sequence[float] | None = None) -> Nullclines:
    """The plane of two ``units``, such as ("y[0]", "y[1]"), with all else as it enters ``step`` of sequence ``row``.

    By default the first two units of what the card calls the cell, at the last step. ``freeze`` may instead hold all
    else, the input too, at its "mean" over all steps, or at a "rest", the first fixed point that is found under an
    input of zeros. ``reach`` (low, high) of both axes is by default a little more than where the sequences went. Raises
    ValueError, in one sentence, for units, a row, a step or a rest that are not there.
    """
    if freeze not in FROZEN:
        raise ValueError(f"All else is frozen at a {', a '.join(FROZEN)}, not at “{freeze}”.")
    names = numbers(trace.nodes[0])
    chosen = _chosen(trace, names, units)
    if not 0 <= row < trace.batch_size:
        raise ValueError(f"There are sequences 0 to {trace.batch_size - 1}; {row} is not among them.")
    there = existing(trace)[row].nonzero().flatten().tolist()
    step = there[-1] if step is None else step
    if step not in there:
        raise ValueError(f"Sequence {row} has steps {there[0]} to {there[-1]}; {step} is not among them.")
    at = [names.index(name) for name in chosen]
    moved = vector(tmap(lambda v: v.flatten(0, 1), trace.states))[0][:, at].detach().cpu().double()      # (b·t, 2)
    known = moved[existing(trace).flatten().cpu()]
    held = {"step": lambda: held_at(trace, row, step), "mean": lambda: _mean(trace), "rest": lambda: _rest(trace)}
    field = frozen_field(trace.cell, *held[freeze](), at)
    place = FROZEN[freeze].format(step=step, row=row)
    spans = [window(known[:, k]) if reach is None else (float(reach[0]), float(reach[1])) for k in range(2)]
    a, b = (torch.linspace(*span, GRID, dtype=torch.float64) for span in spans)
    grid = torch.stack(torch.meshgrid(b, a, indexing="ij")[::-1], -1)                                    # [b, a]
    with torch.no_grad():
        change = field(grid.flatten(0, 1)).view(GRID, GRID, 2) - grid
    points, slopes = _rests(field, a, b) if change.isfinite().all() else (torch.zeros(0, 2), torch.zeros(0, 2, 2))
    eigenvalues = torch.linalg.eigvals(slopes.double())
    eigenvalues = eigenvalues.gather(1, eigenvalues.abs().argsort(1, descending=True))
    path = moved.view(trace.batch_size, trace.length, 2)[row, there]
    return Nullclines((chosen[0], chosen[1]), a, b, change, points.double(), eigenvalues, path, row,
                      len(names) - 2, place)


def _chosen(trace: Trace, names: list[str], units: Sequence[str] | None) -> list[str]:
    """The names of two different units."""
    if len(names) < 2:
        raise ValueError("A plane needs two units; this state is a single number.")
    if units is None:
        main = kept_fields(trace)[0][0]
        own = [name for name in names if name.startswith(f"{main}[")]
        return [*own, *(name for name in names if name not in own)][:2]
    if len(set(units)) != 2 or not set(units) <= set(names):
        raise ValueError(f"Choose two different units from {names[0]} to {names[-1]}.")
    return list(units)


def held_at(trace: Trace, row: int, step: int) -> tuple[Any, Any]:
    """The state that enters one step, and its input, as a batch of one."""
    def here(v: Tensor) -> Tensor:
        return v[row:row + 1, step].detach()

    return tmap(here, trace.entering), None if trace.x is None else tmap(here, trace.x)


def _mean(trace: Trace) -> tuple[Any, Any]:
    """Means of the state and the input over all steps that exist; whole numbers as they are at the end."""
    there = existing(trace)

    def middle(v: Tensor) -> Tensor:
        return v[there].mean(0, keepdim=True) if v.is_floating_point() else v[:1, -1]

    return tmap(middle, trace.states), None if trace.x is None else tmap(middle, trace.x)


def _rest(trace: Trace) -> tuple[Any, Any]:
    """The first fixed point under an input of zeros, and that input."""
    found = fixed_points(trace)
    at = [k for k, kind in enumerate(found.kinds) if kind != "slow"]
    if not at:
        raise ValueError("No fixed point was found to hold all else at.")
    back = vector(tmap(lambda v: v[:1, 0].detach().cpu().double() if v.is_floating_point() else v[:1, 0],
                       trace.states))[1]
    return back(found.points[at[:1]]), None if trace.x is None else \
        tmap(lambda v: torch.zeros_like(v[:1, 0]), trace.x)


def frozen_field(cell: Any, state: Any, x: Any, at: Sequence[int]) -> Field:
    """F: points (p, k) of the numbers ``at`` → what one step makes of them, in double precision, all else frozen."""
    def wide(v: Tensor) -> Tensor:
        return v.detach().cpu().double() if v.is_floating_point() else v.detach().cpu()

    cell = copy.deepcopy(cell).cpu().double().requires_grad_(False)
    state, x = tmap(wide, state), None if x is None else tmap(wide, x)

    def field(points: Tensor) -> Tensor:
        p = len(points)
        flat, back = vector(tmap(lambda v: v.expand(p, *v.shape[1:]), state))
        columns = list(flat.unbind(1))
        for k, column in zip(at, points.unbind(1)):
            columns[k] = column
        given = None if x is None else tmap(lambda v: v.expand(p, *v.shape[1:]), x)
        _, after, _ = cell.step(given, back(torch.stack(columns, 1)))
        return vector(after)[0][:, at]

    return field


def window(values: Tensor) -> tuple[float, float]:
    """A window that holds all of these values and −1…1, with a tenth to spare."""
    values = torch.cat([values[values.isfinite()], values.new_tensor([-1.0, 1.0])])
    low, high = float(values.min()), float(values.max())
    return low - (high - low) / 10, high + (high - low) / 10


def _rests(field: Field, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Fixed points (p, 2) in the window and ∂F/∂(a, b) (p, 2, 2) there, sorted by a; at most the first twelve."""
    places = [axis[torch.linspace(0, GRID - 1, STARTS).round().long()] for axis in (a, b)]
    z = torch.cartesian_prod(*places)
    low, high = torch.stack([a[0], b[0]]), torch.stack([a[-1], b[-1]])
    size, one = high - low, torch.eye(2, dtype=z.dtype)
    for _ in range(ROUNDS):
        value, slope = slopes(field, z)
        move = torch.linalg.lstsq(slope - one, (z - value).unsqueeze(-1), driver="gelsd").solution.squeeze(-1)
        z = z + move.nan_to_num().clamp(-size / 4, size / 4)
    value, slope = slopes(field, z)
    rest = ((value - z).abs().amax(1) < REST) & (z >= low).all(1) & (z <= high).all(1) & slope.isfinite().all((1, 2))
    z, slope = z[rest], slope[rest]
    order = sorted(range(len(z)), key=lambda k: [round(v, 6) for v in z[k].tolist()])
    kept: list[int] = []
    for k in order:
        if len(kept) < MOST and all(float(((z[k] - z[j]) / size).abs().max()) > 1e-4 for j in kept):
            kept.append(k)
    return z[kept], slope[kept]


def slopes(field: Field, z: Tensor) -> tuple[Tensor, Tensor]:
    """F (p, 2) and ∂F/∂(a, b) (p, 2, 2), zeros where a step is not differentiable."""
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        value = field(z)
        rows: list[Any] = [torch.autograd.grad(v.sum(), z, retain_graph=True, allow_unused=True)[0]
                           if v.requires_grad else None for v in value.unbind(1)]
    return value.detach(), torch.stack([torch.zeros_like(z) if r is None else r for r in rows], 1).detach()
