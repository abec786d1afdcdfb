"""A convolution below a recurrent net: filters find what is local, gated units keep what must last.

    u_t = [x_t; x_{t−1}; …; x_{t−k+1}]                      the window, zero before the start
    m_t = relu(C u_t + d)                                   the feature map
    r_t = σ(W_r m_t + R_r h_{t−1} + b_r)                    from here on a GRU that reads m, in any of its forms
    z_t = σ(W_z m_t + R_z h_{t−1} + b_z)
    n_t = tanh(W_n m_t + b_n + r_t ⊙ (R_n h_{t−1} + c))
    h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t−1}

C (n, k·i), d (n); W, R, b and c as in the GRU, with n inputs. Sainath et al., *Convolutional, long short-term memory,
fully connected deep neural networks*, 2015.
"""
from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells import gru
from rnn_core.cells.base import weight
from rnn_core.cells.window_mlp import window, windows
from rnn_core.records import Card, setting

FILTERS = {"u": "u_t = [x_t; x_{t−1}; …; x_{t−k+1}]", "m": "m_t = relu(C u_t + d)"}


class Settings(gru.GRU.Settings):
    """A convolution below a GRU: as many filters as units, how wide they are, and the GRU's own settings."""

    kernel: int = setting(3, "Steps that a filter sees, the present one included.", symbol="k", ge=2, le=8, main=True)


class CNNRNNState(NamedTuple):
    """x (b, (k−1)·i) the delay line, h (b, n)."""

    x: Tensor
    h: Tensor


class CNNRNN(gru.GRU):
    """A causal convolution whose feature map a GRU reads."""

    card = Card(
        title="CNN with GRU", row="A17", year=2015,
        reference="Sainath et al., Convolutional, long short-term memory, fully connected deep neural networks, 2015",
        summary="A causal convolution finds local patterns, and a GRU above it remembers them.",
        equations=FILTERS | {name: e.replace("x_t", "m_t") for name, e in gru.GRU.card.equations.items()},
        carried={"x": "x_t, x_{t−1}, …, x_{t−k+2}"},
        symbols={"u": "input", "m": "input", **gru.GRU.card.symbols}, parameters="H*(3*I+1)+3*H*(H+H+1)+H",
        use="Signals whose words are short patterns: speech, sensors, text by characters.")
    Settings = Settings

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        settings = settings if settings is not None else self.Settings()
        n, k = settings.hidden_size, settings.kernel
        super().__init__(n, settings, output_size)
        self.input_size = input_size
        self.C, self.d = weight(n, k * input_size), weight(n)
        above = gru.GRU(n, settings).card
        self.card = replace(
            type(self).card, parameters=f"H*({k}*I+1)+{above.parameters.replace('I', 'H')}",
            equations=FILTERS | {name: e.replace("x_t", "m_t") for name, e in above.equations.items()},
            symbols={"u": "input", "m": "input", **above.symbols})

    def initial_state(self, batch_size: int) -> CNNRNNState:
        n, k = self.settings.hidden_size, self.settings.kernel
        return CNNRNNState(self.zeros(batch_size, (k - 1) * self.input_size), self.zeros(batch_size, n))

    def project(self, x: Tensor) -> Tensor:
        return x

    def advance(self, drive: Tensor, state: CNNRNNState) -> tuple[Tensor, CNNRNNState, dict[str, Tensor]]:
        u, line = window(drive, state.x)
        m = torch.relu(linear(u, self.C, self.d))
        h, _, probes = super().advance(super().project(m), gru.GRUState(state.h))
        return h, CNNRNNState(line, h), {"u": u, "m": m, **probes}

    def fused(self, x: Tensor, state: CNNRNNState, lengths: Tensor | None) -> tuple[Tensor, CNNRNNState] | None:
        u, line = windows(x, state.x, lengths)
        got = super().fused(torch.relu(linear(u, self.C, self.d)), gru.GRUState(state.h), lengths)
        return None if got is None else (got[0], CNNRNNState(line, got[1].h))
