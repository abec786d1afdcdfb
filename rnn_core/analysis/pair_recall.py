"""How does a bidirectional memory recall? From one half of a pair to the other and back, until neither changes.

    y ← sgn(W z),  z ← sgn(Wᵀ y)                        in turn; the half that is not given begins at 0, unknown
    m_μ(z) = z_μᵀ z / (‖z_μ‖ ‖z‖),  m_μ(y) alike        overlaps with both halves of pair μ
    E = −yᵀ W z                                         falls with every turn that changes anything

It rests at a stored pair, at the negative of one, which is as deep a valley, or at something else, often a blend of
pairs that resemble one another. Kosko, *Bidirectional associative memories*, 1988.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Card, Result
from rnn_core.unroll import unroll

CARD = Card(title="Recall of a pair", row="A26", year=1988, reference="Kosko, Bidirectional associative memories, 1988",
            summary="From a damaged half of a pair to the other half and back, turn by turn.",
            equations={"y": "y ← sgn(W z)", "z": "z ← sgn(Wᵀ y)"}, symbols={"y": "hidden", "z": "hidden"})
ALIKE = 0.9


@dataclass(frozen=True, eq=False)
class PairRecall(Result):
    """``z`` (k, i), ``y`` (k, n): both halves at the start and after each turn; 0 where nothing is known yet.

    ``energy`` (k,); ``overlaps_z``, ``overlaps_y`` (k, p) with the halves of the pairs ``names``. ``backwards`` where y
    was given. ``kind`` is "stored", "inverse" or "other", ``place`` names it. ``held`` (p,) tells which stored pairs
    stand still, undamaged; ``settled`` is false where it still moved at the end.
    """

    z: Tensor
    y: Tensor
    energy: Tensor
    overlaps_z: Tensor
    overlaps_y: Tensor
    names: tuple[str, ...]
    backwards: bool
    kind: str
    place: str
    held: Tensor
    settled: bool

    @property
    def moved(self) -> list[str]:
        """Which half each turn computed, beginning with the start: "start", then "y" and "z" in turn."""
        turns = "zy" if self.backwards else "yz"
        return ["start", *(turns[k % 2] for k in range(len(self.z) - 1))]

    def frame(self) -> pd.DataFrame:
        """One row a turn."""
        columns = {"turn": range(len(self.z)), "computed": self.moved, "energy": self.energy.tolist()}
        for k, name in enumerate(self.names):
            columns[f"{name}: overlap of z"] = self.overlaps_z[:, k].tolist()
            columns[f"{name}: overlap of y"] = self.overlaps_y[:, k].tolist()
        return pd.DataFrame(columns)

    @property
    def says(self) -> str:
        count, still = len(self.z) - 1, int(self.held.sum())
        end = {"stored": f"rests at {self.place}", "inverse": f"rests at {self.place}, as deep a valley",
               "other": "rests at no stored pair"}[self.kind]
        end = end if self.settled else "has not come to rest"
        held = f"{still} of the {len(self.names)} stored pairs stand still in it, undamaged"
        return f"after {count} {'turn' if count == 1 else 'turns'} the memory {end}; {held}."

    @property
    def says_not(self) -> str:
        return ("that it would hold as many other pairs: a sum of outer products holds the more the less its patterns "
                "resemble one another.")


@torch.no_grad()
def pair_recall(cell: Any, start: Tensor, z: Tensor, y: Tensor, *, names: Sequence[str] | None = None,
                backwards: bool = False, turns: int = 40) -> PairRecall:
    """What a bidirectional memory makes of one half, ``start`` (i,), or (n,) where ``backwards``.

    z (p, i) and y (p, n) are the pairs that it stores. Raises ValueError, in one sentence, for shapes that do not fit.
    """
    state = cell.initial_state(1)
    sizes = state.z.shape[1], state.y.shape[1]
    start, z, y = (torch.as_tensor(v).to(state.z) for v in (start, z, y))
    if z.dim() != 2 or y.dim() != 2 or (z.shape[1], y.shape[1]) != sizes or len(z) != len(y) or not len(z):
        raise ValueError(f"Pairs have halves of {sizes[0]} and {sizes[1]} numbers, and there must be one at least.")
    if start.shape != (sizes[backwards],):
        raise ValueError(f"This half has {sizes[backwards]} numbers.")
    names = tuple(f"pair {k + 1}" for k in range(len(z))) if names is None else tuple(names)
    if len(names) != len(z):
        raise ValueError(f"There are {len(z)} pairs and {len(names)} names.")
    given = [torch.zeros_like(state.y), torch.zeros_like(state.z)]
    given[not backwards] = start.unsqueeze(0)
    first = type(state)(*given)
    order = (torch.arange(turns, device=z.device) + backwards).unsqueeze(0) % 2
    path = unroll(cell, order, first).states
    ys, zs = (torch.cat([one, later[0]]) for one, later in zip(first, path, strict=True))
    moves = (zs.diff(dim=0) != 0).any(1) | (ys.diff(dim=0) != 0).any(1)
    last = int(moves.nonzero().max()) + 1 if bool(moves.any()) else 0
    ys, zs = ys[:last + 1], zs[:last + 1]
    over_z, over_y = _overlaps(zs, z), _overlaps(ys, y)
    kind, place = _named(over_z[-1], over_y[-1], names)
    both = unroll(cell, None, type(state)(y, z), steps=1).final
    held = (both.y == y).all(1) & (both.z == z).all(1)
    energy = cell.energy(type(state)(ys, zs)) + 0.0
    return PairRecall(zs, ys, energy, over_z, over_y, names, backwards, kind, place, held, turns - last >= 2)


def _overlaps(states: Tensor, patterns: Tensor) -> Tensor:
    """m (k, p)."""
    size = states.norm(dim=1).unsqueeze(1) * patterns.norm(dim=1)
    return states @ patterns.T / size.clamp(min=1e-12)


def _named(over_z: Tensor, over_y: Tensor, names: tuple[str, ...]) -> tuple[str, str]:
    """Kind and name of the pair whose halves are both near, if there is one."""
    for sign, kind, words in ((1, "stored", "{}"), (-1, "inverse", "the negative of {}")):
        near = torch.minimum(sign * over_z, sign * over_y)
        if float(near.max()) >= ALIKE:
            return kind, words.format(names[int(near.argmax())])
    return "other", "no stored pair"
