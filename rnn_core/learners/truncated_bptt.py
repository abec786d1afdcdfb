"""Truncated backpropagation through time, BPTT(k1; k2).

    after every k1 steps, at t:   g ← g + Σ_{t−k1 < u ≤ t} ∂ℓ_u/∂θ, sent back through steps t−k2+1 … t alone

The state goes on from window to window, the error does not leave its window: what lies k2 or more steps before the end
of the window contributes exactly 0. With k2 = T it is BPTT. With k2 < k1 the first k1 − k2 errors of a window are not
heard at all. Time O(W k2/k1) a step, memory O(H k2): the window is run again from the state it starts with. Williams &
Peng, *An efficient gradient-based algorithm for on-line training of recurrent network trajectories*, 1990; Sutskever,
*Training recurrent neural networks*, 2013.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from rnn_core.learners.base import StepwiseLearner, StepwiseSettings, send_back
from rnn_core.records import Batch, Card, Needs, NetworkTrace, setting
from rnn_core.records.trees import tmap


class TruncatedSettings(StepwiseSettings):
    """How often an error is sent back, and how far."""

    window_every: int = setting(5, "Steps between two ways back.", symbol="k1", ge=1, le=1000, main=True)
    window_back: int = setting(10, "Steps that an error is sent back.", symbol="k2", ge=1, le=1000, main=True)


class TruncatedBPTT(StepwiseLearner):
    """Truncated BPTT: every k1 steps the latest errors go back k2 steps, and no further."""

    card = Card(title="Truncated backpropagation through time", short="Truncated BPTT", row="B2", year=1990,
                reference="Williams & Peng 1990; Sutskever, Training recurrent neural networks, 2013",
                summary="Pass the blame back only a fixed number of steps, which is cheap and blind beyond them.",
                equations={"g": "g = Σ_t Σ_{u ∈ (t−k1, t]} ∂ℓ_u/∂θ, t = k1, 2 k1, …",
                           "ℓ": "∂ℓ_u/∂θ through steps t−k2+1 … t"},
                symbols={"g": "gradient"}, use="How far back must an error be sent?")
    Settings = TruncatedSettings
    needs = Needs(waits="window", keeps="window", blames="window", local=True,
                  reads="for the last k2 steps the state where it begins and the error where it ends")

    def pieces(self, batch: Batch, teacher: Tensor | None) -> Iterator[float]:
        counted, length = int(batch.counted.sum()), batch.target.shape[1]
        states: dict[int, Any] = {0: None}
        for first in range(0, length, self.settings.window_every):
            last = min(first + self.settings.window_every, length)
            start, loss = max(0, last - self.settings.window_back), 0.0
            if start > first:
                with torch.no_grad():
                    trace = self._run(batch, teacher, first, start, states[first])
                    loss = float(self.share(trace.outputs, batch.steps(first, start), counted))
                states = {start: trace.main.final}
            trace, heard = self._run(batch, teacher, start, last, states[start]), max(first, start)
            loss += send_back(self.share(trace.outputs[:, heard - start:], batch.steps(heard, last), counted))
            entering = [*trace.main.nodes, trace.main.final]
            states = {start + k: tmap(Tensor.detach, state) for k, state in enumerate(entering)} | {0: None}
            yield loss

    def _run(self, batch: Batch, teacher: Tensor | None, first: int, last: int, state: Any) -> NetworkTrace:
        """The network along some steps, from the state that enters the first of them."""
        part = batch.steps(first, last)
        said = None if teacher is None else teacher[:, first:last]
        return self.network.trace(part.x, mask=part.mask, state=state, teacher=said)
