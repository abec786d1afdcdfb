"""How does an energy network recall? Its way downhill from one start, and the name of the place where it comes to rest.

    m_μ = x_μᵀ s / (‖x_μ‖ ‖s‖)          overlap with pattern μ: 1 is the pattern, −1 its inverse
    E falls with every change           one unit after the other; all units at once may swing between two states

Where it rests is one of the stored patterns, the inverse of one, which is as deep a valley, a mixture sgn(±x_1 ± x_2 ±
x_3) of three, or something else. Hopfield 1982; mixtures: Amit, Gutfreund & Sompolinsky 1985.
"""
from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Card, Result
from rnn_core.unroll import unroll

CARD = Card(title="Recall", row="D9", year=1982,
            reference="Hopfield, Neural networks and physical systems with emergent collective computational "
                      "abilities, 1982; Amit, Gutfreund & Sompolinsky, 1985",
            summary="The way downhill from a damaged pattern: flips, energy, overlaps, and where it ends.",
            equations={"m": "m_μ = x_μᵀ s / (‖x_μ‖ ‖s‖)"}, symbols={"m": "hidden"})
ALIKE, CANDIDATES = 0.9, 5


@dataclass(frozen=True, eq=False)
class Recall(Result):
    """``states`` (k, N): the start and what each change made of it, at steps ``at`` (k,); ``energy`` (k,).

    ``overlaps`` (k, p) are those with the patterns ``names``. ``kind`` is "stored", "inverse", "mixture" or "other",
    ``place`` names it and ``likeness`` is the overlap with what it names. ``settled`` is false where it still moved at
    the end, ``swings`` true where it goes to and fro between two states.
    """

    states: Tensor
    at: Tensor
    energy: Tensor
    overlaps: Tensor
    names: tuple[str, ...]
    kind: str
    place: str
    likeness: float
    settled: bool
    swings: bool
    together: bool

    @property
    def flips(self) -> Tensor:
        """(k − 1,) how many units each change moved."""
        return (self.states.diff(dim=0) != 0).sum(1)

    def frame(self) -> pd.DataFrame:
        """One row a change."""
        columns = {f"overlap with {name}": self.overlaps[:, k].tolist() for k, name in enumerate(self.names)}
        moved = [0, *self.flips.tolist()]
        return pd.DataFrame({"step": self.at.tolist(), "units moved": moved, "energy": self.energy.tolist()} | columns)

    @property
    def says(self) -> str:
        count = len(self.states) - 1
        one, drop = ("update of all units", "updates of all units") if self.together else ("change", "changes"), float(
            self.energy[0] - self.energy[-1])
        went = f"over {count} {one[count != 1]} the energy {'falls' if drop >= 0 else 'rises'} by {abs(drop):.3g}"
        if self.swings:
            return f"{went}, and then the network swings between two states for ever."
        if not self.settled:
            return f"{went}, and the network has not come to rest yet."
        if self.kind == "other":
            return f"{went}, and it rests in a state that is none of the patterns, nor an inverse or mixture of them."
        return f"{went}, and it rests at {self.place}, with an overlap of {self.likeness:.2f}."

    @property
    def says_not(self) -> str:
        return ("that this start always ends there: another order of the units may lead elsewhere, and a deeper valley "
                "may lie beside the one that was found.")


def recall(cell: Any, start: Tensor, patterns: Tensor, *, names: Sequence[str] | None = None, together: bool = False,
           sweeps: int = 20, seed: int = 0) -> Recall:
    """The relaxation of an energy network from ``start`` (N,), beside the ``patterns`` (p, N) that it stores.

    One unit after the other in the order that ``seed`` draws, or all ``together``; at most so many sweeps of N units,
    or updates of all of them. Raises ValueError for shapes that do not fit.
    """
    state = cell.initial_state(1)
    n, start, patterns = state.s.shape[1], torch.as_tensor(start), torch.as_tensor(patterns)
    if start.shape != (n,) or patterns.dim() != 2 or patterns.shape[1] != n or not len(patterns):
        raise ValueError(f"A start needs {n} numbers, and so does each pattern, of which there must be one at least.")
    names = tuple(f"pattern {k + 1}" for k in range(len(patterns))) if names is None else tuple(names)
    if len(names) != len(patterns):
        raise ValueError(f"There are {len(patterns)} patterns and {len(names)} names.")
    first, patterns = start.to(state.s).unsqueeze(0), patterns.to(state.s)
    path = torch.cat([first, *_sweeps(cell, type(state), first, None if together else n, sweeps, seed)])   # (t + 1, N)
    moved = (path.diff(dim=0) != 0).any(1)
    swings = together and bool(moved[-1]) and len(path) > 2 and torch.equal(path[-1], path[-3])
    last = int(moved.nonzero().max()) + 1 if bool(moved.any()) else 0
    if swings:
        last = next(t for t in range(2, len(path)) if torch.equal(path[t], path[t - 2]))
    at = torch.cat([torch.zeros(1, dtype=torch.long), moved[:last].nonzero().flatten().cpu() + 1])
    states = path[at]
    with torch.no_grad():
        energy = cell.energy(type(state)(states))
    overlaps = _overlaps(states, patterns)
    kind, place, likeness = _named(states[-1], patterns, names)
    settled = not swings and len(moved) - last >= (1 if together else n)
    return Recall(states, at, energy, overlaps, names, kind, place, likeness, settled, swings, together)


@torch.no_grad()
def _sweeps(cell: Any, kind: type[Any], s: Tensor, units: int | None, sweeps: int, seed: int) -> Iterator[Tensor]:
    """The states (t, N) after s (1, N), sweep by sweep until one moves nothing; without units all move at once."""
    if units is None:
        yield unroll(cell, None, kind(s), steps=sweeps).states.s[0]
        return
    order = cell.draw(1, units * sweeps, torch.Generator().manual_seed(seed))
    for one in order.split(units, 1):
        path = unroll(cell, one, kind(s)).states.s[0]
        yield path
        if torch.equal(path, s.expand_as(path)):
            return
        s = path[-1:]


def _overlaps(states: Tensor, patterns: Tensor) -> Tensor:
    """m (k, p)."""
    size = states.norm(dim=1).unsqueeze(1) * patterns.norm(dim=1)
    return states @ patterns.T / size.clamp(min=1e-12)


def _named(state: Tensor, patterns: Tensor, names: tuple[str, ...]) -> tuple[str, str, float]:
    """Kind, name and overlap of what is nearest, if anything is near."""
    m = _overlaps(state.unsqueeze(0), patterns)[0]
    best = int(m.abs().argmax())
    found = [("stored" if m[best] > 0 else "inverse", names[best] if m[best] > 0 else f"the inverse of {names[best]}",
              abs(float(m[best])))]
    for three in itertools.combinations(m.abs().argsort(descending=True)[:CANDIDATES].tolist(), 3):
        signs = torch.where(m[list(three)] < 0, -1.0, 1.0).to(m)
        mixture = (signs @ patterns[list(three)]).sign()
        like = float(_overlaps(state.unsqueeze(0), mixture.unsqueeze(0)))
        parts = [f"{'−' if sign < 0 else ''}{names[k]}" for k, sign in zip(three, signs.tolist(), strict=True)]
        found.append(("mixture", f"a mixture of {', '.join(parts)}", like))
    kind, place, likeness = max(found, key=lambda one: one[2])
    return (kind, place, likeness) if likeness >= ALIKE else ("other", "none of the patterns", likeness)
