"""Temporal XOR: the stream keeps its rule, and floor and baseline are those of a count over whole streams."""

from __future__ import annotations

import itertools

import pytest
import torch

from rnn_core.records import Batch
from rnn_core.tasks.temporal_xor import TemporalXOR, TemporalXORSettings


def stream(*bits: int) -> Batch:
    """A batch of one from t + 1 bits."""
    one = torch.tensor(bits, dtype=torch.float32).view(1, -1, 1)
    return Batch(one[:, :-1], one[:, 1:])


def test_every_third_bit_is_the_xor_of_the_two_before(generator):
    batch = TemporalXOR(TemporalXORSettings(length=61)).sample(50, generator)
    bits = torch.cat([batch.x, batch.target[:, -1:]], 1).squeeze(-1).int()
    assert torch.equal(batch.x[:, 1:], batch.target[:, :-1])
    assert torch.equal(bits[:, 2::3], bits[:, 0:-2:3] ^ bits[:, 1:-1:3])
    assert bits[:, 0::3].float().mean() == pytest.approx(0.5, abs=0.05)


def test_a_longer_stream_is_the_same_task():
    assert [s.length for s in TemporalXOR().further().values()] == [120, 600]


def test_a_random_phase_starts_anywhere(generator):
    batch = TemporalXOR(TemporalXORSettings(length=61, random_phase=True)).sample(300, generator)
    bits = torch.cat([batch.x, batch.target[:, -1:]], 1).squeeze(-1).int()
    fits = torch.stack([(bits[:, p::3] == bits[:, p - 1:-1:3][:, :bits[:, p::3].shape[1]]
                         ^ bits[:, p - 2:-2:3][:, :bits[:, p::3].shape[1]]).all(1) for p in (2, 3, 4)], 1)
    assert fits.any(1).all()
    assert fits.float().mean(0).tolist() == pytest.approx([1 / 3] * 3, abs=0.1)


def test_floor_by_enumerating_every_stream_of_seven_bits():
    """Each bit's variance given all bits before it, over all 2⁵ equally likely streams."""
    streams = torch.tensor([[a, b, a ^ b, c, d, c ^ d, e] for a, b, c, d, e in itertools.product((0, 1), repeat=5)])
    floor, chance = [], []
    for t in range(1, 7):
        nextbit = streams[:, t].double()
        same = (streams[:, None, :t] == streams[None, :, :t]).all(-1).double()
        mean = same @ nextbit / same.sum(1)
        floor.append(float((nextbit - mean).pow(2).mean()))
        chance.append(float((nextbit - 0.5).pow(2).mean()))
    task = TemporalXOR(TemporalXORSettings(length=6))
    always, known = task.errors()
    assert floor == known.tolist() == [0.25, 0, 0.25, 0.25, 0, 0.25]
    assert chance == always.tolist() == [0.25] * 6
    assert task.baseline().value == 0.25 and "0.1667" in task.baseline().sentence


def test_baseline_is_what_saying_one_half_costs(generator):
    task = TemporalXOR()
    batch = task.sample(64, generator)
    assert task.metric(torch.full_like(batch.target, 0.5), batch) == task.baseline().value == task.baseline().loss


def test_the_story_asks_for_the_bits_that_can_be_known():
    batch = stream(1, 0, 1, 1, 1, 0, 0)
    told = TemporalXOR().story(batch, 0)
    assert told.inputs == list("101110") and told.targets == list("011100")
    assert told.marks == [1, 4] and told.expected == "1 0"
    y = torch.tensor([0.4, 0.9, 0.5, 0.6, 0.2, 0.3]).view(1, -1, 1)
    assert TemporalXOR().story(batch, 0, y).said == "1 0" and TemporalXOR().story(batch, 0, y).right
    assert TemporalXOR().story(batch, 0, 1 - y).said == "0 1" and not TemporalXOR().story(batch, 0, 1 - y).right


@pytest.mark.parametrize(("phase", "first"), [(0, 1), (1, 3), (2, 2)])
def test_the_story_finds_the_beat(phase, first):
    bits = [1, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1][phase:]
    assert TemporalXOR().story(stream(*bits), 0).marks == list(range(first, 14 - phase, 3))


@pytest.mark.parametrize("phase", [False, True])
def test_where_sure_bits_alone_count_they_are_the_xor_of_the_two_before(phase, generator):
    task = TemporalXOR(TemporalXORSettings(length=20, sure_only=True, random_phase=phase))
    batch = task.sample(40, generator)
    bits = torch.cat([batch.x, batch.target[:, -1:]], 1).squeeze(-1).int()
    row, t = batch.counted[:, 1:].nonzero().unbind(1)
    assert torch.equal(bits[row, t + 2], bits[row, t + 1] ^ bits[row, t]) and len(row) > 200
    assert task.baseline().value == 0.25 and float(task.loss(batch.target, batch)) == 0.0
