"""Binary addition: the bits are those of the sum, carries are right, and a net without memory is at the baseline."""

from __future__ import annotations

import pytest
import torch

from rnn_core.tasks.binary_addition import BinaryAddition, BinaryAdditionSettings, carries, number


def test_five_plus_seven():
    batch = BinaryAddition(BinaryAdditionSettings(length=3)).show(torch.tensor([[[1, 1], [0, 1], [1, 1]]]))
    assert batch.target.tolist() == [[0, 0, 1, 1]] and batch.x[0, -1].tolist() == [0, 0]
    assert carries(batch.x.long()).tolist() == [[0, 1, 1, 1]]
    told = BinaryAddition().story(batch, 0)
    assert told.inputs == ["1+1", "0+1", "1+1", "0+0"] and told.expected == "5 + 7 = 12" and told.marks == [1, 2, 3]


@pytest.mark.parametrize("ragged", [False, True])
def test_it_is_the_sum(generator, ragged):
    batch = BinaryAddition(BinaryAdditionSettings(length=12, ragged=ragged)).sample(200, generator)
    lengths = [13] * 200 if batch.mask is None else batch.mask.sum(1).tolist()
    assert (len(set(lengths)) > 1) == ragged and min(lengths) >= 7
    for row, length in enumerate(lengths):
        a, b = (number(batch.x[row, :length, k].long()) for k in (0, 1))
        assert number(batch.target[row, :length]) == a + b
        assert max(a, b) < 2 ** (length - 1)


@pytest.mark.parametrize("ragged", [False, True])
def test_the_baseline_is_what_no_memory_reaches(generator, ragged):
    task = BinaryAddition(BinaryAdditionSettings(length=6, ragged=ragged))
    batch = task.sample(20_000, generator)
    said = batch.x.sum(-1).long() % 2
    right = (said == batch.target)[batch.counted].float().mean()
    assert float(right) == pytest.approx(task.baseline().value, abs=0.005)
    pairs, carried = (batch.x @ torch.tensor([2.0, 1.0])).long(), said != batch.target
    nats = 0.0
    for pair in range(4):
        chosen = batch.counted & (pairs == pair)
        share = torch.stack([carried[chosen].double().mean(), 1 - carried[chosen].double().mean()])
        nats -= float((share * share.log()).sum() * chosen.sum() / batch.counted.sum())
    assert nats == pytest.approx(task.baseline().loss, abs=0.005)


def test_longer_numbers_are_named():
    assert [(k, s.length) for k, s in BinaryAddition().further().items()] == [("2 × the length", 16),
                                                                            ("10 × the length", 80)]
