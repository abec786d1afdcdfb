"""Gated recurrent unit, in its first and its third form.

    r_t = σ(W_r x_t + R_r h_{t−1} + b_r)                    reset gate
    z_t = σ(W_z x_t + R_z h_{t−1} + b_z)                    keep gate
    n_t = tanh(W_n x_t + b_n + r_t ⊙ (R_n h_{t−1} + c))     v3, the form of torch and Keras
    n_t = tanh(W_n x_t + b_n + R_n (r_t ⊙ h_{t−1}))         v1, the form of the paper and of ONNX
    h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t−1}

W (3n, i), R (3n, n), b (3n), stacked in the order r, z, n; c (n) only in v3. Papers disagree on which side z weighs:
here z keeps. Cho et al., *Learning phrase representations*, 2014.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, RecurrentSettings, packed_call, weight
from rnn_core.records import Card, setting


class Settings(RecurrentSettings):
    """GRU: how many units, and where the reset gate acts."""

    variant: Literal["v3", "v1"] = setting("v3", "v3 resets after the recurrent product (torch), v1 before it (paper).")


class GRUState(NamedTuple):
    """h (b, n)."""

    h: Tensor


class GRU(Cell):
    """Gated recurrent unit: one gate slides each unit between keeping and renewing, one silences its past."""

    card = Card(
        title="GRU", row="A8", year=2014, reference="Cho et al., Learning phrase representations, EMNLP 2014",
        summary="Two gates and no separate cell: each unit slides between its old value and a fresh candidate.",
        equations={"r": "r_t = σ(W_r x_t + R_r h_{t−1} + b_r)", "z": "z_t = σ(W_z x_t + R_z h_{t−1} + b_z)",
                   "n": "n_t = tanh(W_n x_t + b_n + r_t ⊙ (R_n h_{t−1} + c))",
                   "h": "h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t−1}"},
        symbols={"r": "read", "z": "forget", "n": "candidate", "h": "hidden"},
        parameters="3*H*(I+H+1)+H", use="Nearly what an LSTM does, with a quarter fewer weights; it counts less well.")
    Settings = Settings

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        n = self.settings.hidden_size
        self.W, self.R, self.b = weight(3 * n, input_size), weight(3 * n, n), weight(3 * n)
        if self.settings.variant == "v3":
            self.c = weight(n)
        else:
            paper = {**self.card.equations, "n": "n_t = tanh(W_n x_t + b_n + R_n (r_t ⊙ h_{t−1}))"}
            self.card = replace(self.card, equations=paper, parameters="3*H*(I+H+1)")

    def initial_state(self, batch_size: int) -> GRUState:
        return GRUState(self.zeros(batch_size, self.settings.hidden_size))

    def project(self, x: Tensor) -> Tensor:
        return linear(x, self.W, self.b)                                  # (…, 3n)

    def advance(self, drive: Tensor, state: GRUState) -> tuple[Tensor, GRUState, dict[str, Tensor]]:
        n_units, h = self.settings.hidden_size, state.h
        gates, x_n = drive.split([2 * n_units, n_units], 1)
        if self.settings.variant == "v3":
            h_rz, h_n = linear(h, self.R).split([2 * n_units, n_units], 1)
            r, z = torch.sigmoid(gates + h_rz).chunk(2, 1)
            n = torch.tanh(torch.addcmul(x_n, r, h_n + self.c))
        else:
            R_rz, R_n = self.R.split([2 * n_units, n_units], 0)
            r, z = torch.sigmoid(torch.addmm(gates, h, R_rz.t())).chunk(2, 1)
            n = torch.tanh(torch.addmm(x_n, r * h, R_n.t()))
        h = torch.lerp(n, h, z)
        return h, GRUState(h), {"r": r, "z": z, "n": n, "h": h}

    def fused(self, x: Tensor, state: GRUState, lengths: Tensor | None) -> tuple[Tensor, GRUState] | None:
        if self.settings.variant != "v3":
            return None
        c = torch.cat([torch.zeros_like(self.b[:2 * len(self.c)]), self.c])
        out, h = packed_call(torch._VF.gru, x, state, [self.W, self.R, self.b, c], lengths)
        return out, GRUState(h)

    @classmethod
    def from_weights(cls, module: torch.nn.GRU, W: Tensor, R: Tensor, b: Tensor, c: Tensor) -> GRU:
        """A GRU cell (v3) with the weights of one layer of ``torch.nn.GRU``; only the candidate keeps two biases."""
        n = R.shape[1]
        cell = cls(W.shape[1], Settings.model_construct(hidden_size=n)).to(W)
        joint = torch.cat([b[:2 * n] + c[:2 * n], b[2 * n:]])
        cell.load_state_dict({"W": W, "R": R, "b": joint, "c": c[2 * n:]})
        return cell


TORCH_MODULE = torch.nn.GRU
