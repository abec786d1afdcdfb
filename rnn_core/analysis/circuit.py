"""What does a circuit of memristors look like, and what does each of them remember?

    ẇ = α w − i / β              the memory of a branch, 0 conducts best, 1 worst
    w_t = min(1, w_0 e^{α t})    what is left of it where no source drives the circuit, S = 0

The law is exact without a source; under one, whatever departs from it was written by currents. Caravelli, Traversa & Di
Ventra, *Complex dynamics of memristive circuits*, 2017.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.memory_span import existing
from rnn_core.records import Card, Result, Trace
from rnn_core.unroll import unroll

CARD = Card(title="A circuit", row="A28", year=2017,
            reference="Caravelli, Traversa & Di Ventra, Complex dynamics of memristive circuits, 2017",
            summary="The circuit with its nodes and branches, and what each branch remembers, step by step.",
            equations={"w": "ẇ = α w − i/β"}, symbols={"w": "cell"})


@dataclass(frozen=True, eq=False)
class Circuit(Result):
    """``ends`` (n, 2): the nodes that each branch leaves and reaches, equal for one that is closed on itself.

    ``memory``, ``current``, ``source`` (t, n): w after each step, i and S at its beginning; ``law`` (t,) is w_0 e^{αt}
    within its bounds. All are empty for a network that is no circuit. ``row`` is the sequence.
    """

    ends: Tensor
    memory: Tensor
    current: Tensor
    source: Tensor
    law: Tensor
    time_step: float
    row: int

    @property
    def nodes(self) -> int:
        """How many nodes the branches join."""
        return int(self.ends.max()) + 1 if len(self.ends) else 0

    @property
    def driven(self) -> bool:
        """Whether any source is ever on."""
        return bool((self.source != 0).any())

    def frame(self) -> pd.DataFrame:
        """One row a branch, with its memory in the end; one row of gaps where there is no circuit."""
        if not len(self.memory):
            return pd.DataFrame({"branch": [None], "from node": [None], "to node": [None], "memory": [float("nan")]})
        return pd.DataFrame({"branch": range(len(self.ends)), "from node": self.ends[:, 0], "to node": self.ends[:, 1],
                             "memory": self.memory[-1], "current": self.current[-1],
                             "largest current": self.current.abs().amax(0)})

    @property
    def says(self) -> str:
        if not len(self.memory):
            return "this network is no circuit: it has no branches that could be drawn."
        if not bool(self.memory.isfinite().all()):
            return "this circuit has left the finite numbers."
        size = f"{len(self.ends)} memristors join {self.nodes} nodes" if self.nodes > 1 else (
            "there is one memristor, closed on itself")
        away = float((self.memory - self.law.unsqueeze(1)).abs().max())
        last = self.memory[-1]
        now = f"in the end their memories lie between {float(last.min()):.2f} and {float(last.max()):.2f}"
        if not self.driven:
            return f"{size}; without a source each follows w₀ e^(αt), to {away:.1g}, and {now}."
        return f"{size}; currents move a memory by up to {away:.2f} from w₀ e^(αt), and {now}."

    @property
    def says_not(self) -> str:
        return ("that a branch remembers its own source alone: every current depends on all sources and all memories "
                "at once.")


def circuit(trace: Trace, *, row: int = 0) -> Circuit:
    """The circuit of a pass and what its branches did over one sequence.

    A circuit is a cell with a method ``currents``. Raises ValueError, in one sentence, for a row that is not there.
    """
    if not 0 <= row < trace.batch_size:
        raise ValueError(f"There are sequences 0 to {trace.batch_size - 1}; {row} is not among them.")
    cell = trace.cell
    if not hasattr(cell, "currents"):
        none = torch.zeros(0, 0)
        return Circuit(torch.zeros(0, 2).long(), none, none, none, torch.zeros(0), 0.0, row)
    there = existing(trace)[row].cpu()
    memory, current = (trace.probes[name].detach().cpu().double()[row][there] for name in "wi")           # (t, n)
    with torch.no_grad():
        source = cell.project(trace.x).cpu().double()[row][there]
    D, chosen = cell.D.cpu(), cell.settings
    leave, arrive = (-D).clamp(min=0).argmax(0), D.clamp(min=0).argmax(0)
    time = chosen.time_step * torch.arange(1, len(memory) + 1, dtype=torch.float64)
    law = (chosen.start * torch.exp(chosen.alpha * time)).clamp(max=1)
    return Circuit(torch.stack([leave, arrive], 1), memory, current, source, law, chosen.time_step, row)


@torch.no_grad()
def driven(cell: Any, size: float, period: int, rounds: int = 3) -> Trace:
    """A circuit under sources that swing as ``size`` sin(2π t / period), so often; each input drives its own branches.

    Raises ValueError, in one sentence, for less than one round or fewer than two steps a round.
    """
    if period < 2 or rounds < 1:
        raise ValueError("A source swings at least once, in at least two steps.")
    t = torch.arange(period * rounds, dtype=torch.float64)
    wave = size * torch.sin(2 * torch.pi * t / period)
    return unroll(cell, wave.to(cell.Omega).view(1, -1, 1).expand(-1, -1, cell.input_size))
