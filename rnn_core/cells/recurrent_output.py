"""A recurrent output layer: what was said last is added to what is said next.

    h_t = tanh(W x_t + R h_{t−1} + b)
    y_t = V h_t + U y_{t−1} + d

W (n, i), R (n, n), b (n), V (o, n), U (o, o), d (o). U smooths the answers over time without a say in the hidden layer.
With a teacher, the target takes the place of y_{t−1}; where the teacher is silent (NaN) the layer hears itself. Zen &
Sak, *Unidirectional long short-term memory recurrent neural network with recurrent output layer for low-latency speech
synthesis*, 2015, over LSTM layers; here over a tanh layer.
"""
from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, RecurrentSettings, heard, weight, with_teacher
from rnn_core.records import Card, Taught


class RecurrentOutputState(NamedTuple):
    """h (b, n), y (b, o) the output that is on its way back."""

    h: Tensor
    y: Tensor


class RecurrentOutput(Cell):
    """A recurrent output layer over a recurrent tanh layer: two memories, one of thoughts and one of words."""

    card = Card(
        title="Recurrent output layer", row="A3", year=2015,
        reference="Zen & Sak, Unidirectional LSTM RNN with recurrent output layer for low-latency speech synthesis, "
                  "2015",
        summary="The output layer hears its own last answer, so that answers follow each other smoothly.",
        equations={"h": "h_t = tanh(W x_t + R h_{t−1} + b)", "y": "y_t = V h_t + U y_{t−1} + d"},
        carried={"y": "y_t, or what the teacher says in its place"},
        symbols={"h": "hidden", "y": "prediction"}, parameters="H*(I+H+1)+O*(H+O+1)",
        use="Curves that must not jump, such as the contours of speech.")
    Settings = RecurrentSettings
    speaks = feeds_back = True

    def __init__(self, input_size: int, settings: RecurrentSettings | None = None,
                 output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size or 1)
        n, o = self.settings.hidden_size, self.output_size
        self.W, self.R, self.b = weight(n, input_size), weight(n, n), weight(n)
        self.V, self.U, self.d = weight(o, n), weight(o, o), weight(o)

    def initial_state(self, batch_size: int) -> RecurrentOutputState:
        return RecurrentOutputState(self.zeros(batch_size, self.settings.hidden_size),
                                    self.zeros(batch_size, self.output_size))

    def project(self, x: Tensor | Taught) -> Taught:
        given = with_teacher(x, self.output_size)
        return Taught(linear(given.x, self.W, self.b), given.teacher)     # (…, n), (…, o)

    def advance(self, drive: Taught, state: RecurrentOutputState) -> tuple[Tensor, RecurrentOutputState,
                                                                           dict[str, Tensor]]:
        h = torch.tanh(torch.addmm(drive.x, state.h, self.R.t()))
        y = torch.addmm(torch.addmm(self.d, h, self.V.t()), state.y, self.U.t())
        return y, RecurrentOutputState(h, heard(y, drive.teacher)), {"h": h, "y": y}
