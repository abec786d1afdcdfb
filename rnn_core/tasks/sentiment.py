"""Sentiment: two opposite opinions joined by "but", each turned around by every "not"; the last one counts.

    sentence := e but e        e := word | not e | very e

A word is kind (+1) or unkind (−1), "not" changes the sign of what follows, "very" does not. The two parts always have
opposite signs and the class is the sign of the second. With its two parts exchanged a sentence holds the same words and
means the opposite, so a bag of words is at chance exactly. Of all pairs of words, those whose places in their lists
add up to a multiple of four never stand in one sentence to learn from. Depth: the most modifiers before a word.
"""
from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import ClassificationTask

KIND = ("good", "lovely", "funny", "clever", "warm", "fresh", "brave", "gentle")
UNKIND = ("bad", "dull", "sad", "silly", "cold", "stale", "weak", "rude")
VOCABULARY = ("not", "very", "but", *KIND, *UNKIND)
NOT, BUT, WORDS, APART = 0, 2, 3, 4


class SentimentSettings(Settings):
    """How deep the opinions are."""

    depth: int = setting(3, "Most modifiers before each of the two words.", symbol="D", ge=0, le=60, main=True)


class Sentiment(ClassificationTask):
    """Sentiment: say whether a sentence is kind, where "not" turns what follows around."""

    card = Card(title="Sentiment with negation", row="C7", year=2013,
                reference="Socher et al., Recursive deep models for semantic compositionality over a sentiment "
                          "treebank, 2013; own grammar",
                summary="Two opposite opinions are joined by “but”; the net says whether the second one, with every "
                        "“not” in it, is kind.",
                equations={"e": "e := word | not e | very e", "s": "sentence := e but e"},
                use="Does it read in order, where a bag of words is at chance?")
    Settings = SentimentSettings
    input_size, output_size, grows = len(VOCABULARY), 2, "depth"
    words = ("unkind", "kind")

    def __init__(self, settings: SentimentSettings | None = None) -> None:
        super().__init__(settings)
        pairs = torch.cartesian_prod(torch.arange(len(KIND)), torch.arange(len(UNKIND)))
        apart = pairs.sum(1) % APART == 0
        self.learnt, self.held = pairs[~apart], pairs[apart]                                      # (p, 2)

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self._draw(self.learnt, batch_size, generator)

    def held_out(self, count: int, generator: torch.Generator) -> Batch:
        return self._draw(self.held, count, generator)

    def _draw(self, pairs: Tensor, count: int, generator: torch.Generator) -> Batch:
        """Sentences with these pairs of words: depths, modifiers and class are drawn evenly and apart."""
        depth = self.settings.depth
        many = torch.randint(0, depth + 1, (count, 2), generator=generator)
        modifiers = torch.randint(0, 2, (count, 2, depth), generator=generator)
        kind = torch.randint(0, 2, (count,), generator=generator)
        return self.show(many, modifiers, kind, pairs[torch.randint(0, len(pairs), (count,), generator=generator)])

    def show(self, many: Tensor, modifiers: Tensor, kind: Tensor, places: Tensor) -> Batch:
        """Sentences of class ``kind`` (b,), with ``many`` (b, 2) of the ``modifiers`` (b, 2, d) before each word.

        A modifier is 0 for "not" and 1 for "very". ``places`` (b, 2) are those of the two words in their lists; which
        list is meant follows from the signs.
        """
        b, _, depth = modifiers.shape
        nots = ((modifiers == NOT) & (torch.arange(depth) < many.unsqueeze(-1))).sum(-1)
        signs = (torch.stack([1 - kind, kind], 1) + nots) % 2                                     # (b, 2), 1 for kind
        word = WORDS + torch.where(signs == 1, places, len(KIND) + places)
        top, row = 2 * depth + 3, torch.arange(b)
        heard, t = torch.zeros(b, top + depth, dtype=torch.long), torch.arange(depth)
        first, second = many.T
        for part, start in ((0, torch.zeros_like(first)), (1, first + 2)):
            heard.scatter_(1, start.unsqueeze(1) + t, modifiers[:, part])
            heard[row, start + many[:, part]] = word[:, part]
            if part == 0:
                heard[row, first + 1] = BUT
        there = torch.arange(top) < many.sum(1, keepdim=True) + 3
        x = one_hot(heard[:, :top], self.input_size).float() * there.unsqueeze(-1)
        last = torch.arange(top) == first.unsqueeze(1) + second.unsqueeze(1) + 2
        return Batch(x, kind.unsqueeze(1).expand(-1, top), there, last)

    def baseline(self) -> Baseline:
        value = 1 / len(self.words)
        return Baseline(value, -math.log(value), "count the words in any way, without their order")

    def teacher(self, batch: Batch) -> Tensor:
        return torch.full((*batch.target.shape, self.output_size), torch.nan, device=batch.target.device)

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        last = int(batch.counted[row].nonzero())
        inputs = [VOCABULARY[k] for k in batch.x[row, :last + 1].argmax(-1)]
        marks = [t for t, word in enumerate(inputs) if word != "very"]
        expected = self.words[int(batch.target[row, last])]
        if y is None:
            return Story(inputs, marks, expected)
        said = self.words[int(y[row, last].argmax())]
        return Story(inputs, marks, expected, said, said == expected)
