"""Binary addition: two numbers come in bit by bit, the lowest first, and the sum must go out at once.

    s_t = a_t ⊕ b_t ⊕ c_t,   c_{t+1} = 1 if a_t + b_t + c_t ≥ 2,   c_0 = 0

x_t = (a_t, b_t), fair coins, and two zeros at the last step, where only the carry is left. The target is s_t as one of
two classes. All that must be remembered is the carry. Cottrell & Tsung, *Learning simple arithmetic procedures*, 1989.
"""
from __future__ import annotations

import torch
from torch import Tensor

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import ClassificationTask


class BinaryAdditionSettings(Settings):
    """How long the numbers are, and whether all are equally long."""

    length: int = setting(8, "Bits of each number; one more step follows for the last carry.", symbol="T", ge=2, le=400,
                          main=True)
    ragged: bool = setting(False, "Draw the number of bits between half of T and T.")


class BinaryAddition(ClassificationTask):
    """Binary addition: say the bits of a sum while the bits of two numbers come in."""

    card = Card(title="Binary addition", row="C35", year=1989,
                reference="Cottrell & Tsung, Learning simple arithmetic procedures, 1989",
                summary="Two binary numbers come in, lowest bits first; the net says the bits of their sum.",
                equations={"s": "s_t = a_t ⊕ b_t ⊕ c_t", "c": "c_{t+1} = 1 if a_t + b_t + c_t ≥ 2"},
                use="Does it find the rule with a carry, and add numbers longer than any it has seen?")
    Settings = BinaryAdditionSettings
    metric_name, grows = "bit accuracy", "length"
    input_size = output_size = 2
    words = "01"

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        top = self.settings.length
        bits = torch.randint(0, 2, (batch_size, top, 2), generator=generator)
        if not self.settings.ragged:
            return self.show(bits)
        return self.show(bits, torch.randint(max(1, top // 2), top + 1, (batch_size,), generator=generator))

    def show(self, bits: Tensor, lengths: Tensor | None = None) -> Batch:
        """The sums of these numbers, bits (b, t, 2) of which the first ``lengths`` (b,) count."""
        t = torch.arange(bits.shape[1] + 1)
        last = torch.full((len(bits),), bits.shape[1]) if lengths is None else lengths
        bits = torch.cat([bits, torch.zeros_like(bits[:, :1])], 1) * (t < last.unsqueeze(1)).unsqueeze(-1)
        target = (bits.sum(-1) + carries(bits)) % 2
        return Batch(bits.float(), target, None if lengths is None else t <= last.unsqueeze(1))

    def baseline(self) -> Baseline:
        """Of each pair of bits, how often it comes and with how many carries, over all steps of a sequence."""
        came, carried = torch.zeros(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
        top = self.settings.length
        lengths = range(max(1, top // 2) if self.settings.ragged else top, top + 1)
        for length in lengths:
            carry = 0.0
            for _ in range(length):
                came += 1 / 4
                carried += carry / 4
                carry = 1 / 4 + carry / 2
            came[0] += 1
            carried[0] += carry
        share = torch.stack([carried / came, 1 - carried / came])
        loss = -(share * share.clamp(min=1e-300).log()).sum(0) @ came / came.sum()
        right = share.max(0).values @ came / came.sum()
        return Baseline(float(right), float(loss), "add each two bits without a carry")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        steps = batch.x.shape[1] if batch.mask is None else int(batch.mask[row].sum())
        bits = batch.x[row, :steps].long()
        inputs = [f"{a}+{b}" for a, b in bits.tolist()]
        marks = sorted({*carries(bits.unsqueeze(0))[0].nonzero().flatten().tolist(), steps - 1})
        first, second, total = (number(v) for v in (bits[:, 0], bits[:, 1], batch.target[row, :steps]))
        expected, targets = f"{first} + {second} = {total}", [self.words[k] for k in batch.target[row, :steps]]
        if y is None:
            return Story(inputs, marks, expected, targets=targets)
        said = number(y[row, :steps].argmax(-1))
        return Story(inputs, marks, expected, str(said), said == total, targets)


def carries(bits: Tensor) -> Tensor:
    """Bits (b, t, 2) → the carry that comes into each step, (b, t).

    A carry is decided by the last step before, at which both bits were the same.
    """
    b, t, _ = bits.shape
    equal = torch.where(bits[..., 0] == bits[..., 1], torch.arange(1, t + 1, device=bits.device), 0)
    last = torch.cat([equal.new_zeros(b, 1), equal.cummax(1).values[:, :-1]], 1)
    return torch.cat([bits.new_zeros(b, 1), bits[..., 0]], 1).gather(1, last)


def number(bits: Tensor) -> int:
    """The number with these bits (t,), the lowest first."""
    return sum(bit << place for place, bit in enumerate(bits.tolist()))
