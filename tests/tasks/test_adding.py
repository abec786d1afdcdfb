"""Adding: two marks, one in each half, their sum at the end, and a baseline of one sixth."""

from __future__ import annotations

import pytest
import torch

from rnn_core.tasks.adding import Adding, AddingSettings


@pytest.mark.parametrize("ragged", [False, True])
def test_the_target_is_the_sum_of_the_two_marked_numbers(generator, ragged):
    batch = Adding(AddingSettings(length=11, ragged=ragged)).sample(200, generator)
    lengths = torch.full((200,), 11) if batch.mask is None else batch.mask.sum(1)
    for row, length in enumerate(lengths.tolist()):
        numbers, marks = batch.x[row, :length].T
        first, second = marks.nonzero().flatten().tolist()
        assert first < length // 2 <= second < length
        assert batch.target[row, length - 1, 0] == numbers[first] + numbers[second]
        assert batch.counted[row].nonzero().flatten().tolist() == [length - 1]


def test_the_baseline_is_one_sixth():
    """Two uniform numbers have variance 1/12 each; 20,000 draws come within 3 % of their sum."""
    assert Adding().baseline().value == pytest.approx(1 / 6, rel=0.03)


def test_every_place_is_marked_equally_often(generator):
    batch = Adding(AddingSettings(length=8)).sample(8000, generator)
    assert batch.x[..., 1].mean(0).tolist() == pytest.approx([0.25] * 8, abs=0.02)


def test_the_story_is_a_sum(generator):
    batch = Adding(AddingSettings(length=6)).sample(1, generator)
    told = Adding(AddingSettings(length=6)).story(batch, 0, batch.target)
    left, right = told.expected.split(" = ")
    assert sum(float(v) for v in left.split(" + ")) == pytest.approx(float(right), abs=0.011)
    assert told.said == right and told.right and [told.inputs[m] for m in told.marks] == left.split(" + ")
    assert not Adding(AddingSettings(length=6)).story(batch, 0, batch.target + 0.05).right
