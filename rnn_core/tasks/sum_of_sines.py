"""Sum of sines: slow and fast waves are mixed, and the net says what comes some steps on.

    v_t = √(2/J) Σ_j sin(2π t / P_j + φ_j),   P_j from 8 to 160 steps, evenly on a logarithmic scale,   φ_j at random

x_t = v_t and the target is v_{t+k}. Saying that nothing changes costs (2/J) Σ_j (1 − cos(2π k / P_j)); the fast waves
can be followed within a few steps, the slow ones only by who still knows what was long ago. Koutník et al. 2014.
"""
from __future__ import annotations

import math

import torch
from torch import Tensor

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import RegressionTask

FASTEST, SLOWEST = 8, 160


class SumOfSinesSettings(Settings):
    """How long, how many waves, and how far on the net must say the value."""

    length: int = setting(100, "Values in a sequence.", symbol="T", ge=8, le=1000, main=True)
    ahead: int = setting(1, "How many steps on the value lies that is asked for.", symbol="k", ge=1, le=80)
    waves: int = setting(4, "Number of waves in the mixture.", symbol="J", ge=1, le=8)


class SumOfSines(RegressionTask):
    """Sum of sines: read a mixture of slow and fast waves and say how it goes on."""

    card = Card(title="Sum of sines", row="C26", year=2014, reference="Koutník et al., A clockwork RNN, 2014",
                summary="Slow and fast waves are mixed into one curve; at every step the net says how it goes on.",
                equations={"v": "v_t = √(2/J) Σ_j sin(2π t / P_j + φ_j)"},
                use="Can it follow what is fast and what is slow at the same time?")
    Settings = SumOfSinesSettings
    input_size, output_size, grows = 1, 1, "length"

    @property
    def periods(self) -> Tensor:
        """P (j,) in steps, the fastest first."""
        return torch.logspace(math.log10(FASTEST), math.log10(SLOWEST), self.settings.waves, dtype=torch.float64)

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        length, ahead, waves = self.settings.length, self.settings.ahead, self.settings.waves
        phase = 2 * math.pi * torch.rand(batch_size, 1, waves, generator=generator)
        t = torch.arange(length + ahead, dtype=torch.float64).unsqueeze(1)
        turns = (2 * math.pi * (t / self.periods % 1)).float()                          # (t + k, j)
        curve = math.sqrt(2 / waves) * torch.sin(turns + phase).sum(-1, keepdim=True)   # (b, t + k, 1)
        return Batch(curve[:, :length], curve[:, ahead:])

    def baseline(self) -> Baseline:
        change = 1 - torch.cos(2 * math.pi * self.settings.ahead / self.periods)
        value = float(2 / self.settings.waves * change.sum())
        return Baseline(value, value, "always say the value of just now again")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        return numbers_story(batch, row, y, 0.2)


def numbers_story(batch: Batch, row: int, y: Tensor | None, near: float) -> Story:
    """A sequence of numbers and of numbers to be said; the last answer is right when it is as near as ``near``."""
    inputs = [" ".join(f"{v:.2f}" for v in step) for step in batch.x[row].tolist()]
    targets = [" ".join(f"{v:.2f}" for v in step) for step in batch.target[row].tolist()]
    last = [len(inputs) - 1]
    if y is None:
        return Story(inputs, last, targets[-1], targets=targets)
    said = y[row, -1].tolist()
    right = all(abs(a - b) <= near for a, b in zip(said, batch.target[row, -1].tolist(), strict=True))
    return Story(inputs, last, targets[-1], " ".join(f"{v:.2f}" for v in said), right, targets)
