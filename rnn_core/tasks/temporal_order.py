"""Temporal order: a few signs stand far apart among distractors; which was where is asked for at the end.

x_t is one of the signs X and Y, of the distractors a, b, c, d, or the question at the last step. The steps before the
question are cut into K equal parts; each part holds one sign at a random step. The class is the order of the signs: XX,
XY, YX, YY for K = 2, eight orders for K = 3. Guessing names 1/2ᴷ of them. Hochreiter & Schmidhuber 1997, experiment 6.
"""
from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import ClassificationTask

SIGNS, DISTRACTORS, QUESTION = "XY", "abcd", "?"
HEARD = SIGNS + DISTRACTORS + QUESTION


class TemporalOrderSettings(Settings):
    """How long, how many signs, and whether all sequences are equally long."""

    length: int = setting(40, "Symbols in a sequence, with the question at its end.", symbol="T", ge=8, le=1000,
                          main=True)
    signs: int = setting(2, "Signs whose order is asked for.", symbol="K", ge=2, le=3)
    ragged: bool = setting(False, "Draw each sequence's length between half of T and T.")


class TemporalOrder(ClassificationTask):
    """Temporal order: say in which order the signs came."""

    card = Card(title="Temporal order", row="C25", year=1997,
                reference="Hochreiter & Schmidhuber, Long short-term memory, 1997",
                summary="Two or three signs X and Y stand far apart among other letters; at the end the net must say "
                        "in which order they came.",
                use="Does it keep not only what came, but what came first?")
    Settings = TemporalOrderSettings
    input_size, reach = len(HEARD), "length"

    def __init__(self, settings: TemporalOrderSettings | None = None) -> None:
        super().__init__(settings)
        self.words = ["".join(order) for order in itertools.product(SIGNS, repeat=self.settings.signs)]
        self.output_size = len(self.words)

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        top, k = self.settings.length, self.settings.signs
        signs = torch.randint(0, len(SIGNS), (batch_size, k), generator=generator)
        others = torch.randint(0, len(DISTRACTORS), (batch_size, top), generator=generator)
        lengths = torch.full((batch_size, 1), top)
        if self.settings.ragged:
            lengths = torch.randint(max(4, top // 2), top + 1, (batch_size, 1), generator=generator)
        edges = torch.arange(k + 1) * (lengths - 1) // k                                          # (b, k + 1)
        luck = torch.rand(batch_size, k, generator=generator)
        where = edges[:, :-1] + (luck * edges.diff(dim=1)).long().minimum(edges.diff(dim=1) - 1)
        heard = (others + len(SIGNS)).scatter(1, where, signs).scatter(1, lengths - 1, HEARD.index(QUESTION))
        place = len(SIGNS) ** torch.arange(k - 1, -1, -1)
        t = torch.arange(top)
        target = (signs * place).sum(1, keepdim=True).expand(-1, top)
        mask = t < lengths if self.settings.ragged else None
        return Batch(one_hot(heard, self.input_size).float(), target, mask, t == lengths - 1)

    def baseline(self) -> Baseline:
        return Baseline(1 / len(self.words), math.log(len(self.words)), "always name the same order")

    def teacher(self, batch: Batch) -> Tensor:
        return torch.full((*batch.target.shape, self.output_size), torch.nan, device=batch.target.device)

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        last = int(batch.counted[row].nonzero())
        inputs = [HEARD[j] for j in batch.x[row, :last + 1].argmax(-1)]
        marks = [t for t, heard in enumerate(inputs) if heard in SIGNS]
        expected = self.words[int(batch.target[row, last])]
        if y is None:
            return Story(inputs, marks, expected)
        said = self.words[int(y[row, last].argmax())]
        return Story(inputs, marks, expected, said, said == expected)
