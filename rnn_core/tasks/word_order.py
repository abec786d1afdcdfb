"""Word order: is this a sentence, or are these the words of one in another order?

    sentence := part verb part [adverb]        part := article adjective* noun

Half of what is read are sentences; the other half are sentences whose words were shuffled until they no longer follow
the grammar. Which half is a coin that does not look at the words, so whatever depends on the words alone, and not on
their order, is right half of the time exactly. Of all pairs of nouns, those whose places add up to a multiple of four
never stand in one sentence to learn from.
"""
from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import ClassificationTask

KINDS = {"article": ("the", "a", "every"),
         "adjective": ("old", "small", "happy", "green", "quiet", "tall"),
         "noun": ("dog", "cat", "child", "teacher", "bird", "farmer", "doctor", "horse"),
         "verb": ("sees", "likes", "follows", "hears", "finds"),
         "adverb": ("today", "often", "gladly")}
VOCABULARY = tuple(word for words in KINDS.values() for word in words)
ARTICLE, ADJECTIVE, NOUN, VERB, ADVERB, END = range(6)
#: Which kind of word may follow which; the end is before the first word and after the last.
FOLLOWS = {END: (ARTICLE,), ARTICLE: (ADJECTIVE, NOUN), ADJECTIVE: (ADJECTIVE, NOUN), NOUN: (VERB, ADVERB, END),
           VERB: (ARTICLE,), ADVERB: (END,)}
APART, TRIES = 4, 8


class WordOrderSettings(Settings):
    """How long the sentences are."""

    adjectives: int = setting(2, "Most adjectives before each of the two nouns.", symbol="A", ge=0, le=40, main=True)


class WordOrder(ClassificationTask):
    """Word order: tell a sentence from the same words shuffled."""

    card = Card(title="Does order matter?", row="C8", year=1990,
                reference="Elman, Finding structure in time, Cognitive Science 14; own grammar",
                summary="Half of what is read are sentences, half are the words of sentences in another order; at the "
                        "end the net must say which.",
                equations={"s": "sentence := part verb part [adverb]", "p": "part := article adjective* noun"},
                use="Does it hear the order of words, where a bag of words is at chance?")
    Settings = WordOrderSettings
    input_size, output_size, grows = len(VOCABULARY), 2, "adjectives"
    words = ("shuffled", "sentence")

    def __init__(self, settings: WordOrderSettings | None = None) -> None:
        super().__init__(settings)
        sizes = torch.tensor([len(words) for words in KINDS.values()])
        self.sizes, self.starts = sizes, sizes.cumsum(0) - sizes
        self.kinds = torch.arange(len(KINDS)).repeat_interleave(sizes)
        self.legal = torch.zeros(len(FOLLOWS), len(FOLLOWS), dtype=torch.bool)
        for kind, after in FOLLOWS.items():
            self.legal[kind, list(after)] = True
        nouns = torch.cartesian_prod(*[torch.arange(int(sizes[NOUN]))] * 2)
        apart = nouns.sum(1) % APART == 0
        self.learnt, self.held = nouns[~apart], nouns[apart]                                      # (p, 2)

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self._draw(self.learnt, batch_size, generator)

    def held_out(self, count: int, generator: torch.Generator) -> Batch:
        return self._draw(self.held, count, generator)

    def _draw(self, nouns: Tensor, count: int, generator: torch.Generator) -> Batch:
        sentences = self.sentences(nouns[torch.randint(0, len(nouns), (count,), generator=generator)], generator)
        real = torch.rand(count, generator=generator) < 0.5
        other = self.shuffled(sentences, generator)
        return self.show(torch.where(real.unsqueeze(1), sentences, other))

    def sentences(self, nouns: Tensor, generator: torch.Generator) -> Tensor:
        """Sentences (b, t) about pairs of nouns (b, 2), as places in the vocabulary, −1 after their end."""
        b, most = len(nouns), self.settings.adjectives
        many = torch.randint(0, most + 1, (b, 2, 1), generator=generator)
        adverb = torch.randint(0, 2, (b, 1), generator=generator)
        kinds = torch.tensor([*[ARTICLE, *[ADJECTIVE] * most, NOUN, VERB], ARTICLE, *[ADJECTIVE] * most, NOUN, ADVERB])
        luck = torch.rand(b, len(kinds), generator=generator)
        words = self.starts[kinds] + (luck * self.sizes[kinds]).long()
        words[:, kinds == NOUN] = self.starts[NOUN] + nouns
        there = torch.ones(b, len(kinds), dtype=torch.bool)
        there[:, kinds == ADJECTIVE] = (torch.arange(most) < many).flatten(1)
        there[:, -1:] = adverb == 1
        front = torch.argsort((~there).long(), dim=1, stable=True)
        return torch.where(there, words, -1).gather(1, front)

    def shuffled(self, sentences: Tensor, generator: torch.Generator) -> Tensor:
        """The same words (b, t) in the first of some random orders that is no sentence, else with the noun in front."""
        there = sentences >= 0
        luck = torch.rand(TRIES, *sentences.shape, generator=generator)
        orders = torch.where(there, luck, 2.0).argsort(-1)                                        # (tries, b, t)
        tried = sentences.expand_as(orders).gather(-1, orders)
        noun = (self.kinds[sentences.clamp(min=0)] == NOUN).float().argmax(1, keepdim=True)
        front = torch.arange(sentences.shape[1]).expand_as(sentences).scatter(1, noun, -1).argsort(1)
        tried = torch.cat([tried, sentences.gather(1, front)[None]])
        chosen = (~self.grammatical(tried)).float().argmax(0)                                     # (b,)
        return tried[chosen, torch.arange(len(sentences))]

    def grammatical(self, words: Tensor) -> Tensor:
        """(…) whether the words (…, t) of a sentence, −1 after their end, are in an order that the grammar knows."""
        kinds = torch.where(words >= 0, self.kinds[words.clamp(min=0)], END)
        ends = torch.full_like(kinds[..., :1], END)
        steps = self.legal[torch.cat([ends, kinds], -1), torch.cat([kinds, ends], -1)]
        after = torch.cat([torch.zeros_like(ends, dtype=torch.bool), words < 0], -1)
        return (steps | after).all(-1)

    def show(self, words: Tensor) -> Batch:
        """The batch of word sequences (b, t), −1 after their end."""
        there = words >= 0
        x = one_hot(words.clamp(min=0), self.input_size).float() * there.unsqueeze(-1)
        target = self.grammatical(words).long().unsqueeze(1).expand_as(words)
        return Batch(x, target, there, torch.arange(words.shape[1]) == there.sum(1, keepdim=True) - 1)

    def baseline(self) -> Baseline:
        value = 1 / len(self.words)
        return Baseline(value, -math.log(value), "count the words in any way, without their order")

    def teacher(self, batch: Batch) -> Tensor:
        return torch.full((*batch.target.shape, self.output_size), torch.nan, device=batch.target.device)

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        last = int(batch.counted[row].nonzero())
        inputs = [VOCABULARY[k] for k in batch.x[row, :last + 1].argmax(-1)]
        expected = self.words[int(batch.target[row, last])]
        if y is None:
            return Story(inputs, [last], expected)
        said = self.words[int(y[row, last].argmax())]
        return Story(inputs, [last], expected, said, said == expected)
