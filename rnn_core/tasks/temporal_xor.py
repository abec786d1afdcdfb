"""Temporal XOR: every third bit of a stream follows from the two before it, and only the past tells which.

    b_{3k}, b_{3k+1} ~ fair coins,   b_{3k+2} = b_{3k} ⊕ b_{3k+1}

x_t = b_t and the target is b_{t+1}. Knowing the rule leaves errors ¼, ¼, 0 in turn, 1/6 in the mean; always saying ½
costs ¼. Where only every third bit counts, knowing the rule leaves nothing. Elman, *Finding structure in time*, 1990.
"""
from __future__ import annotations

import torch
from torch import Tensor

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import RegressionTask

PERIOD = 3


class TemporalXORSettings(Settings):
    """How long the stream is, and where in a triple it may begin."""

    length: int = setting(60, "Bits in a stream.", symbol="T", ge=4, le=1000, main=True)
    random_phase: bool = setting(False, "Start anywhere in a triple, so that the beat must be heard first.")
    sure_only: bool = setting(False, "Count only the bits that are an XOR: with the rule and the beat, no error is "
                                     "left.")


class TemporalXOR(RegressionTask):
    """Temporal XOR: say the next bit of a stream in which every third is the XOR of the two before."""

    card = Card(title="Temporal XOR", row="A2", year=1990,
                reference="Elman, Finding structure in time, Cognitive Science 14",
                summary="A stream of bits: two coins, then their exclusive or, and so on; the net says each next bit.",
                equations={"b": "b_{3k+2} = b_{3k} ⊕ b_{3k+1}"},
                use="Does it find the beat, and combine the last two bits when they matter?")
    Settings = TemporalXORSettings
    input_size, output_size, grows = 1, 1, "length"

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        length = self.settings.length
        coins = torch.randint(0, 2, (batch_size, length // PERIOD + 2, 2), generator=generator)
        stream = triples(coins).flatten(1)                                             # (b, at least t + 3)
        start = torch.zeros(batch_size, dtype=torch.long)
        if self.settings.random_phase:
            start = torch.randint(0, PERIOD, (batch_size,), generator=generator)
        bits = stream.gather(1, start.unsqueeze(1) + torch.arange(length + 1)).float().unsqueeze(-1)
        third = (start.unsqueeze(1) + 1 + torch.arange(length)) % PERIOD == PERIOD - 1
        return Batch(bits[:, :-1], bits[:, 1:], None, third if self.settings.sure_only else None)

    def errors(self) -> tuple[Tensor, Tensor]:
        """Mean squared error (t,) of always saying ½, and of knowing rule and beat, by counting all four triples."""
        every = triples(torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])).double()        # (4, 3)
        chance = (every - 0.5).pow(2).mean(0)
        known = torch.stack([torch.stack([every[(every[:, :k] == row[:k]).all(1), k].var(unbiased=False)
                                          for row in every]).mean() for k in range(PERIOD)])
        if self.settings.random_phase:
            chance, known = (v.mean().expand(PERIOD) for v in (chance, known))
        place = (torch.arange(self.settings.length) + 1) % PERIOD
        return chance[place], known[place]

    def guessing(self) -> tuple[float, float]:
        """Mean squared error, over the steps that count, of always saying ½, and of knowing rule and beat."""
        if self.settings.sure_only:
            return 0.25, 0.0
        chance, known = self.errors()
        return float(chance.mean()), float(known.mean())

    def baseline(self) -> Baseline:
        chance, known = self.guessing()
        return Baseline(chance, chance, f"always say one half; knowing the rule and the beat would leave {known:.4f}")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        bits = [*batch.x[row, :, 0].int().tolist(), int(batch.target[row, -1, 0])]
        marks = list(range(_first_sure(bits) - 1, len(bits) - 1, PERIOD))
        inputs, targets = [str(v) for v in bits[:-1]], [str(v) for v in bits[1:]]
        expected = " ".join(targets[t] for t in marks)
        if y is None:
            return Story(inputs, marks, expected, targets=targets)
        said = " ".join(str(int(v > 0.5)) for v in y[row, marks, 0])
        return Story(inputs, marks, expected, said, said == expected, targets)


def triples(coins: Tensor) -> Tensor:
    """Coins (…, 2) of 0 and 1 → (…, 3): the two, and their exclusive or."""
    return torch.cat([coins, coins.sum(-1, keepdim=True) % 2], -1)


def _first_sure(bits: list[int]) -> int:
    """The place of the first bit that the rule decides: of the three possible beats, the first that fits the stream."""
    return next(p for p in range(PERIOD - 1, 2 * PERIOD - 1)
                if all(bits[k] == bits[k - 1] ^ bits[k - 2] for k in range(p, len(bits), PERIOD)))
