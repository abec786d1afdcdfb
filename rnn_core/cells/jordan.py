"""Jordan's network: what it said goes round, not what it thought.

    s_t = α s_{t−1} + g(y_{t−1})      context: a fading trace of past outputs
    h_t = tanh(W x_t + U s_t + b)
    y_t = V h_t + d

W (n, i), U (n, o), V (o, n). With a teacher, the target takes the place of g(y_t) on its way back; where the teacher
is silent (NaN) the net hears itself. Jordan, *Serial order: a parallel distributed processing approach*, 1986.
"""
from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, RecurrentSettings, heard, weight, with_teacher
from rnn_core.records import Card, Taught, setting

VOICES = {"linear": lambda y: y.clone(), "sigmoid": torch.sigmoid, "softmax": lambda y: torch.softmax(y, -1)}


class Settings(RecurrentSettings):
    """Jordan's network: units, how long the context lingers, and how an output sounds when fed back."""

    context_decay: float = setting(0.5, "How much of the context survives a step.", symbol="α", ge=0.0, le=1.0,
                                   step=0.05)
    feedback: Literal["linear", "sigmoid", "softmax"] = setting(
        "linear", "How an output is squashed before it is fed back.", symbol="g")


class JordanState(NamedTuple):
    """s (b, o) the context, y (b, o) the output that is on its way back."""

    s: Tensor
    y: Tensor


class Jordan(Cell):
    """Jordan's network: the context units hear the output layer, so it remembers only what it has said."""

    card = Card(
        title="Jordan network", row="A3", year=1986,
        reference="Jordan, Serial order: a parallel distributed processing approach, 1986",
        summary="The output, not the hidden layer, is fed back: it remembers what it said, and a teacher can say it.",
        equations={"s": "s_t = α s_{t−1} + g(y_{t−1})", "h": "h_t = tanh(W x_t + U s_t + b)", "y": "y_t = V h_t + d"},
        carried={"y": "y_t, or what the teacher says in its place"},
        symbols={"s": "cell", "h": "hidden", "y": "prediction"}, parameters="H*(I+O+1)+O*(H+1)",
        use="Producing sequences from a plan; and the classic example of what teacher forcing can and cannot teach.")
    Settings = Settings
    speaks = feeds_back = True

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size or 1)
        n, o = self.settings.hidden_size, self.output_size
        self.W, self.U, self.b = weight(n, input_size), weight(n, o), weight(n)
        self.V, self.d = weight(o, n), weight(o)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        super().initialise(generator)
        self.U.mul_(self.settings.gain)

    def initial_state(self, batch_size: int) -> JordanState:
        return JordanState(self.zeros(batch_size, self.output_size), self.zeros(batch_size, self.output_size))

    def project(self, x: Tensor | Taught) -> Taught:
        given = with_teacher(x, self.output_size)
        return Taught(linear(given.x, self.W, self.b), given.teacher)     # (…, n), (…, o)

    def advance(self, drive: Taught, state: JordanState) -> tuple[Tensor, JordanState, dict[str, Tensor]]:
        s = self.settings.context_decay * state.s + state.y
        h = torch.tanh(torch.addmm(drive.x, s, self.U.t()))
        y = torch.addmm(self.d, h, self.V.t())
        back = heard(VOICES[self.settings.feedback](y), drive.teacher)
        return y, JordanState(s, back), {"s": s, "h": h, "y": y}
