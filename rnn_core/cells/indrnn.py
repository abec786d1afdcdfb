"""Independently recurrent network: each unit hears the input and itself, and no other unit.

    a_t = W x_t + u ⊙ h_{t−1} + b
    h_t = φ(a_t)
    |u_i| ≤ m,  m = 2^{1/T}                 T is the longest lag to keep

W (n, i), u (n, 1), b (n). φ is relu unless chosen otherwise: then the gradient over k steps is u_i^k while the unit is
on and 0 once it is off, so that over T steps it never grows beyond 2. The bound holds under every learner: a weight v
that leaves it is folded back, u = m − |((v + m) mod 4m) − 2m|, which is v itself between −m and m; the slope du/dv is
±1 everywhere, so that no unit is stuck at the bound. Units hear of each other through a further layer. For answers at
the end of long sequences the authors' own code starts the top layer's u evenly between 2^{−1/T} and 2^{1/T}, and W
small, for a unit that adds up its inputs grows with T. Li et al., *Independently recurrent neural network (IndRNN):
building a longer and deeper RNN*, CVPR 2018.
"""
from __future__ import annotations

from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, RecurrentSettings, weight
from rnn_core.cells.elman import FUNCTIONS
from rnn_core.records import Card, setting

BEND = {"relu": torch.relu_, "tanh": torch.tanh_, "sigmoid": torch.sigmoid_, "linear": lambda a: a}
SLOPE = {"relu": lambda h: h > 0, "tanh": lambda h: 1 - h * h, "sigmoid": lambda h: h * (1 - h),
         "linear": torch.ones_like}


class Settings(RecurrentSettings):
    """IndRNN: how many units, what bends them, and how far back they should reach."""

    gain: float = setting(1.0, "Fresh recurrent weights lie evenly between 0 and gain × their bound 2^{1/T}.",
                          symbol="g", ge=0.0, le=1.0, step=0.05)
    activation: Literal["relu", "tanh", "sigmoid", "linear"] = setting("relu", "What bends the sum of a unit's inputs.",
                                                                       symbol="φ")
    input_gain: float = setting(1.0, "Scale of the fresh input weights: W is uniform in ± this/√fan-in; over long lags "
                                     "units that add up their inputs need small ones.", symbol="g_W", ge=0.0, le=5.0,
                                step=0.05)
    top_layer: Literal["even", "lasting"] = setting(
        "even", "Fresh recurrent weights of the top layer: even as in the others, or lasting, between 2^{−1/T} and "
                "2^{1/T}, so that over T steps no gradient more than halves either; for answers at the end alone.")
    longest_lag: int = setting(100, "The longest lag to keep: no recurrent weight leaves ±2^{1/T}, so that no gradient "
                                    "more than doubles over T steps.", symbol="T", ge=1, le=10_000, log=True)


class IndRNNState(NamedTuple):
    """h (b, n)."""

    h: Tensor


class Along(torch.autograd.Function):
    """h (t, b, n) from W x_t + b (t, b, n), u (n) and h_0 (b, n), all steps in one node of the graph.

        δ_t = φ'(a_t) ⊙ (∂L/∂h_t + u ⊙ δ_{t+1}),   ∂L/∂u = Σ_t Σ_b δ_t ⊙ h_{t−1}

    φ' is read off h. Two calls a step on the way there and three on the way back, for an input to each unit is all that
    a step adds.
    """

    @staticmethod
    def forward(ctx: Any, given: Tensor, u: Tensor, start: Tensor, activation: str) -> Tensor:
        bend, said, h = BEND[activation], given.clone(), start
        for a in said.unbind(0):
            h = bend(a.addcmul_(u, h))
        ctx.save_for_backward(said, u, start)
        ctx.slope = SLOPE[activation]
        return said

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, felt: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        said, u, start = ctx.saved_tensors
        delta, slope = felt.clone(memory_format=torch.contiguous_format), ctx.slope(said)
        later, du = torch.zeros_like(start), torch.zeros_like(start)
        for d, bent, before in zip(reversed(delta.unbind(0)), reversed(slope.unbind(0)),
                                   (*reversed(said.unbind(0)[:-1]), start), strict=True):
            later = d.addcmul_(u, later).mul_(bent)
            du.addcmul_(later, before)
        return delta, du.sum(0), u * later, None


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
        self.W.mul_(self.settings.input_gain)
        if self.top and self.settings.top_layer == "lasting":
            self.u.abs_().mul_(self.bound - 1 / self.bound).add_(1 / self.bound)
        else:
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

    def fused(self, x: Tensor, state: IndRNNState, lengths: Tensor | None) -> tuple[Tensor, IndRNNState] | None:
        if lengths is not None:
            return None
        given = linear(x.transpose(0, 1), self.W, self.b)                 # (t, b, n)
        said = Along.apply(given, self.recurrent, state.h, self.settings.activation)
        return said.transpose(0, 1), IndRNNState(said[-1])
