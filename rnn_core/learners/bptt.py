"""Backpropagation through time.

    δ_t = φ'(a_t) ⊙ (Vᵀ ε_t + Rᵀ δ_{t+1}),   ∇R = Σ_t δ_t h_{t−1}ᵀ
    g ← g · min(1, clip / ‖g‖)
    SGD       θ ← θ − η g
    momentum  v ← μ v + g,  θ ← θ − η v
    RMSProp   s ← .99 s + .01 g²,  θ ← θ − η g / (√s + 10⁻⁸)
    Adam      with β = .9, .999

The whole sequence is unrolled and differentiated. Rumelhart, Hinton & Williams 1986; Werbos 1990.
"""
from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from rnn_core.learners.base import GradientLearner, GradientSettings, send_back
from rnn_core.records import Batch, Card, Needs


class BPTTSettings(GradientSettings):
    """How far and in which way each update steps."""


class BPTT(GradientLearner):
    """Backpropagation through time: unroll, measure the error, send it back through every step, take a small step."""

    card = Card(title="Backpropagation through time", short="BPTT", row="B1", year=1986,
                reference="Rumelhart, Hinton & Williams 1986; Werbos, Backpropagation through time, 1990",
                summary="Unroll the sequence, send the error back through every step, and step downhill.",
                equations={"δ": "δ_t = φ'(a_t) ⊙ (Vᵀ ε_t + Rᵀ δ_{t+1})", "g": "∇R = Σ_t δ_t h_{t−1}ᵀ"},
                symbols={"δ": "gradient", "g": "gradient"})
    Settings = BPTTSettings
    needs = Needs(waits="sequence", keeps="sequence", blames="sequence", local=True,
                  reads="for each step the state where it begins and the error where it ends")

    def pieces(self, batch: Batch, teacher: Tensor | None) -> Iterator[float]:
        y = self.network(batch.x, mask=batch.mask, teacher=teacher)
        yield send_back(self.task.loss(y, batch))
