"""Look ahead: the label of a step is the symbol that comes k steps later, so that the past alone says nothing of it.

x_t is one of S symbols, drawn anew at every step; the target at step t is x_{t+k}. The last k steps have no label. What
is known up to step t leaves x_{t+k} at 1/S; a net that also reads from the end only has to keep k symbols. Schuster &
Paliwal 1997.
"""
from __future__ import annotations

import math
import string

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import ClassificationTask

NONE = "·"


class LookAheadSettings(Settings):
    """How many labels, how far ahead they lie, and among how many symbols."""

    length: int = setting(20, "Steps with a label; a few more follow, for the last labels to lie in.", symbol="T", ge=2,
                          le=1000, main=True)
    ahead: int = setting(2, "How many steps ahead the label of a step lies.", symbol="k", ge=1, le=20, main=True)
    symbols: int = setting(2, "Number of different symbols.", symbol="S", ge=2, le=10)
    ragged: bool = setting(False, "Draw each sequence's number of labels between half of T and T.")


class LookAhead(ClassificationTask):
    """Look ahead: say at every step which symbol will come k steps later."""

    card = Card(title="Look ahead", row="A9", year=1997,
                reference="Schuster & Paliwal, Bidirectional recurrent neural networks, 1997",
                summary="Each step's label is the symbol k steps later: whoever hears only the past must guess.",
                equations={"y": "y_t = x_{t+k}"}, use="Does it read from both ends?")
    Settings = LookAheadSettings
    grows = "length"

    def __init__(self, settings: LookAheadSettings | None = None) -> None:
        super().__init__(settings)
        self.input_size = self.output_size = self.settings.symbols
        self.words = string.ascii_uppercase[:self.settings.symbols]

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        top, ahead = self.settings.length, self.settings.ahead
        shown = torch.randint(0, self.settings.symbols, (batch_size, top + ahead), generator=generator)
        lengths = torch.full((batch_size,), top)
        if self.settings.ragged:
            lengths = torch.randint(max(1, top // 2), top + 1, (batch_size,), generator=generator)
        return self.show(shown, lengths)

    def show(self, shown: Tensor, lengths: Tensor) -> Batch:
        """The sequences with these symbols (b, T + k), of which the first ``lengths`` (b,) have a label."""
        ahead, t = self.settings.ahead, torch.arange(shown.shape[1])
        there = t < lengths.unsqueeze(1) + ahead
        x = one_hot(shown, self.input_size).float() * there.unsqueeze(-1)
        target = torch.where(t < lengths.unsqueeze(1), shown.roll(-ahead, 1), 0)
        return Batch(x, target, there if self.settings.ragged else None, t < lengths.unsqueeze(1))

    def baseline(self) -> Baseline:
        every = torch.arange(self.settings.symbols)
        share = every.bincount().max() / len(every)
        return Baseline(float(share), -math.log(float(share)), "always say the same symbol")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        ahead, length = self.settings.ahead, int(batch.counted[row].sum())
        inputs = [self.words[k] for k in batch.x[row, :length + ahead].argmax(-1)]
        labels = [self.words[k] for k in batch.target[row, :length]]
        expected, targets = " ".join(labels), labels + [NONE] * ahead
        if y is None:
            return Story(inputs, [0, ahead], expected, targets=targets)
        said = " ".join(self.words[k] for k in y[row, :length].argmax(-1))
        return Story(inputs, [0, ahead], expected, said, said == expected, targets)
