"""Four shapes: what is read and said in each, only what is said counts, and all letters are equally common."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from rnn_core.tasks.four_shapes import FourShapes, FourShapesSettings

SHAPES = {
    "one to one": ("F", "A"),
    "one to many": ("E···", "FABC"),
    "many to one": ("EFAC", "···E"),
    "many to many": ("EFAC", "·EFA"),
    "many, then many": ("EF··", "··EF"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_read_and_said(shape):
    task, (read, said) = FourShapes(FourShapesSettings(shape=shape, length=4)), SHAPES[shape]
    letters = torch.tensor([["ABCDEF".index(c) for c in read if c != "·"]])
    told = task.story(task.show(letters), 0)
    assert "".join(told.inputs) == read and "".join(told.targets) == said
    assert told.expected == said.replace("·", "") and [said[t] for t in told.marks] == [*told.expected]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_floor_by_brute_force(shape):
    """Every sequence there is: each letter is due equally often at each step that counts."""
    task = FourShapes(FourShapesSettings(shape=shape, length=3, symbols=3))
    batch = task.show(torch.tensor(list(itertools.product(range(3), repeat=task.reads))))
    for t in batch.counted[0].nonzero().flatten():
        counts = batch.target[:, t].bincount(minlength=3)
        assert (counts == counts[0]).all()
    assert task.baseline().value == pytest.approx(1 / 3) and task.baseline().loss == pytest.approx(math.log(3))


@pytest.mark.parametrize("shape", SHAPES)
def test_loss_is_felt_only_where_there_is_something_to_say(shape, generator):
    task = FourShapes(FourShapesSettings(shape=shape, length=4))
    batch = task.sample(5, generator)
    y = torch.randn(*batch.target.shape, 6, requires_grad=True)
    task.loss(y, batch).backward()
    felt = (y.grad != 0).any(-1).any(0).tolist()
    assert felt == [c != "·" for c in SHAPES[shape][1]]
    assert torch.equal(task.teacher(batch).isnan().any(-1), ~batch.counted)


def test_one_to_one_does_not_grow():
    assert FourShapes(FourShapesSettings(shape="one to one")).further() == {}
    assert [s.length for s in FourShapes(FourShapesSettings(shape="one to many")).further().values()] == [24, 120]
