"""Batches: some rows, another device, the steps that count."""

from __future__ import annotations

import pytest
import torch

from rnn_core.records import Batch, Taught
from tests.cells.cases import identical

MASK = torch.tensor([[1, 1, 0], [1, 1, 1]]).bool()
SCORED = torch.tensor([[0, 1, 1], [1, 0, 0]]).bool()


def batch(mask=None, scored=None, tree: bool = False) -> Batch:
    """Two sequences of three steps."""
    x = torch.randn(2, 3, 4)
    return Batch(Taught(x, torch.randn(2, 3, 1)) if tree else x, torch.randn(2, 3, 1), mask, scored)


@pytest.mark.parametrize(("mask", "scored", "expected"), [
    (None, None, torch.ones(2, 3).bool()), (MASK, None, MASK), (None, SCORED, SCORED), (MASK, SCORED, MASK & SCORED)])
def test_steps_that_count(mask, scored, expected):
    assert torch.equal(batch(mask, scored).counted, expected)
    classes = Batch(torch.randn(2, 3, 4), torch.zeros(2, 3, dtype=torch.long), mask, scored)
    assert torch.equal(classes.counted, expected)


@pytest.mark.parametrize("tree", [False, True])
def test_some_rows(tree):
    whole = batch(MASK, None, tree)
    for index in (slice(1, 2), torch.tensor([1])):
        part = whole.rows(index)
        assert type(part) is Batch and type(part.x) is type(whole.x) and part.scored is None
        identical([part.target, part.mask], [whole.target[1:], MASK[1:]])


def test_on_another_device():
    moved = batch(MASK, None, True).to("meta")
    assert moved.x.teacher.device.type == moved.mask.device.type == "meta" and moved.scored is None
