"""The multiple-timescale cell: one step by hand, both groups always there, and only free weights."""

from __future__ import annotations

from math import tanh

import pytest
import torch

import rnn_core as rc
from rnn_core.cells.mtrnn import MTRNNState
from tests.cells.cases import same


def test_one_step_by_hand(float64):
    cell = rc.make_cell("mtrnn", 1, hidden_size=2, slow_share=0.5, tau_fast=2.0, tau_slow=10.0)
    with torch.no_grad():
        cell.W.fill_(3.0)
        cell.R.copy_(torch.tensor([[0.5, -1.0], [2.0, 0.25]]))
        cell.b.copy_(torch.tensor([0.1, -0.1]))
    out, state, probes = cell.step(torch.tensor([[0.4]]), MTRNNState(torch.tensor([[0.3, -0.6]])))
    fast = 0.5 * 0.3 + 0.5 * (0.5 * tanh(0.3) - tanh(-0.6) + 1.2 + 0.1)
    slow = 0.9 * -0.6 + 0.1 * (2.0 * tanh(0.3) + 0.25 * tanh(-0.6) - 0.1)
    same(state.u, torch.tensor([[fast, slow]]))
    same([out, probes["f"], probes["s"]], [torch.tensor([[tanh(v)]]) for v in (fast, fast, slow)])


@pytest.mark.parametrize(("share", "groups"), [(0.0, [3, 1]), (0.5, [2, 2]), (1.0, [1, 3])])
def test_both_groups_are_always_there(share, groups):
    cell = rc.make_cell("mtrnn", 5, hidden_size=4, slow_share=share)
    assert cell.groups == groups and cell.output_size == groups[0]
    assert cell.weight_count == groups[0] * 5 + 4 * 4 + 4
    net = rc.Experiment.of("mtrnn", "adding", hidden_size=4, slow_share=share).make_network()
    assert net.readout.V.shape == (1, groups[0])
