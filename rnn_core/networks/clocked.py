"""A hierarchy with clocks: the higher a level, the more seldom it moves, so that the distant past lies few steps away.

    h^1_t = cell^1(x_t, h^1_{t−1})
    h^l_t = cell^l(o^{l−1}_t, h^l_{t−1})   where k^{l−1} divides t,   h^l_{t−1} elsewhere         t = 0, 1, 2, …

A level that rests keeps its state and its output o^l. The clock is part of the state and stands still at steps that do
not exist. With k = 1 it is a plain stack. El Hihi & Bengio, *Hierarchical recurrent neural networks for long-term
dependencies*, 1995; Koutník et al., *A clockwork RNN*, 2014.
"""
from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from rnn_core.cells.base import Cell
from rnn_core.networks.base import Readout
from rnn_core.networks.single import Single
from rnn_core.records import Card, Settings, setting
from rnn_core.records.trees import hold, paths


class ClockedSettings(Settings):
    """How many levels there are, and how seldom the upper ones move."""

    layers: int = setting(2, "Number of levels on top of one another.", symbol="L", ge=1, le=6)
    period: int = setting(4, "How many times more seldom each level moves than the one below; 1 makes a plain stack.",
                          symbol="k", ge=1, le=64)
    read_all: bool = setting(True, "Read out every level, and not only the top one.")


class ClockedState(NamedTuple):
    """``levels`` the states of all levels, ``held`` the outputs (b, o) of all but the first, ``clock`` (b, 1) steps."""

    levels: tuple[Any, ...]
    held: tuple[Tensor, ...]
    clock: Tensor


class Clocked(Cell):
    """Levels of cells as one cell, each moving ``period`` times more seldom than the one below.

    Probes carry the level's number: ``"1.i"`` is the write gate of the second level, ``"1.m"`` whether it moves. Of a
    level that rests, probes of its state are what is kept; the others are what they would be if it moved.
    """

    def __init__(self, levels: list[Cell], period: int = 4, read_all: bool = True) -> None:
        nn.Module.__init__(self)
        self.levels, self.period, self.read_all = nn.ModuleList(levels), period, read_all
        self.input_size, self.settings = levels[0].input_size, levels[0].settings
        self.output_size = sum(level.output_size for level in levels) if read_all else levels[-1].output_size
        first = levels[0].card
        equations, symbols = {}, {}
        for n, level in enumerate(levels):
            if n:
                equations[f"{n}.m"], symbols[f"{n}.m"] = f"m_t = 1 if {period**n} divides t, else 0", "write"
            kept = {name for name, _ in paths(level.initial_state(1))} if n else set()
            equations |= {f"{n}.{k}": e + ", kept where m_t = 0" * (k in kept) for k, e in level.card.equations.items()}
            symbols |= {f"{n}.{k}": v for k, v in level.card.symbols.items()}
        self.card = Card(
            title=f"{len(levels)} × {first.title} with clocks", row="A13", year=first.year, reference=first.reference,
            summary=f"{len(levels)} levels, each moving {period} times more seldom than the one below.",
            parameters="", equations=equations, symbols=symbols)

    def initialise(self, generator: torch.Generator) -> None:
        for level in self.levels:
            level.initialise(generator)

    def initial_state(self, batch_size: int) -> ClockedState:
        return ClockedState(tuple(level.initial_state(batch_size) for level in self.levels),
                            tuple(self.zeros(batch_size, level.output_size) for level in self.levels[1:]),
                            torch.zeros(batch_size, 1, dtype=torch.long, device=self.like.device))

    def project(self, x: Any) -> Any:
        return self.levels[0].project(x)

    def advance(self, drive: Any, state: ClockedState) -> tuple[Tensor, ClockedState, dict[str, Tensor]]:
        below, first, seen = self.levels[0].advance(drive, state.levels[0])
        after, outputs = [first], [below]
        probes = {f"0.{k}": v for k, v in seen.items()}
        for n, (level, old, said) in enumerate(zip(self.levels[1:], state.levels[1:], state.held), 1):
            moves = state.clock % self.period**n == 0                     # (b, 1)
            out, new, seen = level.step(below, old)
            new = hold(moves.squeeze(1), new, old)
            below = torch.where(moves, out, said)
            after.append(new)
            outputs.append(below)
            m = moves.to(below.dtype)
            probes |= {f"{n}.m": m} | {f"{n}.{k}": v for k, v in (seen | kept(seen, new)).items()}
        y = torch.cat(outputs, 1) if self.read_all else below
        return y, ClockedState(tuple(after), tuple(outputs[1:]), state.clock + 1), probes


def kept(probes: dict[str, Tensor], state: Any) -> dict[str, Tensor]:
    """The fields of a state that are probes too, by name."""
    return {name: v for name, v in paths(state) if name in probes and v.shape == probes[name].shape}


class ClockedNetwork(Single):
    """A hierarchy of one architecture, each level with a slower clock, read out at the top or at every level."""

    card = Card(title="Hierarchy with clocks", row="A13", year=1995,
                reference="El Hihi & Bengio 1995; Koutník et al. 2014",
                summary="The same architecture in levels, of which each moves k times more seldom than the one below.",
                equations={"h": "h^l_t = cell^l(o^{l−1}_t, h^l_{t−1}) if k^{l−1} divides t",
                           "held": "h^l_t = h^l_{t−1} else",
                           "y": "y_t = V [o^1_t; …; o^L_t] + d"})
    Settings = ClockedSettings
    takes_speakers = False

    @classmethod
    def build(cls, make_cell: Any, input_size: int, output_size: int, settings: ClockedSettings) -> ClockedNetwork:
        levels = [make_cell(input_size, output_size)]
        cls.check(levels[0])
        while len(levels) < settings.layers:
            levels.append(make_cell(levels[-1].output_size, output_size))
        cell = Clocked(levels, settings.period, settings.read_all)
        return cls([cell], Readout(cell.output_size, output_size))
