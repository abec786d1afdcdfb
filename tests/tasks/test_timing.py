"""Precise timing: the answer is due once more the distance later; held-out pairs are never trained on."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch

from rnn_core.tasks.timing import Timing, TimingSettings


@pytest.mark.parametrize("lag", [5, 13])
def test_the_answer_is_as_late_again(generator, lag):
    task = Timing(TimingSettings(lag=lag))
    batch = task.sample(200, generator)
    for x, target in zip(batch.x[..., 0], batch.target):
        first, second = x.nonzero().flatten().tolist()
        assert target.nonzero().flatten().tolist() == [second + (second - first)] and first < lag
        assert 1 <= second - first <= lag


def test_no_held_out_pair_is_trained_on(generator):
    task = Timing()
    learnt, held = ({tuple(p) for p in pairs.tolist()} for pairs in (task.learnt, task.held))
    assert learnt | held == {(first, distance) for first in range(10) for distance in range(1, 11)}
    assert not learnt & held and len(held) == 20
    assert {d for _, d in held} == {d for _, d in learnt} == set(range(1, 11))
    sampled, asked = (
        {tuple(x.nonzero().flatten().tolist()) for x in batch.x[..., 0]}
        for batch in (task.sample(2000, generator), task.held_out(500, generator))
    )
    assert not sampled & asked and asked == {(first, first + d) for first, d in held}


def test_the_floor_by_brute_force():
    """Every held-out pair, counted: no fixed step is right more often, and no fixed belief costs less."""
    task = Timing(TimingSettings(lag=7))
    due = Counter(t + 2 * d for t in range(7) for d in range(1, 8) if (t + d) % 5 == 0)
    many, loss = sum(due.values()), 0.0
    for step in range(21):
        p = due[step] / many
        loss -= sum(q * math.log(q) for q in (p, 1 - p) if q) / 21
    assert task.baseline().value == pytest.approx(max(due.values()) / many)
    assert task.baseline().loss == pytest.approx(loss)


def test_one_step_too_late_is_wrong():
    task = Timing(TimingSettings(lag=5))
    batch = task.show(torch.tensor([[0, 2], [1, 4]]))
    y = torch.zeros(2, 15, 2)
    y[0, 4, 1] = y[1, 10, 1] = 3
    assert task.metric(y, batch) == 0.5
    told = [task.story(batch, row, y) for row in (0, 1)]
    assert [t.said for t in told] == ["step 4", "step 10"] and [t.right for t in told] == [True, False]
    assert told[0].marks == [0, 2, 4] and told[1].expected == "step 9"
