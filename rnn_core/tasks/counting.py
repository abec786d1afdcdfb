"""Counting: which letters may come next in aⁿbⁿ, or in aⁿbⁿcⁿ?

    S aⁿ bⁿ T        S aⁿ bⁿ cⁿ T        n = 1 … N

x_t is one of the letters, S first; the target has a 1 for every letter that may come next and a 0 for every other:
after a's both a and b, then only what the count says. A number above ½ says that a letter may come. A string is right
when all its prefixes are, and that is what the metric counts; strings with n = N + 1 … 2N are held out. Gers &
Schmidhuber, *LSTM recurrent networks learn simple context-free and context-sensitive languages*, 2001.
"""
from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import RegressionTask

HALF = 0.5


class CountingSettings(Settings):
    """Which letters, and up to what number."""

    letters: Literal["ab", "abc"] = setting("ab", "Two letters or three, each as often as the others.", main=True)
    largest: int = setting(10, "Largest n to learn from; held-out strings have up to twice as many.", symbol="N", ge=2,
                           le=100, main=True)


class LegalNext(RegressionTask):
    """Say after each symbol which may come next: a number above ½ for each that may.

    ``alphabet`` names the symbols. The metric is the share of strings of which every prefix is answered rightly.
    """

    metric_name, metric_better = "strings with every prefix right", "higher"
    memoryless: ClassVar[str] = "after each symbol, say what mostly may follow it"
    alphabet: Sequence[str]

    def right(self, y: Tensor, batch: Batch) -> Tensor:
        """(b, t) true at steps whose set is right."""
        return ((y > HALF) == (batch.target > HALF)).all(-1)

    def metric(self, y: Tensor, batch: Batch) -> float:
        return float((self.right(y, batch) | ~batch.counted).all(1).float().mean())

    def every(self) -> Batch:
        """The strings on which the baseline is measured."""
        return self.held_out(2000, torch.Generator().manual_seed(0))

    def baseline(self) -> Baseline:
        batch = self.every()
        seen, target = batch.x[batch.counted], batch.target[batch.counted]
        y = batch.x @ (seen.T @ target / seen.sum(0).clamp(min=1).unsqueeze(1))
        return Baseline(self.metric(y, batch), float(self.loss(y, batch)), self.memoryless)

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        length = int(batch.mask[row].sum()) if batch.mask is not None else batch.x.shape[1]
        inputs = [self.alphabet[k] for k in batch.x[row, :length].argmax(-1)]
        steps = batch.counted[row, :length].nonzero().flatten().tolist()
        targets = self._sets(batch.target[row, :length])
        expected = _runs([targets[t] for t in steps])
        if y is None:
            return Story(inputs, steps, expected, targets=targets)
        said = self._sets(y[row, :length])
        return Story(inputs, steps, expected, _runs([said[t] for t in steps]),
                     all(said[t] == targets[t] for t in steps), targets)

    def _sets(self, y: Tensor) -> list[str]:
        """The symbols above ½ of each step (t, o), "–" where there are none."""
        return ["".join(self.alphabet[k] for k in step.nonzero().flatten()) or "–" for step in y > HALF]


def _runs(sets: list[str]) -> str:
    """Sets in a row, those that repeat with their number: "a ab×3 b T"."""
    runs = [(name, len(list(same))) for name, same in groupby(sets)]
    return " ".join(f"{name}×{count}" if count > 1 else name for name, count in runs)


class Counting(LegalNext):
    """Counting: say after each letter of aⁿbⁿ or aⁿbⁿcⁿ which may come next."""

    card = Card(title="Counting", row="C22", year=2001,
                reference="Gers & Schmidhuber, LSTM recurrent networks learn simple context-free and context-sensitive "
                          "languages, 2001",
                summary="As many b as a, and perhaps as many c; after each letter the net must say which may follow.",
                use="Can it count, and how much further than it was taught?")
    Settings = CountingSettings
    grows = "largest"

    def __init__(self, settings: CountingSettings | None = None) -> None:
        super().__init__(settings)
        self.alphabet = self.words = ("S", *self.settings.letters, "T")
        self.input_size = self.output_size = len(self.alphabet)

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self.show(torch.randint(1, self.settings.largest + 1, (batch_size,), generator=generator))

    def held_out(self, count: int, generator: torch.Generator) -> Batch:
        most = self.settings.largest
        return self.show(torch.randint(most + 1, 2 * most + 1, (count,), generator=generator))

    def every(self) -> Batch:
        most = self.settings.largest
        return self.show(torch.arange(most + 1, 2 * most + 1))

    def show(self, n: Tensor) -> Batch:
        """The strings with these n (b,)."""
        kinds, o = len(self.settings.letters), self.output_size
        t, n = torch.arange(kinds * int(n.max()) + 1), n.unsqueeze(1)
        there = t <= kinds * n                                                             # (b, t)
        letter = torch.where(there, (t + n - 1) // n, 0)
        following = one_hot(torch.where(there, t // n + 1, 0), o).bool()
        undecided = (letter == 1).unsqueeze(-1) & torch.tensor([k in (1, 2) for k in range(o)])
        x = one_hot(letter, o) * there.unsqueeze(-1)
        return Batch(x.float(), (following | undecided).float(), there)
