"""Forecast: say the next value of a series of numbers, the visitor's own or a year's weather in small.

Without a series of one's own: v_t = 10 − 8 cos(2π t / 36) + 3 sin(2π t / 9) + w_t with w_t = .7 w_{t−1} + ε_t,
ε ~ N(0, 1), 6,000 values from one fixed seed: two seasons and weather that lingers. The last fifth is held out. The
net reads x_t = (v_t − m) / s, with the mean m and the deviation s of the part to learn from, and says x_{t+1}.
"""
from __future__ import annotations

import hashlib
import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.records.given import given
from rnn_core.tasks.base import RegressionTask

HELD_OUT, LEAST = 0.2, 40


class Series(NamedTuple):
    """``learnt`` and ``held`` in units of the first's deviation about its mean: ``mean`` and ``scale``."""

    learnt: Tensor
    held: Tensor
    mean: float
    scale: float
    digest: str


def numbers(text: str) -> list[float]:
    """One number a line; ValueError, in one sentence, for a line that is none, one that is not finite, or too few."""
    found = []
    for k, line in enumerate(text.split(), 1):
        try:
            value = float(line)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(f"Value {k} of this series is not a finite number.")
        found.append(value)
    if len(found) < LEAST:
        raise ValueError(f"This series has {len(found)} values; at least {LEAST} are needed.")
    return found


def weather() -> list[float]:
    """The series that is there when none was given."""
    noise = torch.randn(6000, generator=torch.Generator().manual_seed(9), dtype=torch.float64).tolist()
    values, lingering = [], 0.0
    for t, new in enumerate(noise):
        lingering = 0.7 * lingering + new
        values.append(10 - 8 * math.cos(2 * math.pi * t / 36) + 3 * math.sin(2 * math.pi * t / 9) + lingering)
    return values


@lru_cache(maxsize=8)
def read(data: str) -> Series:
    """The series that was kept under a SHA-256, or the weather."""
    own = "\n".join(f"{v:.6f}" for v in weather())
    digest = hashlib.sha256(own.encode()).hexdigest()
    values = torch.tensor(numbers(own if data in ("", digest) else given(data)), dtype=torch.float64)
    cut = len(values) - int(len(values) * HELD_OUT)
    mean, scale = float(values[:cut].mean()), float(values[:cut].std(unbiased=False))
    if scale == 0.0:
        raise ValueError("This series does not change in the part to learn from, so there is nothing to learn.")
    scaled = ((values - mean) / scale).float()
    return Series(scaled[:cut], scaled[cut:], mean, scale, data or digest)


class ForecastSettings(Settings):
    """How much of the series is read at a time."""

    length: int = setting(30, "Values in a sequence.", symbol="T", ge=4, le=1000, main=True)


class Forecast(RegressionTask):
    """Forecast: read a series value by value and say each next one."""

    card = Card(title="Forecast", row="C9", year=1927,
                reference="Yule, On a method of investigating periodicities in disturbed series, 1927",
                summary="A series of numbers, seasons and noise or a column of your own; the net says each next value.",
                equations={"x": "x_t = (v_t − m) / s"}, use="Does a recurrent net see more than “as it was just now”?")
    Settings = ForecastSettings
    input_size, output_size, grows, takes_data = 1, 1, "length", "numbers"

    def __init__(self, settings: ForecastSettings | None = None, data: str = "") -> None:
        super().__init__(settings)
        self.series = read(data)
        self.data_hash, length = self.series.digest, self.settings.length
        if len(self.series.held) <= length:
            raise ValueError(f"This series is too short for sequences of {length}: its held-out fifth has "
                             f"{len(self.series.held)} values.")

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self._windows(self.series.learnt, batch_size, generator)

    def held_out(self, count: int, generator: torch.Generator) -> Batch:
        return self._windows(self.series.held, count, generator)

    def _windows(self, values: Tensor, count: int, generator: torch.Generator) -> Batch:
        length = self.settings.length
        start = torch.randint(0, len(values) - length, (count, 1), generator=generator)
        picked = values[start + torch.arange(length + 1)].unsqueeze(-1)
        return Batch(picked[:, :-1], picked[:, 1:])

    def baseline(self) -> Baseline:
        value = float(self.series.held.diff().pow(2).mean())
        return Baseline(value, value, "always say the value of just now again")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        def told(values: Tensor) -> list[str]:
            return [f"{v * self.series.scale + self.series.mean:.4g}" for v in values.tolist()]

        inputs, targets = told(batch.x[row, :, 0]), told(batch.target[row, :, 0])
        last = [len(inputs) - 1]
        if y is None:
            return Story(inputs, last, targets[-1], targets=targets)
        before, wanted, said = (float(v) for v in (batch.x[row, -1, 0], batch.target[row, -1, 0], y[row, -1, 0]))
        nearer = abs(said - wanted) <= abs(before - wanted)
        return Story(inputs, last, targets[-1], told(y[row, -1:, 0])[0], nearer, targets)
