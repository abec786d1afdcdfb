"""Finite and infinite impulse by hand: one step of a filter bank, what the lines hold, stable fresh filters."""

from __future__ import annotations

from math import tanh

import pytest
import torch

import rnn_core as rc
from rnn_core.cells.finite_impulse import FiniteImpulseState
from rnn_core.cells.infinite_impulse import InfiniteImpulseState

pytestmark = pytest.mark.usefixtures("float64")
BENDS = [("tanh", tanh), ("linear", float)]


def give(cell, **weights):
    """The cell with these weights."""
    cell.load_state_dict({name: torch.tensor(v) for name, v in weights.items()})
    return cell


@pytest.mark.parametrize(("activation", "bend"), BENDS)
def test_one_finite_step(activation, bend):
    cell = rc.make_cell("finite_impulse", 2, hidden_size=1, taps=1, activation=activation)
    give(cell, W=[[0.5, -1.0, 2.0, 0.25]], b=[0.1])
    out, state, probes = cell.step(torch.tensor([[1.0, 2.0]]), FiniteImpulseState(torch.tensor([[3.0, 4.0]])))
    a = 0.5 * 1 - 1.0 * 2 + 2.0 * 3 + 0.25 * 4 + 0.1
    for got, value in ((probes["a"], (a,)), (out, (bend(a),)), (state.x, (1.0, 2.0)), (probes["u"], (1, 2, 3, 4.0))):
        torch.testing.assert_close(got, torch.tensor([value]))


@pytest.mark.parametrize(("activation", "bend"), BENDS)
def test_one_infinite_step(activation, bend):
    cell = rc.make_cell("infinite_impulse", 2, hidden_size=1, taps=1, feedback_taps=2, activation=activation)
    give(cell, W=[[0.5, 2.0], [-1.0, 0.25]], V=[[0.9, -0.2], [0.3, 0.1]], b=[0.1])
    before = InfiniteImpulseState(torch.tensor([[[3.0, 4.0]]]), torch.tensor([[[1.0, -1.0], [0.5, 2.0]]]))
    out, state, probes = cell.step(torch.tensor([[1.0, 2.0]]), before)
    z = 0.5 * 1 + 2.0 * 3 + 0.9 * 1 - 0.2 * 0.5, -1.0 * 2 + 0.25 * 4 + 0.3 * -1 + 0.1 * 2
    a = z[0] + z[1] + 0.1
    for got, value in ((probes["z"], [z]), (probes["a"], [[a]]), (out, [[bend(a)]]), (state.x, [[[1.0, 2.0]]]),
                       (state.z, [[z, (1.0, -1.0)]])):
        torch.testing.assert_close(got, torch.tensor(value))


def test_a_feedback_above_one_grows():
    cell = rc.make_cell("infinite_impulse", 1, hidden_size=1, activation="linear")
    give(cell, W=[[1.0, 0.0]], V=[[1.1]], b=[0.0])
    x = torch.zeros(1, 30, 1)
    x[0, 0, 0] = 1
    assert rc.unroll(cell, x).outputs[0, -1, 0].item() == pytest.approx(1.1**29)


@pytest.mark.parametrize("back", [1, 3, 16])
def test_the_feedback_of_a_fresh_synapse_adds_up_to_less_than_one(back):
    cell = rc.make_cell("infinite_impulse", 3, hidden_size=20, feedback_taps=back)
    V = cell.V.detach().abs()
    assert float(V.sum(1).max()) < 1 and float(V.max()) > 0.8 / back


@pytest.mark.parametrize("name", ["finite_impulse", "infinite_impulse"])
def test_the_ends_of_the_ranges(name):
    for taps in (1, 64):
        cell = rc.make_cell(name, 2, hidden_size=3, taps=taps)
        assert rc.unroll(cell, torch.randn(2, 5, 2)).outputs.shape == (2, 5, 3)
