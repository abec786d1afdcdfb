"""Latching: the first steps carry one bit in noise, noise is all that follows, and at the end the bit is asked for.

    x_t = ±1 + s ε_t for t < K,   x_t = s ε_t after,   ε_t ~ N(0, 1)

The sign is the class. The best a reader of everything can do is to look at the sign of x_0 + … + x_{K−1}, which is
right with probability Φ(√K / s); what follows says nothing. Bengio, Simard & Frasconi, *Learning long-term dependencies
with gradient descent is difficult*, 1994.
"""
from __future__ import annotations

import math

import torch
from torch import Tensor

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import ClassificationTask


class LatchingSettings(Settings):
    """How long, how many steps carry the bit, and how much noise there is."""

    length: int = setting(40, "Numbers in a sequence.", symbol="T", ge=10, le=1000, main=True)
    telling: int = setting(3, "First steps that carry the bit.", symbol="K", ge=1, le=10)
    spread: float = setting(0.5, "Standard deviation of the noise at every step.", symbol="s", ge=0.1, le=3.0, step=0.1)


class Latching(ClassificationTask):
    """Latching: say at the end which sign the first numbers had."""

    card = Card(title="Latching", row="C25", year=1994,
                reference="Bengio, Simard & Frasconi, Learning long-term dependencies with gradient descent is "
                          "difficult, 1994",
                summary="The first numbers lie around 1 or −1, all others around 0; at the end the net must say which.",
                use="Can it hold one bit against noise, and learn to?")
    Settings = LatchingSettings
    input_size, output_size, reach = 1, 2, "length"
    words = ("minus", "plus")

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        length = self.settings.length
        bit = torch.randint(0, 2, (batch_size, 1), generator=generator)
        noise = self.settings.spread * torch.randn(batch_size, length, generator=generator)
        t = torch.arange(length)
        x = noise + (2 * bit - 1) * (t < self.settings.telling)
        return Batch(x.unsqueeze(-1), bit.expand(-1, length), scored=(t == length - 1).expand(batch_size, -1))

    def ceiling(self) -> float:
        """How often the best reader is right: Φ(√K / s)."""
        return (1 + math.erf(math.sqrt(self.settings.telling / 2) / self.settings.spread)) / 2

    def baseline(self) -> Baseline:
        value, best = 1 / len(self.words), f"{self.ceiling():.2%}"
        return Baseline(value, -math.log(value), f"toss a coin; the best reader is right in {best} of cases")

    def teacher(self, batch: Batch) -> Tensor:
        return torch.full((*batch.target.shape, self.output_size), torch.nan, device=batch.target.device)

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        inputs = [f"{v:.1f}" for v in batch.x[row, :, 0].tolist()]
        marks = list(range(self.settings.telling))
        expected = self.words[int(batch.target[row, -1])]
        if y is None:
            return Story(inputs, marks, expected)
        said = self.words[int(y[row, -1].argmax())]
        return Story(inputs, marks, expected, said, said == expected)
