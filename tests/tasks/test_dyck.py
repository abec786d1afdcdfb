"""Brackets: the legal sets by a stack, every string well formed, depths as asked for."""

from __future__ import annotations

import pytest

from rnn_core.tasks.dyck import Dyck, DyckSettings

CLOSES = {"(": ")", "[": "]"}


@pytest.mark.parametrize("brackets", ["one", "two"])
def test_a_stack_agrees(brackets, generator):
    task = Dyck(DyckSettings(brackets=brackets, depth=4))
    batch = task.sample(60, generator)
    for row in range(60):
        told, stack = task.story(batch, row), []
        for symbol, legal in zip(told.inputs, told.targets, strict=True):
            if symbol in CLOSES:
                stack.append(CLOSES[symbol])
            elif symbol != "S":
                assert symbol == stack.pop()
            opening = {"one": "(", "two": "(["}[brackets]
            assert sorted(legal) == sorted(opening + (stack[-1] if stack else "T"))
        assert not stack and told.inputs[0] == "S"


def test_depths(generator):
    task = Dyck(DyckSettings(depth=3))
    for batch, depths in ((task.sample(200, generator), {1, 2, 3}), (task.held_out(200, generator), {4, 5, 6})):
        step = batch.x[..., 1] - batch.x[..., 2]
        assert set(step.cumsum(1).amax(1).int().tolist()) == depths


def test_both_kinds_of_brackets_come_equally_often(generator):
    x = Dyck(DyckSettings(brackets="two")).sample(500, generator).x.sum((0, 1))
    assert x[1] == x[2] and x[3] == x[4] and float(x[1] / x[3]) == pytest.approx(1, abs=0.15)
