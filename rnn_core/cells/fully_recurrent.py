"""The fully recurrent net: one layer of units, each joined to each, and some of them are the outputs.

    u_t = W x_t + b
    a_t = u_t + (M ⊙ R) h_{t−1}
    y_t = g(a_t[:o])                       the outputs are units
    h_t = [y_t; tanh(a_t[o:])]             what every unit hears one step later

W (n, i), R and M (n, n), b (n), with n = o + H: the o output units first, then H hidden ones. M holds 1 where a
connection exists and 0 where there is none. With a teacher, the target takes the place of y_t in h_t (teacher forcing);
where the teacher is silent (NaN) the net hears itself. An output hears the hidden units one step late, so whatever must
be bent together by them, such as an exclusive or, is there after one more step. Williams & Zipser, *A learning
algorithm for continually running fully recurrent neural networks*, 1989.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, RecurrentSettings, heard, weight, with_teacher
from rnn_core.cells.elman import FUNCTIONS
from rnn_core.records import Card, Taught, setting

MASKS = {"full": lambda n: torch.ones(n, n), "no-self": lambda n: torch.ones(n, n) - torch.eye(n),
         "ring": lambda n: torch.eye(n).roll(1, 0), "triangle": lambda n: torch.ones(n, n).triu()}
COUNTS = {"full": "(H+O)*(I+H+O+1)", "no-self": "(H+O)*(I+H+O)", "ring": "(H+O)*(I+2)",
          "triangle": "(H+O)*(I+1)+(H+O)*(H+O+1)/2"}


class Settings(RecurrentSettings):
    """The fully recurrent net: hidden units, who hears whom, and what bends the output units."""

    connections: Literal["full", "no-self", "ring", "triangle"] = setting(
        "full", "Who hears whom: each unit all, all but itself, only the one before it, or itself and those after it.",
        symbol="M")
    output_activation: Literal["linear", "sigmoid", "tanh"] = setting(
        "linear", "What bends an output unit's sum; only linear reaches targets beyond 1 and scores of classes.",
        symbol="g")


class FullyRecurrentState(NamedTuple):
    """h (b, n): the output units, or what the teacher put in their place, then the hidden units."""

    h: Tensor


class FullyRecurrent(Cell):
    """The fully recurrent net: no layers, only units, and the first of them speak."""

    card = Card(
        title="Fully recurrent net", row="A1", year=1989,
        reference="Williams & Zipser, A learning algorithm for continually running fully recurrent neural networks, "
                  "1989",
        summary="Every unit hears every unit; a few of them are the outputs, and a teacher can overwrite those.",
        equations={"u": "u_t = W x_t + b", "y": "y_t = g(a_t[:o]) with a_t = u_t + (M ⊙ R) h_{t−1}",
                   "h": "h_t = [y_t; tanh(a_t[o:])]"},
        symbols={"u": "input", "y": "prediction", "h": "hidden"}, parameters=COUNTS["full"],
        use="The general case that layered nets restrict; real-time recurrent learning was made for it.")
    Settings = Settings
    speaks = feeds_back = True

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size or 1)
        n = self.settings.hidden_size + self.output_size
        self.W, self.R, self.b = weight(n, input_size), weight(n, n), weight(n)
        self.register_buffer("M", MASKS[self.settings.connections](n), persistent=False)
        self.card = replace(self.card, parameters=COUNTS[self.settings.connections])

    @property
    def weight_count(self) -> int:
        """Every number but the weights of connections that are not there."""
        return self.W.numel() + int(self.M.sum()) + self.b.numel()

    def initial_state(self, batch_size: int) -> FullyRecurrentState:
        return FullyRecurrentState(self.zeros(batch_size, len(self.b)))

    def project(self, x: Tensor | Taught) -> Taught:
        given = with_teacher(x, self.output_size)
        return Taught(linear(given.x, self.W, self.b), given.teacher)     # (…, n), (…, o)

    def advance(self, drive: Taught, state: FullyRecurrentState) -> tuple[Tensor, FullyRecurrentState,
                                                                          dict[str, Tensor]]:
        R = self.R if self.settings.connections == "full" else self.M * self.R
        u = drive.x
        a_y, a_h = torch.addmm(u, state.h, R.t()).split([self.output_size, self.settings.hidden_size], 1)
        y = FUNCTIONS[self.settings.output_activation](a_y)
        h = torch.cat([heard(y, drive.teacher), torch.tanh(a_h)], 1)
        return y, FullyRecurrentState(h), {"u": u, "y": y, "h": h}
