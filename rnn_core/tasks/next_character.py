"""Next character: read real text, and say after every character which comes next.

The text is the visitor's, or Python's own documentation, ``pydoc_data.topics``, in the order of its titles. The last
tenth is held out; a paragraph that stands in both parts is taken out of the part to learn from. Of a text with more
than 200 different characters the rarest are read as one. x_t is character t as one of O, the target
is character t + 1. The metric is −log₂ p of the right character, in bits a character.
"""
from __future__ import annotations

import hashlib
import math
import pydoc_data.topics
from collections import Counter
from functools import cache, lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.records.given import given
from rnn_core.tasks.base import ClassificationTask

HELD_OUT, MOST_CHARACTERS, OTHER = 0.1, 200, "\ufffd"
VISIBLE = {" ": "␣", "\n": "↵"}


class Text(NamedTuple):
    """``alphabet`` is sorted; ``learnt`` and ``held`` are places in it, one a character; ``digest`` is the SHA-256."""

    alphabet: str
    learnt: Tensor
    held: Tensor
    digest: str


def split(text: str) -> tuple[str, str]:
    """The part to learn from, without paragraphs (20 characters or more) that stand in the other; the last tenth."""
    cut = len(text) - int(len(text) * HELD_OUT)
    held = text[cut:]
    again = {p for p in held.split("\n\n") if len(p) >= 20}
    return "\n\n".join(p for p in text[:cut].split("\n\n") if p not in again), held


@cache
def documentation() -> Text:
    """Python's documentation, read once."""
    topics = pydoc_data.topics.topics
    return parsed("\n\n".join(f"{title}\n\n{topics[title]}" for title in sorted(topics)))


@lru_cache(maxsize=8)
def read(data: str) -> Text:
    """The text that was kept under a SHA-256; Python's documentation for its own and for ""."""
    return documentation() if data in ("", documentation().digest) else parsed(given(data))


def parsed(text: str) -> Text:
    """Both parts of a text as places in its alphabet."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    often = Counter(text).most_common()
    if len(often) > MOST_CHARACTERS:
        text = text.translate({ord(c): OTHER for c, _ in often[MOST_CHARACTERS - 1:]})
    alphabet = "".join(sorted(set(text)))
    place = {c: k for k, c in enumerate(alphabet)}
    learnt, held = (torch.tensor([place[c] for c in part]) for part in split(text))
    return Text(alphabet, learnt, held, digest)


class NextCharacterSettings(Settings):
    """How much text is read at a time."""

    length: int = setting(64, "Characters in a sequence.", symbol="T", ge=4, le=1000, main=True)


class NextCharacter(ClassificationTask):
    """Next character: say which character follows, in real text."""

    card = Card(title="Next character", row="C3", year=2011,
                reference="Sutskever, Martens & Hinton, Generating text with recurrent neural networks, 2011",
                summary="Real text, character by character; after each, the net says how likely every next one is.",
                equations={"bits": "−log₂ p(c_{t+1} | c_0 … c_t)"},
                use="Can it learn words, brackets and layout from nothing but reading? Then let it write.")
    Settings = NextCharacterSettings
    metric_name, metric_better, writes, takes_data = "bits per character", "lower", True, "text"
    grows = "length"

    def __init__(self, settings: NextCharacterSettings | None = None, data: str = "") -> None:
        super().__init__(settings)
        self.text = read(data)
        shortest, length = min(len(self.text.learnt), len(self.text.held)), self.settings.length
        if shortest <= length:
            raise ValueError(f"This text is too short for sequences of {length} characters: of its two parts, one to "
                             f"learn from and one held out, the shorter has {shortest}.")
        self.data_hash = self.text.digest
        self.input_size = self.output_size = len(self.text.alphabet)
        self.words = [VISIBLE.get(c, c) for c in self.text.alphabet]

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self._windows(self.text.learnt, batch_size, generator)

    def held_out(self, count: int, generator: torch.Generator) -> Batch:
        return self._windows(self.text.held, count, generator)

    def _windows(self, text: Tensor, count: int, generator: torch.Generator) -> Batch:
        length = self.settings.length
        start = torch.randint(0, len(text) - length, (count, 1), generator=generator)
        return self.batch(text[start + torch.arange(length + 1)])

    def batch(self, places: Tensor) -> Batch:
        """Sequences from places in the alphabet, (b, t + 1)."""
        return Batch(one_hot(places[:, :-1], self.input_size).float(), places[:, 1:])

    def metric(self, y: Tensor, batch: Batch) -> float:
        return float(self.loss(y, batch)) / math.log(2)

    def baseline(self) -> Baseline:
        seen = self.text.learnt.bincount(minlength=self.input_size).double() + 1
        nats = -float((seen / seen.sum()).log()[self.text.held].mean())
        return Baseline(nats / math.log(2), nats, "guess by how often each character stood in the text it learnt from")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        inputs = [self.words[k] for k in batch.x[row].argmax(-1)]
        targets = [self.words[k] for k in batch.target[row]]
        if y is None:
            return Story(inputs, [len(inputs) - 1], targets[-1], targets=targets)
        said = self.words[int(y[row, -1].argmax())]
        return Story(inputs, [len(inputs) - 1], targets[-1], said, said == targets[-1], targets)

    def babble(self, network: Any, generator: torch.Generator, characters: int = 200, temperature: float = 0.8,
               prompt: str = "The ") -> str:
        """The prompt, and what a network writes on from it, each character drawn from p^(1/temperature).

        ``temperature`` is above 0; characters of the prompt that the text does not know are read as spaces. Raises
        ValueError, in one sentence, for a network that needs to know what comes next.
        """
        alphabet = self.text.alphabet
        known = "".join(c if c in alphabet else " " for c in prompt) or "\n"
        like = next(network.parameters())

        def heard(places: Tensor) -> Tensor:
            return one_hot(places, self.input_size).to(like)

        def draw(y: Tensor) -> Tensor:
            return heard(torch.multinomial(torch.softmax(y.cpu() / temperature, -1), 1, generator=generator))

        with torch.no_grad():
            first = heard(torch.tensor([[alphabet.index(c) for c in known]]))
            said = network.generate(first, draw, characters)
        return prompt + "".join(alphabet[k] for k in said[0].argmax(-1))
