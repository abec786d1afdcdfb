"""Letters in words: a stream of ba, dii and guuu in random order, of which the net says each next letter.

A consonant is drawn, each equally often, and what follows it is certain: one a, two i or three u. x_t is letter t as
six features (consonant, vowel, interrupted, high, back, voiced), each 0 or 1, and the target is letter t + 1. A
sequence starts with a word. Knowing the words leaves an error at consonants only. Elman, *Finding structure in time*,
1990.
"""
from __future__ import annotations

import torch
from torch import Tensor

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import RegressionTask

WORDS = ("ba", "dii", "guuu")
LETTERS = "bdgaiu"
FEATURES = torch.tensor([[1, 0, 1, 0, 0, 1], [1, 0, 1, 1, 0, 1], [1, 0, 1, 0, 1, 1],
                         [0, 1, 0, 0, 1, 1], [0, 1, 0, 1, 0, 1], [0, 1, 0, 1, 1, 1]]).float()
SPELT = torch.tensor([[LETTERS.index(c) for c in word.ljust(4, word[-1])] for word in WORDS])      # (3, 4)


class LettersSettings(Settings):
    """How long the stream is."""

    length: int = setting(60, "Letters in a sequence.", symbol="T", ge=5, le=1000, main=True)


class Letters(RegressionTask):
    """Letters in words: say the next letter, which is a surprise only where a new word begins."""

    card = Card(title="Letters in words", row="A2", year=1990,
                reference="Elman, Finding structure in time, Cognitive Science 14, 1990",
                summary="A stream of the words ba, dii and guuu without gaps; the net says each next letter.",
                equations={"word": "word ~ {ba, dii, guuu}"},
                use="Does its error show where words begin, though nobody marked them?")
    Settings = LettersSettings
    input_size = output_size = FEATURES.shape[1]
    grows = "length"

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self.show(torch.randint(0, len(WORDS), (batch_size, self.settings.length // 2 + 1), generator=generator))

    def show(self, words: Tensor) -> Batch:
        """The sequences that begin with these words (b, at least T/2 + 1), places in ``WORDS``."""
        ends = (words + 2).cumsum(1)                                                   # a word has 2, 3 or 4 letters
        t = torch.arange(self.settings.length + 1).expand(len(words), -1).contiguous()
        at = torch.searchsorted(ends, t, right=True)
        word = words.gather(1, at)
        letters = SPELT[word, t - ends.gather(1, at) + word + 2]                       # (b, t + 1)
        heard = FEATURES[letters]
        return Batch(heard[:, :-1], heard[:, 1:])

    def places(self) -> Tensor:
        """(t, 3, 4) how likely the target of each step is the k-th letter of each word, counted word by word."""
        fresh = torch.zeros(self.settings.length + 1, dtype=torch.float64)
        fresh[0] = 1
        for t in range(1, len(fresh)):
            fresh[t] = sum(fresh[t - len(word)] for word in WORDS if t >= len(word)) / len(WORDS)
        table = torch.zeros(self.settings.length, *SPELT.shape, dtype=torch.float64)
        for w, word in enumerate(WORDS):
            for k in range(len(word)):
                table[max(0, k - 1):, w, k] = fresh[max(0, 1 - k):len(fresh) - k] / len(WORDS)
        return table

    def errors(self) -> tuple[Tensor, Tensor]:
        """Mean squared error (t,) of always saying how often each feature is on, and of knowing the words."""
        table, features = self.places(), FEATURES[SPELT].double()                      # (t, 3, 4), (3, 4, 6)
        often = (table.mean(0).unsqueeze(-1) * features).sum((0, 1))
        chance = (table.unsqueeze(-1) * (features - often).pow(2)).sum((1, 2)).mean(-1)
        surprise = features[:, 0].var(0, unbiased=False).mean()
        return chance, table[:, :, 0].sum(1) * surprise

    def baseline(self) -> Baseline:
        chance, known = (float(v.mean()) for v in self.errors())
        return Baseline(chance, chance,
                        f"always say how often each feature is on; knowing the words would leave {known:.4f}")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        inputs, targets = nearest(batch.x[row]), nearest(batch.target[row])
        marks = [t for t, letter in enumerate(targets) if letter in "aiu"]
        expected = " ".join(targets[t] for t in marks)
        if y is None:
            return Story(list(inputs), marks, expected, targets=list(targets))
        answers = nearest(y[row])
        said = " ".join(answers[t] for t in marks)
        return Story(list(inputs), marks, expected, said, said == expected, list(targets))


def nearest(y: Tensor) -> str:
    """The letter whose features are nearest to each of (t, 6)."""
    return "".join(LETTERS[k] for k in torch.cdist(y.detach().cpu().double(), FEATURES.double()).argmin(-1))
