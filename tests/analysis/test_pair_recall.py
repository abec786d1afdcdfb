"""Recall of pairs: turns by hand, both ways, negatives, blends, and what is refused."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from tests.cells.cases import one_sentence
from tests.figures.relaxations import damaged, small_pairs


@pytest.mark.parametrize("backwards", [False, True])
def test_either_half_brings_back_the_other(backwards):
    cell, z, y = small_pairs()
    start = damaged((y if backwards else z)[1], 1)
    found = rc.pair_recall(cell, start, z, y, names=["one", "two"], backwards=backwards)
    assert (found.kind, found.place, found.settled) == ("stored", "two", True) and found.held.all()
    assert torch.equal(found.z[-1], z[1]) and torch.equal(found.y[-1], y[1])
    assert not (found.z if backwards else found.y)[0].any()
    assert found.moved[:3] == (["start", "z", "y"] if backwards else ["start", "y", "z"])
    by_hand = [-sum(float(b @ cell.W @ a) for a, b in [(p, q)]) for p, q in zip(found.z, found.y, strict=True)]
    assert found.energy.tolist() == pytest.approx(by_hand) and bool((found.energy.diff() < 0).all())
    assert len(found.frame()) == len(found.z) and "rests at two" in found.says


def test_the_negative_of_a_half_brings_back_the_negative():
    cell, z, y = small_pairs()
    found = rc.pair_recall(cell, -z[0], z, y)
    assert found.kind == "inverse" and torch.equal(found.y[-1], -y[0]) and "negative of pair 1" in found.says


def test_pairs_that_are_alike_fall_together():
    cell = rc.make_cell("bam", 8, hidden_size=8)
    z = torch.ones(3, 8)
    z[1, 0] = z[2, 1] = -1
    y = torch.eye(3, 8) * 2 - 1
    cell.store(z, y)
    found = rc.pair_recall(cell, z[0], z, y)
    assert not found.held.any() and found.kind != "stored" and "0 of the 3" in found.says


def test_a_memory_of_nothing_leaves_the_other_half_unknown():
    cell, z, y = small_pairs()
    cell.W.zero_()
    found = rc.pair_recall(cell, z[0], z, y)
    assert len(found.z) == 1 and not found.y.any() and found.kind == "other" and found.settled
    assert rc.figures.pair_recall(found).to_json()


@pytest.mark.parametrize("wrong", [{"start": torch.ones(8)}, {"start": torch.ones(9), "backwards": True},
                                   {"start": torch.ones(9), "names": ["one"]}, {"start": torch.ones(9), "y": 2}])
def test_what_does_not_fit_is_refused(wrong):
    cell, z, y = small_pairs()
    count = wrong.pop("y", 16)
    with pytest.raises(ValueError) as caught:
        rc.pair_recall(cell, wrong.pop("start"), z, y[:, :count], **wrong)
    one_sentence(str(caught.value))
