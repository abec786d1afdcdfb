"""Reber's grammar: which letters may come next?

    plain     B, then T S* X or P T* V; after T S* X either S and E, or X and on with T* V; after V either V and E, or
              P and on as after T S* X
    embedded  B, then T or P, a whole plain string, the same T or P again, E
    continual embedded strings one after another, without a sign where a new one begins

x_t is a letter, the target has a 1 for every letter that may come next and a 0 for every other. The letter before the
last of an embedded string can only be known by remembering the second; where it is asked for, the largest output is the
answer. Of plain strings, a string is right when every set of letters above ½ is. Strings to learn from have up to L
letters, those held out up to twice as many; held-out streams are four times as long. Reber, *Implicit learning of
artificial grammars*, 1967; embedded: Cleeremans, Servan-Schreiber & McClelland 1989; continual: Gers, Schmidhuber &
Cummins 2000.
"""
from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.records.automaton import Automaton
from rnn_core.tasks.counting import LegalNext

LETTERS, REMEMBERED, LONGER = "BTPSXVE", "TP", 4

#: Reber's grammar, state by state: where each letter leads. 0 is before B, 7 after E.
PLAIN = [{"B": 1}, {"T": 2, "P": 3}, {"S": 2, "X": 4}, {"T": 3, "V": 5}, {"X": 3, "S": 6}, {"P": 4, "V": 6}, {"E": 7},
         {}]


class ReberSettings(Settings):
    """Which of the three grammars, how long its strings, how long a stream of them."""

    grammar: Literal["plain", "embedded", "continual"] = setting(
        "embedded", "One string of the grammar, one inside another, or a stream of those.", main=True)
    length: int = setting(20, "Longest string to learn from; held-out strings have up to twice as many letters.",
                          symbol="L", ge=9, le=100, main=True)
    stream: int = setting(100, "Letters of a stream; the other two grammars do not use it.", ge=20, le=2000)


class Reber(LegalNext):
    """Reber's grammar: say after each letter which may come next."""

    card = Card(title="Reber grammar", row="C21", year=1967,
                reference="Reber, Implicit learning of artificial grammars, 1967; Cleeremans, Servan-Schreiber & "
                          "McClelland, 1989; Gers, Schmidhuber & Cummins, 2000",
                summary="Letters as a small grammar allows; after each, the net must say which may follow.",
                use="Can it keep one letter through a whole string, and let go of it when the next string begins?")
    Settings = ReberSettings
    alphabet = words = tuple(LETTERS)
    input_size = output_size = len(LETTERS)
    grows = "length"

    def __init__(self, settings: ReberSettings | None = None) -> None:
        super().__init__(settings)
        moves = PLAIN if self.settings.grammar == "plain" else embedded(self.settings.grammar == "continual")
        self.automaton, self.end = machine(moves), max(max(m.values()) for m in moves if m)
        if self.settings.grammar != "plain":
            self.metric_name = "letters before the last that are right"

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        if self.settings.grammar == "continual":
            return self.streams(batch_size, self.settings.stream, generator)
        return self.strings(batch_size, range(1, self.settings.length + 1), generator)

    def held_out(self, count: int, generator: torch.Generator) -> Batch:
        if self.settings.grammar == "continual":
            return self.streams(count, LONGER * self.settings.stream, generator)
        return self.strings(count, range(self.settings.length + 1, 2 * self.settings.length + 1), generator)

    def draw(self, count: int, lengths: range, generator: torch.Generator) -> Tensor:
        """Letters (b, t) of whole strings, −1 after their end, each possible length equally often."""
        ends = torch.arange(self.automaton.states) == self.end
        return self.automaton.draw(count, lengths, ends, generator)

    def strings(self, count: int, lengths: range, generator: torch.Generator) -> Batch:
        """Whole strings; the last letter is not read, for nothing follows it."""
        letters = self.draw(count, lengths, generator)
        last = (letters >= 0).sum(1, keepdim=True) - 1
        letters = letters.scatter(1, last, -1)[:, :int(last.max())]
        return self.show(letters, letters >= 0)

    def streams(self, count: int, length: int, generator: torch.Generator) -> Batch:
        """Streams of strings of all lengths, cut off anywhere."""
        shortest = 9
        letters = self.draw(count * (length // shortest + 1), range(1, self.settings.length + 1), generator)
        letters = letters.view(count, -1)
        order = (letters < 0).long().argsort(stable=True, dim=1)[:, :length]
        return self.show(letters.gather(1, order), None)

    def show(self, letters: Tensor, mask: Tensor | None) -> Batch:
        """The batch of letters (b, t), −1 where there is none."""
        there = (letters >= 0).unsqueeze(-1)
        x = one_hot(letters.clamp(min=0), self.input_size).float() * there
        return Batch(x, self.automaton.answers[self.automaton.run(letters)].float() * there, mask)

    def asked(self, batch: Batch) -> Tensor:
        """(b, t) true where the letter that was to be remembered comes next."""
        legal, known = batch.target > 0, [LETTERS.index(k) for k in REMEMBERED]
        return batch.counted & (legal.sum(-1) == 1) & legal[..., known].any(-1)

    def metric(self, y: Tensor, batch: Batch) -> float:
        if self.settings.grammar == "plain":
            return super().metric(y, batch)
        asked = self.asked(batch)
        return float((y[asked].argmax(-1) == batch.target[asked].argmax(-1)).float().mean())

    def baseline(self) -> Baseline:
        known = super().baseline()
        if self.settings.grammar == "plain":
            return known
        return Baseline(1 / len(REMEMBERED), known.loss, "after each letter, say what mostly may follow it")

    def every(self) -> Batch:
        return self.held_out(500, torch.Generator().manual_seed(0))

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        told = super().story(batch, row, y)
        marks = self.asked(batch)[row].nonzero().flatten().tolist()
        if self.settings.grammar == "plain" or not marks:
            return told
        expected, said = ("".join(LETTERS[k] for k in v[row, marks].argmax(-1)) for v in (batch.target, batch.target
                                                                                          if y is None else y))
        told = told._replace(marks=marks, expected=expected)
        return told if y is None else told._replace(said=said, right=said == expected)


def embedded(again: bool) -> list[dict[str, int]]:
    """The grammar around the grammar, state by state; with ``again`` a new string begins after the last letter."""
    moves, inner, last = [{"B": 1}, {}], len(PLAIN), 2 + 2 * len(PLAIN)
    for k, letter in enumerate(REMEMBERED):
        first = 2 + k * inner
        moves[1][letter] = first
        moves += [{name: first + after for name, after in state.items()} for state in PLAIN[:-1]] + [{letter: last}]
    return [*moves, {"E": last + 1}, {"B": 1} if again else {}]


def machine(moves: list[dict[str, int]]) -> Automaton:
    """The automaton of these moves, with the letters that may follow as its answers; every other letter ends it."""
    sink = len(moves)
    table = torch.tensor([[state.get(name, sink) for name in LETTERS] for state in [*moves, {}]])
    return Automaton(table, table != sink)
