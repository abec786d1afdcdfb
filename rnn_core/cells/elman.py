"""Elman's simple recurrent network.

    u_t = h_{t−1}                     the context units copy the hidden units, weight fixed at 1
    a_t = W x_t + R u_t + b
    h_t = φ(a_t)

W (n, i), R (n, n), b (n). φ is tanh unless chosen otherwise. Elman, *Finding structure in time*, 1990.
"""
from __future__ import annotations

from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, RecurrentSettings, packed_call, weight
from rnn_core.records import Card, setting

FUNCTIONS = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid, "linear": lambda a: a.clone()}
KERNELS = {"tanh": torch._VF.rnn_tanh, "relu": torch._VF.rnn_relu}


class Settings(RecurrentSettings):
    """Elman's network: how many units, what bends their activation."""

    activation: Literal["tanh", "relu", "sigmoid", "linear"] = setting("tanh", "What bends the sum of a unit's inputs.",
                                                                       symbol="φ")


class ElmanState(NamedTuple):
    """h (b, n)."""

    h: Tensor


class Elman(Cell):
    """Elman's simple recurrent network: one layer of units that also read what they were a step ago."""

    card = Card(
        title="Elman network", row="A2", year=1990, reference="Elman, Finding structure in time, 1990",
        summary="The plain recurrent network: the hidden units see the input and a copy of themselves one step ago.",
        equations={"u": "u_t = h_{t−1}", "a": "a_t = W x_t + R u_t + b", "h": "h_t = φ(a_t)"},
        symbols={"u": "hidden", "a": "candidate", "h": "hidden"}, parameters="H*(I+H+1)",
        use="Short memories, and the yardstick for everything else.")
    Settings = Settings

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        n = self.settings.hidden_size
        self.W, self.R, self.b = weight(n, input_size), weight(n, n), weight(n)

    def initial_state(self, batch_size: int) -> ElmanState:
        return ElmanState(self.zeros(batch_size, self.settings.hidden_size))

    def project(self, x: Tensor) -> Tensor:
        return linear(x, self.W, self.b)                                  # (…, n)

    def advance(self, drive: Tensor, state: ElmanState) -> tuple[Tensor, ElmanState, dict[str, Tensor]]:
        u = state.h.clone()                                               # the copy, a node of its own
        a = torch.addmm(drive, u, self.R.t())
        h = FUNCTIONS[self.settings.activation](a)
        return h, ElmanState(h), {"u": u, "a": a, "h": h}

    def fused(self, x: Tensor, state: ElmanState, lengths: Tensor | None) -> tuple[Tensor, Any] | None:
        kernel = KERNELS.get(self.settings.activation)
        if kernel is None:
            return None
        out, h = packed_call(kernel, x, state, [self.W, self.R, self.b, torch.zeros_like(self.b)], lengths)
        return out, ElmanState(h)

    @classmethod
    def from_weights(cls, module: torch.nn.RNN, W: Tensor, R: Tensor, b: Tensor, c: Tensor) -> Elman:
        """An Elman cell with the weights of one layer of ``torch.nn.RNN``, its two biases summed."""
        settings = Settings.model_construct(hidden_size=R.shape[1], activation=module.nonlinearity)
        cell = cls(W.shape[1], settings).to(W)
        cell.load_state_dict({"W": W, "R": R, "b": b + c})
        return cell


TORCH_MODULE = torch.nn.RNN
