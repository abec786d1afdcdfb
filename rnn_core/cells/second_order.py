"""Second-order network: state and input multiply, so that each symbol has a transition of its own.

    a_i = Σ_jk W_ijk h_{j,t−1} x_{k,t} + b_i
    h_t = σ(a_t)

W (n, n, i), b (n), h_0 = (1, 0, … 0). With a one-hot x the symbol chooses one of i recurrent matrices, as a finite
automaton's symbol chooses its transition. Giles, Miller, Chen, Chen, Sun & Lee, *Learning and extracting finite state
automata with second-order recurrent neural networks*, 1992.
"""
from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from rnn_core.cells.base import Cell, RecurrentSettings, weight
from rnn_core.records import Card, setting


class Settings(RecurrentSettings):
    """Second-order network: how many units, and how strongly a fresh one moves."""

    hidden_size: int = setting(8, "Number of hidden units.", symbol="H", ge=1, le=128, main=True)
    gain: float = setting(2.0, "Scale of the fresh weights: uniform in ± gain / √H.",
                          symbol="g", ge=0.0, le=5.0, step=0.05)


class SecondOrderState(NamedTuple):
    """h (b, n)."""

    h: Tensor


class SecondOrder(Cell):
    """Second-order network: one recurrent matrix for each input, mixed as the inputs say."""

    card = Card(
        title="Second-order network", row="A6", year=1992,
        reference="Giles et al., Learning and extracting finite state automata with second-order recurrent neural "
                  "networks, 1992",
        summary="Input and state multiply: each symbol has its own recurrent weights, like the moves of an automaton.",
        equations={"a": "a_t = Σ_jk W_{·jk} h_{j,t−1} x_{k,t} + b", "h": "h_t = σ(a_t)"},
        symbols={"a": "candidate", "h": "hidden"}, parameters="H*H*I+H",
        use="Learning regular languages, and being read back as a finite automaton.")
    Settings = Settings

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        n = self.settings.hidden_size
        self.W, self.b = weight(n, n, input_size), weight(n)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        super().initialise(generator)
        self.W.mul_(self.settings.gain)

    def initial_state(self, batch_size: int) -> SecondOrderState:
        h = self.zeros(batch_size, self.settings.hidden_size)
        h[:, 0] = 1
        return SecondOrderState(h)

    def advance(self, drive: Tensor, state: SecondOrderState) -> tuple[Tensor, SecondOrderState, dict[str, Tensor]]:
        x = drive
        hx = (state.h.unsqueeze(2) * x.unsqueeze(1)).flatten(1)                         # (b, n i)
        a = torch.addmm(self.b, hx, self.W.flatten(1).t())
        h = torch.sigmoid(a)
        return h, SecondOrderState(h), {"a": a, "h": h}
