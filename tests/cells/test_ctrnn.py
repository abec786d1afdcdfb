"""The continuous-time cell: one step by hand, time constants that stay positive, solvers that agree in the limit."""

from __future__ import annotations

from math import exp

import pytest
import torch

import rnn_core as rc
from rnn_core.cells.ctrnn import CTRNNState
from tests.cells.cases import same

pytestmark = pytest.mark.usefixtures("float64")


def sigma(a: float) -> float:
    """The logistic function."""
    return 1 / (1 + exp(-a))


def test_one_step_of_euler_by_hand():
    cell = rc.make_cell("ctrnn", 1, hidden_size=2, time_step=0.5, tau_low=1.0, tau_high=4.0)
    with torch.no_grad():
        cell.W.copy_(torch.tensor([[1.0], [-2.0]]))
        cell.R.copy_(torch.tensor([[3.0, -1.0], [0.5, 2.0]]))
        cell.b.copy_(torch.tensor([0.1, -0.2]))
        cell.c.copy_(torch.tensor([0.0, 0.3]))
    out, state, probes = cell.step(torch.tensor([[0.7]]), CTRNNState(torch.tensor([[0.4, -1.0]])))
    o1, o2 = sigma(0.4 - 0.1), sigma(-1.0 + 0.2)
    y1 = 0.4 + 0.5 / 1.0 * (-0.4 + 3 * o1 - o2 + 0.7)
    y2 = -1.0 + 0.5 / (4.0 * exp(0.3)) * (1.0 + 0.5 * o1 + 2 * o2 - 1.4)
    expected = torch.tensor([[y1, y2]])
    same([state.y, probes["y"]], [expected, expected])
    same([out, probes["o"]], [torch.sigmoid(expected - cell.b)] * 2)


def test_time_constants_are_spread_and_stay_positive():
    cell = rc.make_cell("ctrnn", 1, hidden_size=3, tau_low=1.0, tau_high=100.0)
    same(cell.tau, torch.tensor([1.0, 10.0, 100.0]), atol=1e-4)
    with torch.no_grad():
        cell.c.copy_(torch.tensor([-5.0, 0.0, 5.0]))
    assert (cell.tau > 0).all()
    assert "c" not in dict(rc.make_cell("ctrnn", 1, hidden_size=3, learn_tau=False).named_parameters())


def test_substeps_are_steps_under_the_same_input():
    """m steps of the solver between two inputs are m sequence steps with the input repeated."""
    fine = rc.make_cell("ctrnn", 1, hidden_size=3, solver="rk4", substeps=3, time_step=0.9)
    plain = rc.make_cell("ctrnn", 1, hidden_size=3, solver="rk4", time_step=0.3)
    plain.load_state_dict(fine.state_dict())
    x = torch.randn(2, 4, 1)
    same(rc.unroll(fine, x).states.y, rc.unroll(plain, x.repeat_interleave(3, 1)).states.y[:, 2::3])
