"""A locally recurrent network: every synapse is a filter that also hears its own last values.

    z_{ji,t} = Σ_{k≤K} w_{ji,k} x_{i,t−k} + Σ_{m=1…M} v_{ji,m} z_{ji,t−m}
    a_{j,t} = Σ_i z_{ji,t} + b_j
    h_t = φ(a_t)

W (n·i, K+1) and V (n·i, M), one row a synapse, b (n). The state holds the last K inputs (b, K, i) and the last M values
of each synapse (b, M, n·i), the newest first. No unit hears another: the loops are local and linear.
A fresh V lies in ±1/M, so that no fresh filter grows; with M = 0 this would be the finite impulse net. Back &
Tsoi, *FIR and IIR synapses, a new neural network architecture for time series modeling*, 1991.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from rnn_core.cells.base import Cell, weight
from rnn_core.cells.elman import FUNCTIONS
from rnn_core.cells.finite_impulse import unbent
from rnn_core.records import Card, Settings, setting


class InfiniteImpulseSettings(Settings):
    """A locally recurrent network: how many units, how far the filters of its synapses reach, what bends their sum."""

    hidden_size: int = setting(32, "Number of hidden units.", symbol="H", ge=1, le=512, main=True)
    taps: int = setting(1, "Steps back that a synapse reads its input.", symbol="K", ge=1, le=64, main=True)
    feedback_taps: int = setting(1, "Steps back that a synapse hears itself.", symbol="M", ge=1, le=16, main=True)
    activation: Literal["tanh", "linear"] = setting("tanh", "What bends the sum of a unit's filters.", symbol="φ")


class InfiniteImpulseState(NamedTuple):
    """x (b, K, i) past inputs, z (b, M, n·i) past values of the synapses, the newest first."""

    x: Tensor
    z: Tensor


class InfiniteImpulse(Cell):
    """A locally recurrent network: filters without an end for synapses, and no other memory."""

    card = Card(
        title="Infinite impulse net", row="A16", year=1991,
        reference="Back & Tsoi, FIR and IIR synapses, a new neural network architecture for time series modeling, 1991",
        summary="Each synapse is a filter that hears itself, so an impulse fades by powers and never quite ends.",
        equations={"z": "z_{ji,t} = Σ_{k≤K} w_{ji,k} x_{i,t−k} + Σ_{m≤M} v_{ji,m} z_{ji,t−m}",
                   "a": "a_{j,t} = Σ_i z_{ji,t} + b_j", "h": "h_t = tanh(a_t)"},
        carried={"x": "x_t, x_{t−1}, …, x_{t−K+1}", "z": "z_t, z_{t−1}, …, z_{t−M+1}"},
        symbols={"z": "cell", "a": "candidate", "h": "hidden"}, parameters="H*(3*I+1)",
        use="Long smooth memories at the price of a number or two a synapse; a learnt bank of filters.")
    Settings = InfiniteImpulseSettings

    def __init__(self, input_size: int, settings: InfiniteImpulseSettings | None = None,
                 output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        s = self.settings
        synapses = s.hidden_size * input_size
        self.W, self.V = weight(synapses, s.taps + 1), weight(synapses, s.feedback_taps)
        self.b = weight(s.hidden_size)
        self.card = replace(self.card, equations={**self.card.equations, **unbent(s.activation)},
                            parameters=f"H*({s.taps + 1 + s.feedback_taps}*I+1)")

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Fresh weights; V so that the feedback of a synapse adds up to at most 1."""
        super().initialise(generator)
        self.V.div_(self.settings.feedback_taps**0.5)

    def filters(self) -> tuple[Tensor, Tensor]:
        """The synapses: w (n, i, K + 1) on the last inputs, v (n, i, M) on a synapse's own last values."""
        sizes = (self.settings.hidden_size, self.input_size)
        return self.W.unflatten(0, sizes), self.V.unflatten(0, sizes)

    def bend(self, a: Tensor) -> Tensor:
        """φ(a)."""
        return FUNCTIONS[self.settings.activation](a)

    def initial_state(self, batch_size: int) -> InfiniteImpulseState:
        s = self.settings
        return InfiniteImpulseState(self.zeros(batch_size, s.taps, self.input_size),
                                    self.zeros(batch_size, s.feedback_taps, s.hidden_size * self.input_size))

    def advance(self, drive: Tensor, state: InfiniteImpulseState) -> tuple[Tensor, InfiniteImpulseState,
                                                                           dict[str, Tensor]]:
        s = self.settings
        u = torch.cat([drive.unsqueeze(1), state.x], 1)                                         # (b, K + 1, i)
        w = self.W.unflatten(0, (s.hidden_size, self.input_size))                               # (n, i, K + 1)
        read = torch.einsum("bki,nik->bni", u, w).flatten(1)
        z = read + torch.einsum("bms,sm->bs", state.z, self.V)                                  # (b, n·i)
        a = z.unflatten(1, (s.hidden_size, self.input_size)).sum(2) + self.b
        h = self.bend(a)
        x = torch.cat([drive.unsqueeze(1), state.x.narrow(1, 0, s.taps - 1)], 1)
        line = torch.cat([z.unsqueeze(1), state.z.narrow(1, 0, s.feedback_taps - 1)], 1)
        return h, InfiniteImpulseState(x, line), {"z": z, "a": a, "h": h}
