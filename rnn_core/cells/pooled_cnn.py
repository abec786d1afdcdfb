"""A pooled convolutional net: filters over the recent past, and what they found at best, or on average, so far.

    u_t = [x_t; x_{t−1}; …; x_{t−k+1}]             the window, zero before the start
    a_t = W u_t + b
    m_t = max(m_{t−1}, a_t),  m_0 = 0              so m_t = max_{s ≤ t} relu(a_s)
    m_t = m_{t−1} + (relu(a_t) − m_{t−1}) / t      the mean of relu(a_s) over s ≤ t

W (n, k·i), b (n). The state is the delay line, the pool and the number of steps. Kim, *Convolutional neural networks
for sentence classification*, 2014.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, weight
from rnn_core.cells.window_mlp import blank_tail, last, window, windows
from rnn_core.records import Card, Settings, setting

MEAN = "m_t = m_{t−1} + (relu(a_t) − m_{t−1}) / t"


class PooledCNNSettings(Settings):
    """A pooled convolutional net: filters, their width, and how their findings are summed up."""

    hidden_size: int = setting(32, "Number of filters.", symbol="H", ge=1, le=512, main=True)
    kernel: int = setting(3, "Steps that a filter sees, the present one included.", symbol="k", ge=2, le=8, main=True)
    pool: Literal["max", "mean"] = setting("max", "Keep the strongest answer of each filter so far, or the mean.")


class PooledCNNState(NamedTuple):
    """x (b, (k−1)·i) the delay line, m (b, n) the pool, steps (b, 1) how many there were."""

    x: Tensor
    m: Tensor
    steps: Tensor


class PooledCNN(Cell):
    """A pooled convolutional net: it knows which local patterns occurred, and not where."""

    card = Card(
        title="Pooled CNN", row="A17", year=2014,
        reference="Kim, Convolutional neural networks for sentence classification, 2014",
        summary="Filters over the recent past and their strongest answer so far: it cannot know when a pattern came.",
        equations={"u": "u_t = [x_t; x_{t−1}; …; x_{t−k+1}]", "a": "a_t = W u_t + b", "m": "m_t = max(m_{t−1}, a_t)"},
        carried={"x": "x_t, x_{t−1}, …, x_{t−k+2}", "steps": "steps_{t−1} + 1"},
        symbols={"u": "input", "a": "candidate", "m": "hidden"}, parameters="H*(3*I+1)",
        use="Did it occur at all? Short patterns anywhere in a sequence, in no order.")
    Settings = PooledCNNSettings
    kernel_wins = True

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        n, k = self.settings.hidden_size, self.settings.kernel
        self.W, self.b = weight(n, k * input_size), weight(n)
        self.card = replace(self.card, parameters=f"H*({k}*I+1)")
        if self.settings.pool == "mean":
            self.card = replace(
                self.card, equations=self.card.equations | {"m": MEAN},
                summary=self.card.summary.replace("strongest", "mean"))

    def initial_state(self, batch_size: int) -> PooledCNNState:
        n, k = self.settings.hidden_size, self.settings.kernel
        return PooledCNNState(self.zeros(batch_size, (k - 1) * self.input_size), self.zeros(batch_size, n),
                              self.zeros(batch_size, 1))

    def advance(self, drive: Tensor, state: PooledCNNState) -> tuple[Tensor, PooledCNNState, dict[str, Tensor]]:
        u, line = window(drive, state.x)
        a = linear(u, self.W, self.b)
        steps = state.steps + 1
        if self.settings.pool == "max":
            m = torch.maximum(state.m, a)
        else:
            m = state.m + (torch.relu(a) - state.m) / steps
        return m, PooledCNNState(line, m, steps), {"u": u, "a": a, "m": m}

    def fused(self, x: Tensor, state: PooledCNNState, lengths: Tensor | None) -> tuple[Tensor, Any]:
        u, line = windows(x, state.x, lengths)
        a = linear(u, self.W, self.b)
        steps = state.steps.unsqueeze(1) + torch.arange(1, x.shape[1] + 1, device=x.device).unsqueeze(-1)   # (b, t, 1)
        before = state.m.unsqueeze(1)
        if self.settings.pool == "max":
            m = torch.cat([before, a], 1).cummax(1).values[:, 1:]
        else:
            m = (before * state.steps.unsqueeze(1) + torch.relu(a).cumsum(1)) / steps
        return blank_tail(m, lengths), PooledCNNState(line, last(m, lengths), last(steps, lengths))
