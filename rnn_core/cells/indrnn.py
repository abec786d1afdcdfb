"""Independently recurrent network: each unit hears the input and itself, and no other unit.

    a_t = W x_t + u ⊙ h_{t−1} + b
    h_t = φ(a_t)
    |u_i| ≤ m,  m = 2^{1/T}                 T is the longest lag to keep

W (n, i), u (n, 1), b (n). φ is relu unless chosen otherwise: then the gradient over k steps is u_i^k while the unit is
on and 0 once it is off, so that over T steps it never grows beyond 2. The bound holds under every learner: a weight v
that leaves it is folded back, u = m − |((v + m) mod 4m) − 2m|, which is v itself between −m and m; the slope du/dv is
±1 everywhere, so that no unit is stuck at the bound. Units hear of each other through a further layer. Li et al.,
*Independently recurrent neural network (IndRNN): building a longer and deeper RNN*, CVPR 2018.
"""
from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, RecurrentSettings, weight
from rnn_core.cells.elman import FUNCTIONS
from rnn_core.records import Card, setting


class Settings(RecurrentSettings):
    """IndRNN: how many units, what bends them, and how far back they should reach."""

    gain: float = setting(1.0, "Fresh recurrent weights lie evenly between 0 and gain × their bound 2^{1/T}.",
                          symbol="g", ge=0.0, le=1.0, step=0.05)
    activation: Literal["relu", "tanh", "sigmoid", "linear"] = setting("relu", "What bends the sum of a unit's inputs.",
                                                                       symbol="φ")
    longest_lag: int = setting(100, "The longest lag to keep: no recurrent weight leaves ±2^{1/T}, so that no gradient "
                                    "more than doubles over T steps.", symbol="T", ge=1, le=10_000, log=True)


class IndRNNState(NamedTuple):
    """h (b, n)."""

    h: Tensor


class IndRNN(Cell):
    """Independently recurrent network: a layer of units that each remember only themselves."""

    card = Card(
        title="IndRNN", row="A4", year=2018,
        reference="Li et al., Independently recurrent neural network (IndRNN): building a longer and deeper RNN, 2018",
        summary="Each unit hears only itself, so its gradient over time is one number to a power, kept within a bound.",
        equations={"a": "a_t = W x_t + u ⊙ h_{t−1} + b", "h": "h_t = φ(a_t)"},
        symbols={"a": "candidate", "h": "hidden"}, parameters="H*(I+2)",
        use="Very long lags, and deep stacks: a second layer mixes what the units of the first have kept.")
    Settings = Settings

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        n = self.settings.hidden_size
        self.W, self.u, self.b = weight(n, input_size), weight(n, 1), weight(n)

    @property
    def bound(self) -> float:
        """m = 2^{1/T}, the largest size of a recurrent weight."""
        return 2 ** (1 / self.settings.longest_lag)

    @property
    def recurrent(self) -> Tensor:
        """u (n,), the recurrent weights within their bound."""
        m = self.bound
        return m - ((self.u.squeeze(1) + m).remainder(4 * m) - 2 * m).abs()

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        super().initialise(generator)
        self.u.abs_().mul_(self.settings.gain * self.bound)

    def initial_state(self, batch_size: int) -> IndRNNState:
        return IndRNNState(self.zeros(batch_size, self.settings.hidden_size))

    def project(self, x: Tensor) -> tuple[Tensor, Tensor]:
        drive = linear(x, self.W, self.b)                                 # (…, n)
        return drive, self.recurrent.expand_as(drive)

    def advance(self, drive: tuple[Tensor, Tensor], state: IndRNNState) -> tuple[Tensor, IndRNNState,
                                                                                 dict[str, Tensor]]:
        given, u = drive
        a = torch.addcmul(given, u, state.h)
        h = FUNCTIONS[self.settings.activation](a)
        return h, IndRNNState(h), {"a": a, "h": h}
