"""Temporal order: one sign in each part, the class is their order, all orders are equally common."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from rnn_core.tasks.temporal_order import HEARD, TemporalOrder, TemporalOrderSettings


@pytest.mark.parametrize("signs", [2, 3])
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("length", [8, 31])
def test_one_sign_stands_in_each_part(generator, signs, ragged, length):
    task = TemporalOrder(TemporalOrderSettings(length=length, signs=signs, ragged=ragged))
    batch = task.sample(100, generator)
    lengths = [length] * 100 if batch.mask is None else batch.mask.sum(1).tolist()
    for row, steps in enumerate(lengths):
        heard = [HEARD[k] for k in batch.x[row, :steps].argmax(-1)]
        at = [t for t, sign in enumerate(heard) if sign in "XY"]
        assert [t for t, sign in enumerate(heard) if sign == "?"] == [steps - 1] and len(at) == signs
        assert all(k * (steps - 1) // signs <= t < (k + 1) * (steps - 1) // signs for k, t in enumerate(at))
        assert task.words[batch.target[row, steps - 1]] == "".join(heard[t] for t in at)
        assert batch.counted[row].nonzero().flatten().tolist() == [steps - 1]


@pytest.mark.parametrize("signs", [2, 3])
def test_the_floor_by_brute_force(generator, signs):
    """One sign alone is known equally well under every guess: all orders occur equally often."""
    task = TemporalOrder(TemporalOrderSettings(signs=signs))
    orders = ["".join(o) for o in itertools.product("XY", repeat=signs)]
    assert task.words == orders and task.baseline().value == 1 / len(orders)
    assert task.baseline().loss == pytest.approx(signs * math.log(2))
    batch = task.sample(8000, generator)
    share = batch.target[:, -1].bincount(minlength=len(orders)) / 8000
    assert share.tolist() == pytest.approx([1 / len(orders)] * len(orders), abs=0.02)


def test_every_place_of_a_part_is_used_equally_often(generator):
    batch = TemporalOrder(TemporalOrderSettings(length=11)).sample(10_000, generator)
    assert batch.x[:, :10, :2].sum(-1).mean(0).tolist() == pytest.approx([0.2] * 10, abs=0.02)


def test_the_teacher_is_silent(generator):
    task = TemporalOrder()
    assert torch.isnan(task.teacher(task.sample(3, generator))).all()
