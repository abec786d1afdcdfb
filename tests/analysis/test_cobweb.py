"""Cobweb: rests and slopes by hand, cycles, frozen numbers, refusals."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.cobweb import unit_example
from tests.cells.cases import one_sentence

pytestmark = pytest.mark.usefixtures("float64")


def unit():
    """An Elman cell of one unit."""
    return rc.make_cell("elman", 1, hidden_size=1)


def test_three_rests_by_hand():
    found = unit_example(unit(), 1.5, 0.0, start=0.2)
    root = 0.858559
    assert found.rests.tolist() == pytest.approx([-root, 0, root], abs=1e-5)
    slope = 1.5 * (1 - root**2)
    assert found.slopes.tolist() == pytest.approx([slope, 1.5, slope], abs=1e-5)
    assert found.kinds == ("stable", "unstable", "stable") and found.period == 1
    assert found.end == pytest.approx(root, abs=1e-5) and found.frozen == 0
    assert found.path[:3].tolist() == pytest.approx([0.2, math.tanh(0.3), math.tanh(1.5 * math.tanh(0.3))])


def test_the_rests_that_a_search_finds():
    cell = unit().requires_grad_(False)
    cell.R.fill_(2.0), cell.b.fill_(0.3)
    searched = rc.fixed_points(cell)
    found = rc.cobweb(cell)
    assert found.rests.tolist() == pytest.approx(searched.points.flatten().sort().values.tolist(), abs=1e-7)


def test_a_cycle_and_a_run_that_leaves():
    found = unit_example(unit(), -2.0, 0.0)
    assert found.period == 2 and "cycle of 2 steps" in found.says
    gone = unit_example(rc.make_cell("elman", 1, hidden_size=1, activation="linear"), 5.0, 1.0)
    assert gone.period == -1 and "leaves the finite numbers" in gone.says


def test_one_unit_of_many_goes_where_the_network_would_take_it():
    run = rc.Run(rc.Experiment.of("gru", "adding", hidden_size=4, length=9))
    trace = run.network.trace(run.held_out.rows(slice(0, 3)).x).main
    found = rc.cobweb(trace, "h[2]", row=1, step=5)
    assert (found.frozen, found.row, found.step, found.name) == (3, 1, 5, "h[2]")
    assert float(found.path[0]) == pytest.approx(float(trace.entering.h[1, 5, 2]), abs=1e-6)
    assert float(found.path[1]) == pytest.approx(float(trace.states.h[1, 5, 2]), abs=1e-5)
    assert "3 other numbers" in found.says_not


@pytest.mark.parametrize("wrong", [{"unit": "c[0]"}, {"steps": 0}, {"row": 5}, {"step": 9}, {"reach": (1.0, 1.0)}])
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError) as caught:
        rc.cobweb(rc.unroll(unit(), torch.zeros(1, 4, 1)), **wrong)
    one_sentence(str(caught.value))
