"""IndRNN: one step by hand, fresh weights within the bound, and the fold that keeps them there."""
from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.cells.indrnn import IndRNNState
from rnn_core.unroll import run_fast

pytestmark = pytest.mark.usefixtures("float64")


def test_one_step():
    cell = rc.make_cell("indrnn", 1, hidden_size=2, longest_lag=10)
    cell.load_state_dict({"W": torch.tensor([[0.5], [-1.0]]), "u": torch.tensor([[0.8], [-0.9]]),
                          "b": torch.tensor([0.1, 1.0])})
    out, state, probes = cell.step(torch.tensor([[2.0]]), IndRNNState(torch.tensor([[0.5, 3.0]])))
    torch.testing.assert_close(probes["a"], torch.tensor([[0.5 * 2 + 0.8 * 0.5 + 0.1, -2.0 - 0.9 * 3 + 1.0]]))
    torch.testing.assert_close(out, torch.tensor([[1.5, 0.0]]))
    assert torch.equal(out, state.h) and torch.equal(out, probes["h"])


def test_what_leaves_the_bound_is_folded_back():
    cell = rc.make_cell("indrnn", 1, hidden_size=7, longest_lag=1).double()
    assert cell.bound == 2
    cell.load_state_dict({**cell.state_dict(), "u": torch.tensor([[0.0], [1.5], [2.0], [2.5], [4.0], [6.5], [-3.0]])})
    torch.testing.assert_close(cell.recurrent, torch.tensor([0.0, 1.5, 2.0, 1.5, 0.0, -1.5, -1.0]), atol=1e-14, rtol=0)


@pytest.mark.parametrize(("gain", "lag"), [(1.0, 2), (0.5, 100), (0.0, 1)])
def test_fresh_weights_lie_between_zero_and_their_bound(gain, lag):
    cell = rc.make_cell("indrnn", 3, hidden_size=500, gain=gain, longest_lag=lag, seed=3)
    top = gain * 2 ** (1 / lag)
    assert 0 <= cell.u.min().item() and 0.95 * top <= cell.u.max().item() <= top
    assert (cell.recurrent - cell.u.squeeze(1)).abs().max().item() < 1e-6


def test_a_unit_at_its_bound_is_pushed_back_and_not_stuck():
    cell = rc.make_cell("indrnn", 1, hidden_size=1, longest_lag=10, activation="linear").double()
    optimiser = torch.optim.SGD([cell.u], lr=0.05)
    for outwards in (True, False):
        for _ in range(60):
            optimiser.zero_grad()
            ((-1 if outwards else 1) * cell.recurrent.sum()).backward()
            optimiser.step()
        u = cell.recurrent.item()
        assert abs(u) <= cell.bound and (cell.bound - u < 0.1 if outwards else u + cell.bound < 0.1)


def test_the_graph_shows_each_weight():
    cell = rc.make_cell("indrnn", 2, hidden_size=3)
    graph = rc.step_graph(rc.unroll(cell, torch.randn(2, 4, 2)))
    assert {a for a, b in graph.edges if b == "a"} == {"x", "W", "b", "u", "h₋"}


@pytest.mark.parametrize("lag", [1, 100, 1000])
def test_the_top_layer_alone_starts_lasting(lag):
    spec = rc.Experiment.of("indrnn", "adding", wiring="stack", layers=3, hidden_size=400, longest_lag=lag,
                            top_layer="lasting")
    *under, top = (layer.u.detach() for layer in spec.make_network().cells[0].layers)
    low, high = 2 ** (-1 / lag), 2 ** (1 / lag)
    assert low <= top.min() < low + 0.05 * (high - low) and high - 0.05 * (high - low) < top.max() <= high
    assert all(0 <= u.min() < 0.05 and 0.95 * high < u.max() <= high for u in under)
    alone = rc.make_cell("indrnn", 2, hidden_size=400, longest_lag=lag, top_layer="lasting")
    assert low <= alone.u.min() and alone.u.max() <= high


def test_small_input_weights_are_the_same_ones_scaled():
    whole, small = (rc.make_cell("indrnn", 3, hidden_size=9, input_gain=gain, seed=4) for gain in (1.0, 0.05))
    torch.testing.assert_close(small.W, 0.05 * whole.W)
    assert torch.equal(small.u, whole.u)


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "linear"])
@pytest.mark.parametrize("steps", [1, 2, 9])
def test_the_fast_road_has_the_loops_numbers_and_gradients(activation, steps):
    cell = rc.make_cell("indrnn", 4, hidden_size=5, activation=activation, seed=1).double()
    torch.nn.init.normal_(cell.b)
    torch.nn.init.uniform_(cell.u, -1.0, 1.0)
    x = torch.randn(3, steps, 4, requires_grad=True)
    start = torch.rand(3, 5, requires_grad=True)
    trace, found = rc.unroll(cell, x, IndRNNState(start)), []
    for out, final in ((trace.outputs, trace.final), run_fast(cell, x, IndRNNState(start))):
        loss = (out * torch.linspace(-1, 1, out.numel()).view_as(out)).sum() + final.h.sin().sum()
        found.append([out, final.h, *torch.autograd.grad(loss, [x, start, *cell.parameters()])])
    torch.testing.assert_close(*found, rtol=0, atol=1e-12)
