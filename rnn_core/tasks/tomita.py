"""Tomita's languages: does a string of 0 and 1 belong?

    1: 1*                                   2: (10)*
    3: no odd run of 1 before an odd run of 0
    4: no 000                               5: even numbers of 0 and of 1
    6: as many 0 as 1, modulo 3             7: 0* 1* 0* 1*

x_t is one of two symbols, the target is whether the string so far belongs; it is asked for at the end of the string,
or after every symbol. Half of the strings belong and half do not, for nearly all random strings are outside languages
1, 2 and 7; of those that do not belong, half are one symbol away from a string that does, where there is one. Strings
to learn from have 1 to T symbols, those held out T + 1 to 4 T. Tomita, *Dynamic construction of finite automata from
examples using hill-climbing*, 1982.
"""
from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.records.automaton import Automaton
from rnn_core.tasks.base import ClassificationTask

#: For each language the smallest automaton: the states after 0 and after 1, and the states that accept.
LANGUAGES = {
    "1": ([(1, 0), (1, 1)], {0}),
    "2": ([(1, 2), (1, 1), (0, 1)], {0}),
    "3": ([(0, 1), (2, 0), (3, 4), (2, 1), (4, 4)], {0, 1, 3}),
    "4": ([(1, 0), (2, 0), (3, 0), (3, 3)], {0, 1, 2}),
    "5": ([(1, 2), (0, 3), (3, 0), (2, 1)], {0}),
    "6": ([(1, 2), (2, 0), (0, 1)], {0}),
    "7": ([(0, 1), (2, 1), (2, 3), (4, 3), (4, 4)], {0, 1, 2, 3}),
}
OUTSIDE, INSIDE, BEYOND = 0, 1, 4


class TomitaSettings(Settings):
    """Which language, how long its strings, and how often the question is asked."""

    language: Literal["1", "2", "3", "4", "5", "6", "7"] = setting("4", "Which of Tomita's seven languages.", main=True)
    length: int = setting(10, "Longest string to learn from; held-out strings are up to four times as long.",
                          symbol="T", ge=4, le=200, main=True)
    every_prefix: bool = setting(False, "Ask after every symbol whether the string so far belongs.")


class Tomita(ClassificationTask):
    """Tomita's languages: say whether a string of 0 and 1 belongs."""

    card = Card(title="Tomita's languages", row="C21", year=1982,
                reference="Tomita, Dynamic construction of finite automata from examples using hill-climbing, 1982",
                summary="A string of 0 and 1; at its end the net must say whether it belongs to a regular language.",
                use="Does it find the automaton behind the strings, and sort strings much longer than it ever saw?")
    Settings = TomitaSettings
    input_size, output_size, grows = 2, 2, "length"
    words, alphabet = ("does not belong", "belongs"), "01"

    def __init__(self, settings: TomitaSettings | None = None) -> None:
        super().__init__(settings)
        moves, answers = LANGUAGES[self.settings.language]
        self.automaton = Automaton(torch.tensor(moves), torch.tensor([q in answers for q in range(len(moves))]))

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self.draw(batch_size, range(1, self.settings.length + 1), generator)

    def held_out(self, count: int, generator: torch.Generator) -> Batch:
        longest = self.settings.length
        return self.draw(count, range(longest + 1, BEYOND * longest + 1), generator)

    def draw(self, count: int, lengths: range, generator: torch.Generator) -> Batch:
        """Strings of these lengths, half of which belong; each half has every length that it can have equally often."""
        inside, near = (torch.rand(2, count, generator=generator) < 0.5).unbind()
        others, members = (self.strings(kind, count, lengths, generator) for kind in (OUTSIDE, INSIDE))
        turned, broken = self.turned(members, generator)
        strings = torch.where((near & broken).unsqueeze(1), turned, others)
        return self.show(torch.where(inside.unsqueeze(1), members, strings))

    def strings(self, kind: int, count: int, lengths: range, generator: torch.Generator) -> Tensor:
        """Strings (b, t), −1 after their end, each drawn evenly from all of its length that are outside or inside."""
        return self.automaton.draw(count, lengths, self.automaton.answers == bool(kind), generator)

    def turned(self, members: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Strings (b, t) with one symbol turned over so that they no longer belong, and (b,) whether any symbol can."""
        moves, answers = self.automaton
        before = torch.cat([members.new_zeros(len(members), 1), self.automaton.run(members)[:, :-1]], 1)
        ends, breaks = answers.expand(len(members), -1), []          # whether the rest ends well from a state: (b, q)
        for symbol, state in zip(members.T.flip(0), before.T.flip(0)):
            there, heard = symbol >= 0, symbol.clamp(min=0)
            after = ends.gather(1, moves[state, 1 - heard].unsqueeze(1)).squeeze(1)
            breaks.append(there & ~after)
            ends = torch.where(there.unsqueeze(1), ends.gather(1, moves[:, heard].T), ends)
        breaking = torch.stack(breaks, 1).flip(1)
        chance = torch.where(breaking.any(1, keepdim=True), breaking, members >= 0)
        where = torch.multinomial(chance.double(), 1, generator=generator)
        return members.scatter(1, where, 1 - members.gather(1, where)), breaking.any(1)

    def show(self, strings: Tensor) -> Batch:
        """The batch of strings (b, t), −1 where there is no symbol."""
        there = strings >= 0
        x = one_hot(strings.clamp(min=0), 2).float() * there.unsqueeze(-1)
        target = self.automaton.answers[self.automaton.run(strings)].long()
        last = torch.arange(strings.shape[1]) == there.sum(1, keepdim=True) - 1
        return Batch(x, target, there, None if self.settings.every_prefix else last)

    def baseline(self) -> Baseline:
        if not self.settings.every_prefix:
            return Baseline(0.5, math.log(2), "always say the same, where half of the strings belong")
        batch = self.held_out(5_000, torch.Generator().manual_seed(0))
        share = float(batch.target[batch.counted].double().mean())
        loss = -sum(p * math.log(p) for p in (share, 1 - share))
        return Baseline(max(share, 1 - share), loss, "always say the same, where so many of the prefixes belong")

    def teacher(self, batch: Batch) -> Tensor:
        said = super().teacher(batch)
        return torch.where(batch.counted.unsqueeze(-1), said, torch.full_like(said, torch.nan))

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        length = int(batch.mask[row].sum())
        inputs = [str(k) for k in batch.x[row, :length].argmax(-1).tolist()]
        targets = [self.words[k] for k in batch.target[row, :length]]
        if y is None:
            return Story(inputs, [length - 1], targets[-1], targets=targets)
        said = self.words[int(y[row, length - 1].argmax())]
        return Story(inputs, [length - 1], targets[-1], said, said == targets[-1], targets)
