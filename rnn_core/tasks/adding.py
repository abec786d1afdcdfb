"""Adding: two of many numbers are marked, and only their sum is asked for.

x_t = (u_t, m_t) with u_t ~ U(0, 1) and m_t = 1 at two steps, one in each half; the target at the last step is the sum
of the two marked u. Saying the mean costs Var(u + u') = 1/6. Hochreiter & Schmidhuber 1997.
"""
from __future__ import annotations

import torch
from torch import Tensor

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import RegressionTask


class AddingSettings(Settings):
    """How long, and whether all sequences are equally long."""

    length: int = setting(40, "Numbers in a sequence.", symbol="T", ge=4, le=1000, main=True)
    ragged: bool = setting(False, "Draw each sequence's length between half of T and T.")


class Adding(RegressionTask):
    """Adding: say the sum of the two marked numbers at the end."""

    card = Card(title="Adding", row="C25", year=1997,
                reference="Hochreiter & Schmidhuber, Long short-term memory, 1997",
                summary="Two of T numbers are marked; at the end the net must say their sum.",
                use="Can it carry a number across many steps?")
    Settings = AddingSettings
    input_size, output_size, reach = 2, 1, "length"

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        top = self.settings.length
        lengths = torch.full((batch_size,), top)
        if self.settings.ragged:
            lengths = torch.randint(max(4, top // 2), top + 1, (batch_size,), generator=generator)
        numbers = torch.rand(batch_size, top, generator=generator)
        where = torch.rand(batch_size, 2, generator=generator)
        half = lengths // 2
        first = (where[:, 0] * half).long()
        second = half + (where[:, 1] * (lengths - half)).long()
        row, t = torch.arange(batch_size), torch.arange(top)
        marks = torch.zeros(batch_size, top)
        marks[row, first] = marks[row, second] = 1
        total = numbers[row, first] + numbers[row, second]
        mask = t < lengths.unsqueeze(1) if self.settings.ragged else None
        scored = t == lengths.unsqueeze(1) - 1
        return Batch(torch.stack([numbers, marks], -1), total[:, None, None].expand(-1, top, -1), mask, scored)

    def baseline(self) -> Baseline:
        batch = self.sample(20_000, torch.Generator().manual_seed(0))
        value = float(batch.target[batch.counted].var(unbiased=False))
        return Baseline(value, value, "always say the mean")

    def teacher(self, batch: Batch) -> Tensor:
        return torch.full_like(batch.target, torch.nan)

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        length = batch.x.shape[1] if batch.mask is None else int(batch.mask[row].sum())
        numbers = [f"{v:.2f}" for v in batch.x[row, :length, 0].tolist()]
        marks = batch.x[row, :length, 1].nonzero().flatten().tolist()
        total = float(batch.target[row, length - 1, 0])
        expected = " + ".join(numbers[m] for m in marks) + f" = {total:.2f}"
        if y is None:
            return Story(numbers, marks, expected)
        said = float(y[row, length - 1, 0])
        return Story(numbers, marks, expected, f"{said:.2f}", abs(said - total) < 0.04)
