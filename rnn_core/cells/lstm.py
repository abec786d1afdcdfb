"""Long short-term memory with a forget gate.

    i_t = σ(W_i x_t + R_i h_{t−1} + b_i)        write gate
    f_t = σ(W_f x_t + R_f h_{t−1} + b_f)        keep gate
    g_t = tanh(W_g x_t + R_g h_{t−1} + b_g)     candidate
    o_t = σ(W_o x_t + R_o h_{t−1} + b_o)        read gate
    c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t
    h_t = o_t ⊙ tanh(c_t)

W (4n, i), R (4n, n), b (4n), stacked in the order i, f, g, o. Hochreiter & Schmidhuber 1997; forget gate: Gers,
Schmidhuber & Cummins 2000.
"""
from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, RecurrentSettings, packed_call, weight
from rnn_core.records import Card, setting


class Settings(RecurrentSettings):
    """LSTM: how many cells, and how firmly they keep at the start."""

    forget_bias: float = setting(1.0, "Fresh bias of the keep gate: at 1 a new cell keeps about 73 % a step.",
                                 symbol="b_f", ge=-10.0, le=10.0, step=0.5)


class LSTMState(NamedTuple):
    """h (b, n), c (b, n)."""

    h: Tensor
    c: Tensor


class LSTM(Cell):
    """Long short-term memory: a cell that adds, and three gates that decide what it keeps, takes in and shows."""

    card = Card(
        title="LSTM", row="A7", year=1997,
        reference="Hochreiter & Schmidhuber, Long short-term memory, 1997; Gers, Schmidhuber & Cummins, 2000",
        summary="A memory cell that changes by addition, guarded by gates that learn when to keep, write and read.",
        equations={"i": "i_t = σ(W_i x_t + R_i h_{t−1} + b_i)", "f": "f_t = σ(W_f x_t + R_f h_{t−1} + b_f)",
                   "g": "g_t = tanh(W_g x_t + R_g h_{t−1} + b_g)", "o": "o_t = σ(W_o x_t + R_o h_{t−1} + b_o)",
                   "c": "c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t", "h": "h_t = o_t ⊙ tanh(c_t)"},
        symbols={"i": "write", "f": "forget", "g": "candidate", "o": "read", "c": "cell", "h": "hidden"},
        parameters="4*H*(I+H+1)", use="Long lags, counting, text: wherever something must be kept for many steps.")
    Settings = Settings
    kernel_wins = True

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        n = self.settings.hidden_size
        self.W, self.R, self.b = weight(4 * n, input_size), weight(4 * n, n), weight(4 * n)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        super().initialise(generator)
        self.b.view(4, -1)[1] = self.settings.forget_bias

    def initial_state(self, batch_size: int) -> LSTMState:
        n = self.settings.hidden_size
        return LSTMState(self.zeros(batch_size, n), self.zeros(batch_size, n))

    def project(self, x: Tensor) -> Tensor:
        return linear(x, self.W, self.b)                                  # (…, 4n)

    def advance(self, drive: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState, dict[str, Tensor]]:
        a_i, a_f, a_g, a_o = torch.addmm(drive, state.h, self.R.t()).chunk(4, 1)
        i = torch.sigmoid(a_i)
        f = torch.sigmoid(a_f)
        g = torch.tanh(a_g)
        o = torch.sigmoid(a_o)
        c = f * state.c + i * g
        h = o * torch.tanh(c)
        return h, LSTMState(h, c), {"i": i, "f": f, "g": g, "o": o, "c": c, "h": h}

    def fused(self, x: Tensor, state: LSTMState, lengths: Tensor | None) -> tuple[Tensor, LSTMState] | None:
        out, h, c = packed_call(torch._VF.lstm, x, state, [self.W, self.R, self.b, torch.zeros_like(self.b)], lengths)
        return out, LSTMState(h, c)

    @classmethod
    def from_weights(cls, module: torch.nn.LSTM, W: Tensor, R: Tensor, b: Tensor, c: Tensor) -> LSTM:
        """An LSTM cell with the weights of one layer of ``torch.nn.LSTM``, its two biases summed."""
        cell = cls(W.shape[1], Settings.model_construct(hidden_size=R.shape[1])).to(W)
        cell.load_state_dict({"W": W, "R": R, "b": b + c})
        return cell


TORCH_MODULE = torch.nn.LSTM
