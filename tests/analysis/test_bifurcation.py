"""Bifurcation: pitchfork, fold, flip, cascade and transcritical by hand, one value against a search alone, refusals."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc
from rnn_core.verify.d8 import Logistic
from tests.cells.cases import one_sentence

pytestmark = pytest.mark.usefixtures("float64")


def unit(weight: float = 1.0, bias: float = 0.0):
    """h ← tanh(weight · h + bias)."""
    cell = rc.make_cell("elman", 1, hidden_size=1).requires_grad_(False)
    cell.R.fill_(weight), cell.b.fill_(bias)
    return cell


def test_a_pitchfork_whose_place_is_one_of_the_values():
    found = rc.bifurcation(unit(), "R[0,0]", torch.linspace(0, 2, 21).tolist())
    (change,) = found.changes
    assert change.value == pytest.approx(1, abs=1e-5) and change.what == "one rest splits into three (pitchfork)"
    assert found.counts.tolist() == [1] * 11 + [3] * 10
    at = found.points[found.at == 15].flatten().sort().values
    assert at.tolist() == pytest.approx([-0.85856, 0, 0.85856], abs=1e-5)
    assert found.stable[found.at == 15].sum() == 2 and len(found.branch.unique()) == 3
    assert "at 1 one rest splits into three" in found.says and not found.turning.any()


def test_folds_and_what_is_in_hand():
    edge = math.sqrt(2) - math.atanh(math.sqrt(0.5))
    found = rc.bifurcation(unit(2.0, 0.1), "b[0]", torch.linspace(-1, 1, 24).tolist())
    assert [one.value for one in found.changes] == pytest.approx([-edge, edge], abs=1e-5)
    assert [one.what for one in found.changes] == ["2 rests appear (fold)", "2 rests vanish (fold)"]
    assert found.now == pytest.approx(0.1) and found.name == "b[0]" and found.shown == "h[0]"


def test_a_flip_into_a_cycle_of_two():
    found = rc.bifurcation(unit(), "R[0,0]", torch.linspace(-2, 0, 20).tolist())
    (change,) = found.changes
    assert change.value == pytest.approx(-1, abs=1e-5) and "(flip)" in change.what
    assert set(found.periods[found.values < -1.01].flatten().tolist()) <= {1, 2} and found.turning.any()
    assert "cycle of 2 steps" in set(found.frame()["what"])


def test_the_cascade_of_the_logistic_map():
    """Rests exchange their stability at r = 1 and flip at r = 3; runs then come to cycles of 2, 4, 8 and 3 steps."""
    found = rc.bifurcation(Logistic(), "r[0]", [0.5, 0.8, 1.2, 2.7, 3.2, 3.5, 3.55, 3.7, 3.835], spread=0.05,
                           searches=8)  # fmt: skip
    places = {one.what.split("(")[-1]: one.value for one in found.changes}
    assert places["transcritical)"] == pytest.approx(1, abs=1e-4)
    assert places["flip)"] == pytest.approx(3, abs=1e-4)
    assert [int(row.max()) for row in found.periods[4:7]] == [2, 4, 8]
    assert int(found.periods[8].max()) == 3 and 0 in found.periods[7]


def test_every_rest_is_a_rest_and_what_a_search_alone_finds_is_among_them():
    run = rc.Run(rc.Experiment.of("gru", "adding", hidden_size=5, length=9, gain=2.0))
    found = rc.bifurcation(run, values=[0.5, 0.8, 1.0, 1.3])
    assert found.name == "gain" and found.shown == "main axis"
    alone = rc.fixed_points(run)
    here = found.points[found.at == 2]
    for point, kind, values in zip(alone.points, alone.kinds, alone.eigenvalues):
        if kind != "slow":
            gap, k = (here - point).norm(dim=1).min(0)
            assert gap < 1e-4
            sizes = found.eigenvalues[found.at == 2][k].abs()
            assert torch.allclose(sizes, values.abs(), atol=1e-4)


def test_numbers_that_left_are_told():
    cell = rc.make_cell("elman", 1, hidden_size=1, activation="linear").requires_grad_(False)
    cell.R.fill_(1.0), cell.b.fill_(1.0)
    found = rc.bifurcation(cell, "R[0,0]", [0.5, 2.5, 6.5])
    assert "some runs leave the finite numbers" in found.says and len(found.frame())


@pytest.mark.parametrize("wrong", [
    {"sweep": "R"}, {"sweep": "Q[0]"}, {"sweep": "R[0]"}, {"sweep": "R[0,1]"}, {"values": [1.0, 2.0]},
    {"values": [0.0, 1.0, 1.0]}, {"values": [0.0, 1.0, math.inf]}, {"unit": "c[0]"}, {"searches": 0}, {"spread": -1.0},
    {"searches": 10**9},
])  # fmt: skip
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError) as caught:
        rc.bifurcation(unit(), **wrong)
    one_sentence(str(caught.value))


def test_a_cell_without_a_loop_has_no_gain():
    with pytest.raises(ValueError, match="has no recurrent weights that a gain could scale.$"):
        rc.bifurcation(rc.make_cell("finite_impulse", 1, hidden_size=3), "gain")
