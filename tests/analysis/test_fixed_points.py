"""Fixed points: a pitchfork by hand, an input that moves the rest, merging, slow points, refusals."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc
from tests.cells.cases import one_sentence

pytestmark = pytest.mark.usefixtures("float64")


def units(weight: float, count: int = 2):
    """Tanh units that hear themselves alone."""
    cell = rc.make_cell("elman", 1, hidden_size=count)
    with torch.no_grad():
        cell.R.copy_(weight * torch.eye(count))
        cell.W.fill_(1.0)
    return cell


def test_nine_points_of_two_pitchforks():
    found = rc.fixed_points(units(1.5), searches=256)
    assert len(found.points) == 9 and int(found.ends.sum()) == found.searches == 256 and not found.lost
    assert sorted(found.kinds) == ["saddle"] * 4 + ["stable"] * 4 + ["unstable"]
    assert found.points.abs().unique(sorted=True).max() == pytest.approx(0.85856, abs=1e-5)
    for point, values, out in zip(found.points, found.eigenvalues, found.escapes):
        slopes = 1.5 * (1 - point**2)
        assert values.real.tolist() == pytest.approx(sorted(slopes.tolist(), reverse=True), abs=1e-6)
        assert out == (slopes > 1).sum()
    assert "9 fixed points (4 stable, 4 saddle, 1 unstable)" in found.says


def test_an_input_moves_the_rest():
    found = rc.fixed_points(units(0.5, 1), x=torch.tensor([0.7]), searches=16)
    (point,) = found.points.flatten().tolist()
    assert point == pytest.approx(math.tanh(0.5 * point + 0.7), abs=1e-9)


def test_a_slow_place_is_no_root():
    """h ← h + 10⁻³ moves everywhere at the same small pace: no root, only slow places."""
    cell = rc.make_cell("elman", 1, hidden_size=1, activation="linear")
    with torch.no_grad():
        cell.R.fill_(1.0)
        cell.b.fill_(1e-3)
    found = rc.fixed_points(cell, searches=4, descent=3)
    assert set(found.kinds) == {"slow"} and found.speeds.tolist() == pytest.approx([1e-3] * len(found.speeds))
    assert "0 fixed points and" in found.says


def test_the_same_one_at_a_time():
    """Every search is by itself: half of the starts give points of the whole."""
    run = rc.Run(rc.Experiment.of("gru", "adding", hidden_size=5, length=9, gain=1.5))
    whole = rc.fixed_points(run)
    assert whole.paths.shape[::2] == (16, 3) and len(whole.points) >= 1
    again = rc.fixed_points(run, searches=20, seed=4)
    roots = whole.points[whole.speeds < 1e-9]
    for point, kind in zip(again.points, again.kinds):
        assert kind == "slow" or (roots - point).norm(dim=1).min() < 1e-4


def test_what_cannot_be_is_refused():
    for wrong in ({"searches": 0}, {"spread": -1.0}, {"descent": -1}):
        with pytest.raises(ValueError) as caught:
            rc.fixed_points(units(1.0), **wrong)
        one_sentence(str(caught.value))
