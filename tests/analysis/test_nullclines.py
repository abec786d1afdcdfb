"""Nullclines: fixed points against a system that is solved by hand, stability, freezing, refusals."""

from __future__ import annotations

from math import tanh

import pytest
import torch

import rnn_core as rc
from tests.cells.cases import one_sentence

pytestmark = pytest.mark.usefixtures("float64")


def pitchfork(weight: float = 1.5):
    """Two tanh units that hear themselves alone, a and b ← tanh(w ·)."""
    cell = rc.make_cell("elman", 1, hidden_size=2)
    with torch.no_grad():
        cell.R.copy_(weight * torch.eye(2))
        cell.W.zero_()
    return rc.unroll(cell, torch.zeros(2, 5, 1))


def test_nine_points_of_two_pitchforks():
    """x = tanh(1.5 x) has the roots 0 and ±0.85856."""
    found = rc.nullclines(pitchfork())
    root = 0.85856
    expected = [(a, b) for a in (-root, 0.0, root) for b in (-root, 0.0, root)]
    assert torch.allclose(found.points, torch.tensor(expected), atol=1e-5)
    assert found.kinds == tuple({0: "unstable", 1: "saddle", 2: "stable"}[(a != 0) + (b != 0)] for a, b in expected)
    slope = 1.5 * (1 - root**2)
    assert found.eigenvalues[0].abs().tolist() == pytest.approx([slope, slope], abs=1e-4)
    assert found.frozen == 0 and "9 fixed points: 4 stable, 4 saddle, 1 unstable" in found.says
    middle = found.change[20, 25]
    assert middle.tolist() == pytest.approx([tanh(1.5 * v) - v for v in (float(found.a[25]), float(found.b[20]))])


def test_below_the_bifurcation_there_is_one():
    found = rc.nullclines(pitchfork(0.5))
    assert found.kinds == ("stable",) and found.points.abs().max() < 1e-8


def test_other_units_are_frozen_where_they_stood():
    cell = rc.make_cell("gru", 2, hidden_size=4, seed=3)
    x = torch.randn(3, 6, 2)
    trace = rc.unroll(cell, x)
    found = rc.nullclines(trace, ("h[3]", "h[1]"), row=1, step=4)
    state = trace.entering.h[1, 4].clone()
    state[3], state[1] = found.a[7], found.b[30]
    _, after, _ = cell.step(x[1:2, 4], type(trace.final)(state.unsqueeze(0)))
    change = after.h[0, [3, 1]] - torch.stack([found.a[7], found.b[30]])
    assert torch.allclose(found.change[30, 7], change, atol=1e-12)
    assert found.frozen == 2 and torch.equal(found.path, trace.states.h[1][:, [3, 1]])
    assert len(found.frame()) == len(found.points) + 6


def test_all_else_at_its_mean_or_at_rest():
    cell = rc.make_cell("gru", 2, hidden_size=4, gain=2.0, seed=3)
    trace = rc.unroll(cell, torch.randn(3, 6, 2))
    for freeze, state, x in (("mean", trace.states.h.flatten(0, 1).mean(0), trace.x.flatten(0, 1).mean(0)),
                             ("rest", rc.fixed_points(trace).points[0], torch.zeros(2))):
        found = rc.nullclines(trace, ("h[3]", "h[1]"), freeze=freeze)
        moved = state.clone()
        moved[3], moved[1] = found.a[7], found.b[30]
        after = cell.step(x[None], type(trace.final)(moved[None]))[1].h[0, [3, 1]]
        assert torch.allclose(found.change[30, 7], after - torch.stack([found.a[7], found.b[30]]), atol=1e-12)
    assert "frozen at a fixed point" in found.says_not


@pytest.mark.parametrize("wrong", [{"freeze": "end"}, {"units": ("h[0]", "h[0]")}, {"units": ("h[0]", "z[1]")},
                                   {"row": 9}, {"step": 7}])
def test_what_is_not_there_is_refused(wrong):
    with pytest.raises(ValueError) as caught:
        rc.nullclines(pitchfork(), **wrong)
    one_sentence(str(caught.value))


def test_a_single_number_is_no_plane():
    cell = rc.make_cell("elman", 1, hidden_size=1)
    with pytest.raises(ValueError, match="two units"):
        rc.nullclines(rc.unroll(cell, torch.zeros(1, 2, 1)))


def test_a_network_that_left_the_numbers_is_said_to_have():
    cell = rc.make_cell("elman", 1, hidden_size=2, activation="linear")
    with torch.no_grad():
        cell.R.fill_(1e200)
    found = rc.nullclines(rc.unroll(cell, torch.ones(1, 5, 1)))
    assert "left the finite numbers" in found.says and len(found.frame())
