"""NARX: a feedforward net over what it read last and what it said last.

    u_t = [x_t; x_{t−1}; …; x_{t−p}]           zero before the start
    v_t = [y_{t−1}; y_{t−2}; …; y_{t−q}]
    h_t = φ(W u_t + U v_t + b)
    y_t = V h_t + d

W (n, (p+1)·i), U (n, q·o), b (n), V (o, n), d (o). The state is two delay lines, the newest first. With a teacher, the
targets fill the line of outputs (series-parallel); where the teacher is silent (NaN) the net hears itself (parallel).
An error reaches q steps back at once, so it passes through fewer slopes on its way. *Nonlinear autoregressive with
exogenous inputs*: Lin, Horne, Tiňo & Giles, *Learning long-term dependencies in NARX recurrent neural networks*, 1996;
Siegelmann, Horne & Giles, *Computational capabilities of recurrent NARX neural networks*, 1997.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, heard, weight, with_teacher
from rnn_core.cells.elman import FUNCTIONS
from rnn_core.cells.window_mlp import window
from rnn_core.records import Card, Settings, Taught, setting


class NARXSettings(Settings):
    """NARX: how many units, how far back it reads, and how far back it hears itself."""

    hidden_size: int = setting(32, "Number of hidden units.", symbol="H", ge=1, le=512, main=True)
    input_delays: int = setting(3, "Past inputs that the net sees beside the present one.", symbol="p", ge=1, le=64,
                                main=True)
    output_delays: int = setting(6, "Past outputs that the net hears.", symbol="q", ge=1, le=64, main=True)
    activation: Literal["tanh", "linear"] = setting(
        "tanh", "What bends the sum of a unit's inputs; linear makes it an ARX model.", symbol="φ")


class NARXState(NamedTuple):
    """x (b, p·i) and y (b, q·o): the delay lines of inputs and of outputs, the newest first."""

    x: Tensor
    y: Tensor


class NARX(Cell):
    """NARX: its whole memory is a line of past inputs and a line of past outputs."""

    card = Card(
        title="NARX network", row="A15", year=1996,
        reference="Lin, Horne, Tiňo & Giles, Learning long-term dependencies in NARX recurrent neural networks, 1996; "
                  "Siegelmann, Horne & Giles, 1997",
        summary="A hidden layer over the last inputs and the last outputs, which a teacher may say in its place.",
        equations={"u": "u_t = [x_t; x_{t−1}; …; x_{t−p}]", "v": "v_t = [y_{t−1}; y_{t−2}; …; y_{t−q}]",
                   "h": "h_t = tanh(W u_t + U v_t + b)", "y": "y_t = V h_t + d"},
        carried={"x": "x_t, x_{t−1}, …, x_{t−p+1}", "y": "y_t, y_{t−1}, …, y_{t−q+1}; the teacher's where it speaks"},
        symbols={"u": "input", "v": "cell", "h": "hidden", "y": "prediction"}, parameters="H*(4*I+6*O+1)+O*(H+1)",
        use="Identifying a plant from its inputs and outputs; holding a bit longer than a plain net of its size.")
    Settings = NARXSettings
    speaks = feeds_back = True

    def __init__(self, input_size: int, settings: NARXSettings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size or 1)
        s, o = self.settings, self.output_size
        self.W, self.U = weight(s.hidden_size, (s.input_delays + 1) * input_size), weight(s.hidden_size,
                                                                                         s.output_delays * o)
        self.b, self.V, self.d = weight(s.hidden_size), weight(o, s.hidden_size), weight(o)
        bent = {"h": "h_t = W u_t + U v_t + b"} if s.activation == "linear" else {}
        self.card = replace(self.card, equations={**self.card.equations, **bent},
                            parameters=f"H*({s.input_delays + 1}*I+{s.output_delays}*O+1)+O*(H+1)")

    def initial_state(self, batch_size: int) -> NARXState:
        return NARXState(self.zeros(batch_size, self.settings.input_delays * self.input_size),
                         self.zeros(batch_size, self.settings.output_delays * self.output_size))

    def project(self, x: Tensor | Taught) -> Taught:
        return with_teacher(x, self.output_size)

    def advance(self, drive: Taught, state: NARXState) -> tuple[Tensor, NARXState, dict[str, Tensor]]:
        v = state.y
        u, read = window(drive.x, state.x)
        a = torch.addmm(linear(u, self.W, self.b), v, self.U.t())
        h = FUNCTIONS[self.settings.activation](a)
        y = torch.addmm(self.d, h, self.V.t())
        _, said = window(heard(y, drive.teacher), v)
        return y, NARXState(read, said), {"u": u, "v": v, "h": h, "y": y}
