"""NARX by hand: one step, what its two lines hold, and a teacher who fills one of them."""

from __future__ import annotations

from math import nan, tanh

import pytest
import torch

import rnn_core as rc
from rnn_core.cells.narx import NARXState
from rnn_core.records import Taught

pytestmark = pytest.mark.usefixtures("float64")


@pytest.mark.parametrize(("activation", "bend"), [("tanh", tanh), ("linear", float)])
@pytest.mark.parametrize("teacher", [nan, 5.0])
def test_one_step(activation, bend, teacher):
    cell = rc.make_cell("narx", 1, output_size=1, hidden_size=1, input_delays=2, output_delays=3, activation=activation)
    weights = {"W": [[0.5, -1.0, 0.25]], "U": [[1.0, 0.5, -0.5]], "b": [0.1], "V": [[2.0]], "d": [-0.3]}
    cell.load_state_dict({name: torch.tensor(v) for name, v in weights.items()})
    before = NARXState(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.4, -0.2, 0.6]]))
    out, state, probes = cell.step(Taught(torch.tensor([[3.0]]), torch.tensor([[teacher]])), before)
    h = bend(0.5 * 3 - 1.0 * 1 + 0.25 * 2 + 1.0 * 0.4 + 0.5 * -0.2 - 0.5 * 0.6 + 0.1)
    y = 2 * h - 0.3
    back = y if teacher != teacher else teacher
    for got, value in ((probes["u"], (3, 1, 2)), (probes["v"], (0.4, -0.2, 0.6)), (probes["h"], (h,)), (out, (y,)),
                       (state.x, (3, 1)), (state.y, (back, 0.4, -0.2))):
        torch.testing.assert_close(got, torch.tensor([value], dtype=torch.float64))


@pytest.mark.parametrize(("p", "q"), [(1, 1), (64, 64), (2, 5)])
def test_its_card_follows_its_delays(p, q):
    cell = rc.make_cell("narx", 2, output_size=3, hidden_size=4, input_delays=p, output_delays=q)
    assert cell.card.parameters == f"H*({p + 1}*I+{q}*O+1)+O*(H+1)"
    assert cell.weight_count == 4 * ((p + 1) * 2 + q * 3 + 1) + 3 * 5
    assert rc.unroll(cell, torch.randn(2, 5, 2)).states.y.shape == (2, 5, 3 * q)


def test_a_teacher_who_always_speaks_leaves_only_a_window():
    network = rc.Experiment.of("narx", "temporal_xor", hidden_size=3, input_delays=2, output_delays=2).make_network()
    x, teacher = torch.randn(1, 12, 1), torch.randn(1, 12, 1)
    other = x.clone()
    other[:, :4] += 1
    network = network.double()
    first, second = (network(v, teacher=teacher) for v in (x, other))
    assert torch.equal(first[:, 6:], second[:, 6:]) and not torch.equal(first[:, :6], second[:, :6])
    assert not torch.equal(network(x)[:, 6:], network(other)[:, 6:])
