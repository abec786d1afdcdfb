"""Delayed recall: a symbol is shown once, then nothing, and after a lag it is asked for.

x_0 is the symbol as one of S, x_1 … x_{L−1} are zero, x_L is the cue. The target is the class "blank" until the cue and
then the symbol. With S = 2 this is storing one bit: what a teacher would say before the cue is always the same, and so
holds nothing of the bit. Guessing names 1/S of the symbols.
"""
from __future__ import annotations

import math
import string

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import ClassificationTask

BLANK, CUE = "·", "?"


class DelayedRecallSettings(Settings):
    """How many symbols there are, and how long they must be kept."""

    lag: int = setting(20, "Steps between the symbol and the question.", symbol="L", ge=1, le=1000, main=True)
    symbols: int = setting(4, "Number of different symbols; with 2 the net stores one bit.", symbol="S", ge=2, le=10)
    ragged: bool = setting(False, "Draw each sequence's lag between half of L and L.")


class DelayedRecall(ClassificationTask):
    """Delayed recall: name the first symbol when, much later, the cue comes."""

    card = Card(title="Delayed recall", row="C25", year=1997,
                reference="Hochreiter & Schmidhuber, Long short-term memory, 1997",
                summary="A symbol is shown first, then comes a long nothing; at the cue the net must name the symbol.",
                use="How long can it hold on to one thing?")
    Settings = DelayedRecallSettings
    metric_name, reach = "accuracy at the question", "lag"

    def __init__(self, settings: DelayedRecallSettings | None = None) -> None:
        super().__init__(settings)
        self.input_size = self.output_size = self.settings.symbols + 1
        self.blank = self.settings.symbols
        self.words = [*string.ascii_uppercase[:self.blank], BLANK]

    @property
    def lags(self) -> range:
        """The lags that occur, each equally often."""
        lag = self.settings.lag
        return range(max(1, lag // 2) if self.settings.ragged else lag, lag + 1)

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        shown = torch.randint(0, self.settings.symbols, (batch_size,), generator=generator)
        lags = torch.full((batch_size,), self.settings.lag)
        if self.settings.ragged:
            lags = torch.randint(self.lags[0], self.lags[-1] + 1, (batch_size,), generator=generator)
        return self.show(shown, lags)

    def show(self, shown: Tensor, lags: Tensor) -> Batch:
        """The sequences with these symbols (b,) and these lags (b,)."""
        steps, row = self.settings.lag + 1, torch.arange(len(shown))
        x = torch.zeros(len(shown), steps, self.input_size)
        x[:, 0] = one_hot(shown, self.input_size).float()
        x[row, lags, self.blank] = 1
        target = torch.full((len(shown), steps), self.blank)
        target[row, lags] = shown
        return Batch(x, target, torch.arange(steps) <= lags.unsqueeze(1) if self.settings.ragged else None)

    def asked(self, batch: Batch) -> Tensor:
        """(b, t) true at the step of the question."""
        return batch.counted & (batch.target != self.blank)

    def metric(self, y: Tensor, batch: Batch) -> float:
        asked = self.asked(batch)
        return float((y[asked].argmax(-1) == batch.target[asked]).float().mean())

    def baseline(self) -> Baseline:
        every, lag = torch.arange(self.settings.symbols), torch.full((self.settings.symbols,), self.settings.lag)
        batch = self.show(every, lag)
        best = int(batch.target[self.asked(batch)].bincount().max()) / len(every)
        steps = sum(lag + 1 for lag in self.lags) / len(self.lags)
        return Baseline(best, math.log(len(every)) / steps, "always name the same symbol")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        at = int(self.asked(batch)[row].nonzero())
        shown = self.words[int(batch.x[row, 0].argmax())]
        inputs, targets = [shown, *[BLANK] * (at - 1), CUE], [self.words[k] for k in batch.target[row, :at + 1]]
        if y is None:
            return Story(inputs, [0, at], targets[-1], targets=targets)
        said = self.words[int(y[row, at].argmax())]
        return Story(inputs, [0, at], targets[-1], said, said == targets[-1], targets)
