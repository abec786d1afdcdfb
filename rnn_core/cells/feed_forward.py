"""A feedforward net: a hidden layer that sees the present input and nothing else.

    a_t = W x_t + b
    h_t = φ(a_t)

W (n, i), b (n). The state holds h, so that it can be drawn, and is never read: ∂h_t/∂h_{t−1} = 0. φ is tanh unless
chosen otherwise. Rumelhart, Hinton & Williams, *Learning representations by back-propagating errors*, 1986.
"""
from __future__ import annotations

from typing import Any, Literal, NamedTuple

from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, weight
from rnn_core.cells.elman import FUNCTIONS
from rnn_core.cells.window_mlp import blank_tail, last
from rnn_core.records import Card, Settings, setting


class FeedForwardSettings(Settings):
    """A feedforward net: how many units, what bends their activation."""

    hidden_size: int = setting(32, "Number of hidden units.", symbol="H", ge=1, le=512, main=True)
    activation: Literal["tanh", "relu", "sigmoid", "linear"] = setting("tanh", "What bends the sum of a unit's inputs.",
                                                                       symbol="φ")


class FeedForwardState(NamedTuple):
    """h (b, n), written at every step and never read."""

    h: Tensor


class FeedForward(Cell):
    """A feedforward net: what an Elman network is without its recurrent weights."""

    card = Card(
        title="Feedforward net", row="A17", year=1986,
        reference="Rumelhart, Hinton & Williams, Learning representations by back-propagating errors, 1986",
        summary="A hidden layer without memory: it cannot know anything that the present input does not say.",
        equations={"a": "a_t = W x_t + b", "h": "h_t = φ(a_t)"}, symbols={"a": "candidate", "h": "hidden"},
        parameters="H*(I+1)", use="The yardstick below all others: what it solves needs no memory.")
    Settings = FeedForwardSettings

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        n = self.settings.hidden_size
        self.W, self.b = weight(n, input_size), weight(n)

    def initial_state(self, batch_size: int) -> FeedForwardState:
        return FeedForwardState(self.zeros(batch_size, self.settings.hidden_size))

    def project(self, x: Tensor) -> Tensor:
        return linear(x, self.W, self.b)                                  # (…, n)

    def advance(self, drive: Tensor, state: FeedForwardState) -> tuple[Tensor, FeedForwardState, dict[str, Tensor]]:
        a = drive
        h = FUNCTIONS[self.settings.activation](a)
        return h, FeedForwardState(h), {"a": a, "h": h}

    def fused(self, x: Tensor, state: FeedForwardState, lengths: Tensor | None) -> tuple[Tensor, Any]:
        h = FUNCTIONS[self.settings.activation](self.project(x))
        return blank_tail(h, lengths), FeedForwardState(last(h, lengths))
