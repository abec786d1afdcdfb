"""Four shapes: the same letters and the same net, and four ways of joining what is read to what is said.

    one to one      a letter          → the next letter of the alphabet
    one to many     a letter, nothing → the alphabet from the next letter on
    many to one     letters           → at the end, the first of them
    many to many    letters           → at every step but the first, the letter before
    many, then many letters, nothing  → once all are read, the same letters in their order

The last two are one shape, aligned in time and not: what is said runs beside what is read, or waits until all is read;
then T/2 letters are read and as many said. The alphabet has S letters and goes round: after the last comes the first.
Only steps at which there is something to say count in loss and metric. All letters are equally common at all steps, so
guessing names 1/S of them in every shape.
"""
from __future__ import annotations

import math
import string
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import ClassificationTask

NOTHING = "·"


class FourShapesSettings(Settings):
    """Which shape, how long, how many letters."""

    shape: Literal["one to one", "one to many", "many to one", "many to many", "many, then many"] = setting(
        "many to one", "How many steps are read, at how many there is something to say, and whether that is at once.",
        main=True)
    length: int = setting(12, "Steps in a sequence; one to one has a single step.", symbol="T", ge=2, le=1000,
                          main=True)
    symbols: int = setting(6, "Number of different letters.", symbol="S", ge=2, le=10)


class FourShapes(ClassificationTask):
    """Four shapes: one to one, one to many, many to one, many to many, the last beside what is read or after it."""

    card = Card(title="Four shapes of a task", row="C29", year=2015,
                reference="Karpathy, The unreasonable effectiveness of recurrent neural networks, 2015",
                summary="The same letters, read and said in one of four shapes: one or many in, one or many out.",
                use="What changes with the shape of a task, when the net stays the same?")
    Settings = FourShapesSettings

    def __init__(self, settings: FourShapesSettings | None = None) -> None:
        super().__init__(settings)
        self.output_size = self.settings.symbols
        self.input_size = self.output_size + 1
        self.words = list(string.ascii_uppercase[:self.output_size])
        one = self.settings.shape == "one to one"
        self.steps = 1 if one else self.settings.length
        if self.settings.shape == "many, then many":
            self.steps -= self.steps % 2
        self.grows = "" if one else "length"

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self.show(torch.randint(0, self.output_size, (batch_size, self.reads), generator=generator))

    @property
    def reads(self) -> int:
        """m, the number of letters that are read."""
        return {"one": 1, "many": self.steps, "many,": self.steps // 2}[self.settings.shape.split()[0]]

    def show(self, letters: Tensor) -> Batch:
        """The sequences in which these letters (b, m) are read."""
        shape, t = self.settings.shape, torch.arange(self.steps)
        nothing = letters.new_full((len(letters), self.steps - letters.shape[1]), self.output_size)
        x = one_hot(torch.cat([letters, nothing], 1), self.input_size).float()
        if shape == "many to one":
            return Batch(x, letters[:, :1].expand(-1, self.steps), None, (t == self.steps - 1).expand(len(x), -1))
        if shape == "many, then many":
            return Batch(x, letters.repeat(1, 2), None, (t >= self.reads).expand(len(x), -1))
        if shape == "many to many":
            return Batch(x, letters.roll(1, 1), None, (t > 0).expand(len(x), -1))
        return Batch(x, (letters + t + 1) % self.output_size)

    def baseline(self) -> Baseline:
        value = 1 / self.output_size
        return Baseline(value, -math.log(value), "always name the same letter")

    def teacher(self, batch: Batch) -> Tensor:
        said = super().teacher(batch)
        return torch.where(batch.counted.unsqueeze(-1), said, torch.full_like(said, torch.nan))

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        inputs = [[*self.words, NOTHING][k] for k in batch.x[row].argmax(-1)]
        marks = batch.counted[row].nonzero().flatten().tolist()
        right = {t: self.words[int(batch.target[row, t])] for t in marks}
        targets, expected = [right.get(t, NOTHING) for t in range(len(inputs))], "".join(right.values())
        if y is None:
            return Story(inputs, marks, expected, targets=targets)
        said = "".join(self.words[k] for k in y[row, marks].argmax(-1))
        return Story(inputs, marks, expected, said, said == expected, targets)
