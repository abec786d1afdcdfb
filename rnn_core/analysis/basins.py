"""How much damage does a stored pattern survive? Starts with a growing share of flipped units, and where they end.

    recalled: m ≥ 0.95 in the end,   inverse: m ≤ −0.95,   m = N⁻¹ x_μᵀ s with the pattern that was damaged

The damage up to which nearly all starts come back is the size of the pattern's valley, its basin of attraction. It
shrinks as more patterns are stored. Hopfield 1982; Amit, Gutfreund & Sompolinsky 1985.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Card, Result
from rnn_core.unroll import relax

CARD = Card(title="Basins of attraction", row="D9", year=1982,
            reference="Hopfield 1982; Amit, Gutfreund & Sompolinsky, Storing infinite numbers of patterns in a "
                      "spin-glass model of neural networks, 1985",
            summary="The share of damaged starts that come back, against the share of units that were flipped.",
            equations={"m": "m = N⁻¹ x_μᵀ s"}, symbols={"m": "hidden"})
BACK, DAMAGES = 0.95, tuple(k / 20 for k in range(21))


@dataclass(frozen=True, eq=False)
class Basins(Result):
    """``damage`` (d,): shares of flipped units; ``recalled``, ``inverse`` (d,): shares of ``starts`` that ended there.

    ``units`` N, ``stored`` p patterns; ``resting`` is the share of all starts that had come to rest.
    """

    damage: Tensor
    recalled: Tensor
    inverse: Tensor
    starts: int
    units: int
    stored: int
    resting: float

    @property
    def radius(self) -> float:
        """The largest damage up to which at least half of the starts come back; NaN where none do."""
        lost = (self.recalled < 0.5).nonzero().flatten()
        first = int(lost[0]) if len(lost) else len(self.damage)
        return float(self.damage[first - 1]) if first else float("nan")

    def frame(self) -> pd.DataFrame:
        """One row a damage."""
        return pd.DataFrame({"damage": self.damage.tolist(), "recalled": self.recalled.tolist(),
                             "inverse": self.inverse.tolist(),
                             "elsewhere": (1 - self.recalled - self.inverse).clamp(min=0).tolist()})

    @property
    def says(self) -> str:
        load = f"with {self.stored} patterns in {self.units} units"
        if self.radius != self.radius:
            return f"{load} fewer than half of the starts stay at their pattern even without damage."
        return (f"{load} at least half of {self.starts} starts come back while up to {self.radius:.0%} of the units "
                "are flipped.")

    @property
    def says_not(self) -> str:
        return ("that every pattern has a valley of this size, or that other damage is forgiven as well: units were "
                "flipped at random, each damage was tried a few times, and patterns differ.")


def basins(cell: Any, patterns: Tensor, *, damages: Sequence[float] = DAMAGES, starts: int = 40, sweeps: int = 30,
           seed: int = 0) -> Basins:
    """Damage the ``patterns`` (p, N) that an energy network stores, in turn, ``starts`` times a damage, and relax.

    A damage d flips round(d N) units, drawn without repetition. Raises ValueError for shapes or damages that do not
    fit.
    """
    state = cell.initial_state(1)
    n, patterns = state.s.shape[1], torch.as_tensor(patterns)
    if patterns.dim() != 2 or patterns.shape[1] != n or not len(patterns) or starts < 1:
        raise ValueError(f"Each pattern needs {n} numbers, and there must be one of them and one start at least.")
    if not damages or not all(0 <= d <= 1 for d in damages):
        raise ValueError("A damage is a share of the units, from 0 to 1.")
    stream = torch.Generator().manual_seed(seed)
    whole = patterns.to(state.s)[torch.arange(starts) % len(patterns)].repeat(len(damages), 1)      # (d·starts, N)
    many = torch.tensor([round(d * n) for d in damages]).repeat_interleave(starts).unsqueeze(1)
    rank = torch.rand(len(whole), n, generator=stream).argsort(1).argsort(1)
    start = torch.where((rank < many).to(whole.device), -whole, whole)
    with torch.no_grad():
        rest, used = relax(cell, type(state)(start), stream, sweeps=sweeps)
        after = relax(cell, rest, stream, sweeps=1)[0] if used == sweeps else rest
    size = (rest.s.norm(dim=1) * whole.norm(dim=1)).clamp(min=1e-12)
    m = ((rest.s * whole).sum(1) / size).view(len(damages), starts)
    shares = [found.double().mean(1) for found in (m >= BACK, m <= -BACK)]
    return Basins(torch.tensor([float(d) for d in damages]), *shares, starts, n, len(patterns),
                  float((rest.s == after.s).all(1).double().mean()))
