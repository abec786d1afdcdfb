"""Figure of eight: the start is shown once, then the net must draw the curve by itself, round after round.

    place at angle a = (sin a, sin 2a),   a_t = a_0 + 2π t / L

x_0 = (sin a_0, cos a_0), and 0 afterwards; the target of step t is the place at a_{t+1}. The curve crosses itself in
its middle: where it goes from there follows from where it came from alone. Staying in the middle costs ½. Pearlmutter,
*Learning state space trajectories in recurrent neural networks*, 1989.
"""
from __future__ import annotations

import math

import torch
from torch import Tensor

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import RegressionTask
from rnn_core.tasks.sum_of_sines import numbers_story


class FigureEightSettings(Settings):
    """How long to draw, and how fast."""

    length: int = setting(60, "Steps to draw.", symbol="T", ge=4, le=1000, main=True)
    lap: int = setting(30, "Steps of one round.", symbol="L", ge=8, le=200)


class FigureEight(RegressionTask):
    """Figure of eight: shown where to start, draw a curve that crosses itself."""

    card = Card(title="Figure of eight", row="C16", year=1989,
                reference="Pearlmutter, Learning state space trajectories in recurrent neural networks, 1989",
                summary="The start is shown once; then the net draws a figure of eight by itself, round after round.",
                equations={"a": "place = (sin a, sin 2a), a_t = a_0 + 2π t / L"},
                use="Can it keep a rhythm of its own, and pass a crossing in the right direction?")
    Settings = FigureEightSettings
    input_size, output_size, grows = 2, 2, "length"

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self.drawn(2 * math.pi * torch.rand(batch_size, generator=generator))

    def drawn(self, start: Tensor) -> Batch:
        """The sequences that begin at these angles (b,)."""
        steps = torch.arange(1, self.settings.length + 1)
        angle = start.unsqueeze(1) + 2 * math.pi * steps / self.settings.lap
        x = torch.zeros(len(start), self.settings.length, 2)
        x[:, 0] = torch.stack([start.sin(), start.cos()], 1)
        return Batch(x, torch.stack([angle.sin(), (2 * angle).sin()], -1))

    def baseline(self) -> Baseline:
        batch = self.drawn(2 * math.pi * torch.arange(1000) / 1000)
        value = float(batch.target.var((0, 1), unbiased=False).mean())
        return Baseline(value, value, "stay in the middle")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        return numbers_story(batch, row, y, 0.2)
