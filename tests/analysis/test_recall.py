"""Recall and basins: energy by another road, every kind of ending, swings, and shares counted by hand."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc
from tests.figures.relaxations import damaged, stored


def test_the_way_is_told_change_by_change():
    cell, patterns = stored(60)
    found = rc.recall(cell, damaged(patterns[1], 12), patterns)
    assert found.energy.tolist() == pytest.approx([float(-s @ cell.W @ s / 2) for s in found.states], rel=1e-4)
    assert bool((found.energy.diff() <= 1e-6).all()) and found.flips.tolist() == [1] * 12
    assert found.overlaps[:, 1].tolist() == pytest.approx([(60 - 24 + 2 * k) / 60 for k in range(13)])
    assert (found.kind, found.place, found.settled, found.swings) == ("stored", "pattern 2", True, False)
    assert "rests at pattern 2, with an overlap of 1.00" in found.says and len(found.frame()) == 13


def test_the_mirror_image_is_recalled_and_just_as_deep():
    cell, patterns = stored(60)
    there, mirrored = (rc.recall(cell, sign * damaged(patterns[0], 12), patterns, names=["A", "B", "C"])
                       for sign in (1, -1))
    assert (there.place, mirrored.kind, mirrored.place) == ("A", "inverse", "the inverse of A")
    assert torch.equal(there.energy, mirrored.energy) and torch.equal(there.states, -mirrored.states)


def test_a_mixture_of_three_is_named():
    cell, patterns = stored(400)
    found = rc.recall(cell, (patterns[0] - patterns[1] + patterns[2]).sign(), patterns, names=["A", "B", "C"])
    assert found.kind == "mixture" and sorted(found.place.removeprefix("a mixture of ").split(", ")) == ["A", "C", "−B"]


def test_somewhere_else():
    cell, patterns = stored(40)
    cell.W.zero_()
    found = rc.recall(cell, torch.cat([patterns[0][:20], -patterns[0][20:]]), patterns)
    assert found.kind == "other" and "none of the patterns" in found.says and len(found.states) == 1


def test_all_at_once_may_swing():
    cell = rc.make_cell("hopfield", 1, hidden_size=2)
    cell.W.copy_(torch.tensor([[0.0, -1.0], [-1.0, 0.0]]))
    found = rc.recall(cell, torch.ones(2), torch.tensor([[1.0, -1.0]]), together=True)
    assert found.swings and not found.settled and "swings between two states" in found.says
    assert found.states.tolist() == [[1, 1], [-1, -1], [1, 1]]


def test_the_modern_network_recalls_at_once():
    _, patterns = stored(60)
    cell = rc.make_cell("modern_hopfield", 1, hidden_size=60)
    cell.store(patterns)
    found = rc.recall(cell, damaged(patterns[2], 15), patterns, together=True)
    assert found.kind == "stored" and found.settled and float(found.overlaps[1, 2]) == pytest.approx(1.0)


@pytest.mark.parametrize(("start", "names"), [(torch.ones(3), None), (torch.ones(1, 40), None),
                                              (torch.ones(40), ["A"])])
def test_what_does_not_fit_is_refused(start, names):
    cell, patterns = stored(40)
    with pytest.raises(ValueError, match=r"\.$"):
        rc.recall(cell, start, patterns, names=names)


def test_one_pattern_comes_back_from_all_that_is_nearer_to_it_than_to_its_inverse():
    cell, patterns = stored(41, 1)
    found = rc.basins(cell, patterns, starts=5)
    near = (found.damage * 41).round() < 20.5
    assert torch.equal(found.recalled, near.double()) and torch.equal(found.inverse, (~near).double())
    assert found.radius == 0.5 and found.resting == 1.0


def test_a_valley_shrinks_with_the_load():
    radii = [rc.basins(*stored(100, count), starts=30).radius for count in (3, 10)]
    assert radii[0] > radii[1] > 0.05
    full = rc.basins(*stored(100, 60), starts=30)
    assert math.isnan(full.radius) and "fewer than half" in full.says


@pytest.mark.parametrize("damages", [(), (-0.1,), (1.5,), (math.nan,)])
def test_a_damage_is_a_share(damages):
    cell, patterns = stored()
    with pytest.raises(ValueError, match="A damage is a share"):
        rc.basins(cell, patterns, damages=damages)
