"""Hidden Markov model: a few hidden states with chances of moving and of showing a symbol.

    q_t ∝ p_t ⊙ B[:, x_t]                where the hidden state is, once x_t has been seen
    p_{t+1} = q_t A                      where it may be at the next step
    y_t = log(p_{t+1} B)                 log-probability of each next symbol

A (n, n), B (n, i) and π = p_0 (n) are the softmax of rows of freely learnt numbers. This is the forward algorithm,
scaled at every step by the probability of the symbol, so that the logarithms add up to log p of the string. x_t is one
of i symbols as 0 and 1; other numbers weigh the logarithms of B, so that nothing is learnt from x_t = 0. Where there
are more or fewer answers than symbols, a table C (n, o) stands in the place of B; answers about now are log(q_t C).
Rabiner, *A tutorial on hidden Markov models and selected applications in speech recognition*, 1989.
"""
from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear, log_softmax

from rnn_core.cells.base import Cell, RecurrentSettings, weight
from rnn_core.records import Card, setting


class Settings(RecurrentSettings):
    """Hidden Markov model: how many states, how uneven its fresh chances are, and what it answers."""

    hidden_size: int = setting(8, "Number of hidden states.", symbol="N", ge=1, le=256, main=True)
    gain: float = setting(3.0, "Scale of the fresh logarithms of all chances; at 0 all are equal.", symbol="g", ge=0.0,
                          le=10.0, step=0.5)
    next_symbol: bool = setting(True, "Answer with the chances of the next symbol; otherwise each state that may be "
                                      "now has answers of its own.")


class HiddenMarkovState(NamedTuple):
    """p (b, n): where the hidden state may be at the next step."""

    p: Tensor


class HiddenMarkov(Cell):
    """Hidden Markov model: all it knows of the past is how likely each of a few states is."""

    card = Card(
        title="Hidden Markov model", row="A20", year=1989,
        reference="Rabiner, A tutorial on hidden Markov models and selected applications in speech recognition, 1989",
        summary="The classical rival: a few hidden states with chances of moving and of showing each symbol.",
        equations={"q": "q_t ∝ p_t ⊙ B[:, x_t]", "p": "p_{t+1} = q_t A", "y": "y_t = log(p_{t+1} B)"},
        symbols={"q": "cell", "p": "hidden", "y": "prediction"}, parameters="H*H+H*I+H",
        use="Sequences that a handful of states explains, and the yardstick for networks that count.")
    Settings = Settings
    speaks = True

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size or input_size)
        n, o = self.settings.hidden_size, self.output_size
        self.A, self.B, self.b = weight(n, n), weight(n, input_size), weight(n)
        self.tied = self.settings.next_symbol and o == input_size
        if not self.tied:
            self.C = weight(n, o)
            seen = "p_{t+1}" if self.settings.next_symbol else "q_t"
            self.card = replace(self.card, parameters="H*H+H*I+H*O+H",
                                equations=self.card.equations | {"y": f"y_t = log({seen} C)"})

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        super().initialise(generator)
        for p in self.parameters():
            p.mul_(self.settings.gain)

    def initial_state(self, batch_size: int) -> HiddenMarkovState:
        return HiddenMarkovState(torch.softmax(self.b, 0).repeat(batch_size, 1))

    def project(self, x: Tensor) -> Tensor:
        return linear(x, log_softmax(self.B, 1))                          # (…, n) log B[:, x_t]

    def advance(self, drive: Tensor, state: HiddenMarkovState) -> tuple[Tensor, HiddenMarkovState, dict[str, Tensor]]:
        q = torch.softmax(state.p.log() + drive, 1)
        p = q @ torch.softmax(self.A, 1)
        answering = p if self.settings.next_symbol else q
        y = (answering @ torch.softmax(self.B if self.tied else self.C, 1)).log()
        return y, HiddenMarkovState(p), {"q": q, "p": p, "y": y}
