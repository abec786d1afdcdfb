"""The echo state network: a step by hand, its spectral radius, and reservoirpy on the same matrices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from reservoirpy.nodes import Reservoir

import rnn_core as rc
from rnn_core.records import Taught

F64 = torch.float64


def test_a_step_by_hand():
    cell = rc.make_cell("echo_state", 1, output_size=1, hidden_size=2, leak=0.5, feedback=1.0).double()
    with torch.no_grad():
        cell.W_in.copy_(torch.tensor([[0.1, 0.2], [0.3, -0.4]]))
        cell.W.copy_(torch.tensor([[0.0, 0.5], [-0.5, 0.0]]))
        cell.W_fb.copy_(torch.tensor([[1.0], [2.0]]))
        cell.V.copy_(torch.tensor([[0.5, 1.0, -1.0]]))
        cell.d.fill_(0.25)
    state = type(cell.initial_state(1))(torch.tensor([[0.2, 0.4]], dtype=F64), torch.tensor([[0.3]], dtype=F64))
    y, after, _ = cell.step(torch.tensor([[2.0]], dtype=F64), state)
    first = 0.1 + 0.5 * np.tanh(0.1 + 0.4 + 0.2 + 0.3)
    second = 0.2 + 0.5 * np.tanh(0.3 - 0.8 - 0.1 + 0.6)
    assert after.h[0].tolist() == pytest.approx([first, second], abs=1e-7)
    assert y.item() == pytest.approx(0.25 + 1.0 + first - second, abs=1e-7) and after.y.item() == y.item()
    _, taught, _ = cell.step(Taught(torch.tensor([[2.0]], dtype=F64), torch.tensor([[7.0]], dtype=F64)), state)
    assert taught.y.item() == 7.0 and torch.equal(taught.h, after.h)


@pytest.mark.parametrize("activation", ["tanh", "linear"])
def test_reservoirpy_goes_the_same_way(activation):
    cell = rc.make_cell("echo_state", 3, hidden_size=60, leak=0.4, activation=activation, seed=4).double()
    u = cell.draw(1, 200, torch.Generator().manual_seed(1))
    theirs = Reservoir(W=cell.W.numpy(), Win=cell.W_in[:, 1:].numpy(), bias=cell.W_in[:, 0].numpy(), lr=0.4,
                       activation="tanh" if activation == "tanh" else "identity").run(u[0].numpy())
    np.testing.assert_allclose(rc.unroll(cell, u).states.h[0].numpy(), theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("n, connectivity", [(1, 0.001), (6, 0.1), (100, 0.05), (100, 1.0)])
def test_the_spectral_radius_is_that_of_the_setting(n, connectivity):
    cell = rc.make_cell("echo_state", 2, hidden_size=n, connectivity=connectivity, spectral_radius=1.25, seed=3)
    assert float(torch.linalg.eigvals(cell.W).abs().max()) == pytest.approx(1.25, rel=1e-4)
    assert bool((cell.W != 0).any(1).all())
    assert float((cell.W != 0).float().mean()) == pytest.approx(max(connectivity, 1 / n), abs=0.1)


def test_only_the_readout_learns():
    cell = rc.make_cell("echo_state", 2, output_size=3, hidden_size=10)
    assert cell.frozen and [name for name, _ in cell.named_parameters()] == ["V", "d"]
    run = rc.train(rc.Experiment.of("echo_state", "adding", hidden_size=10, updates=3), quiet=True)
    first, last = run.tape[0], run.tape[3]
    changed = {name.rsplit(".", 1)[-1] for name in first if not torch.equal(first[name], last[name])}
    assert changed == {"V", "d"}


@pytest.mark.parametrize("activation", ["tanh", "linear"])
@pytest.mark.parametrize("n, connectivity, b, feedback", [(60, 0.02, 1, 0.0), (60, 0.02, 3, 0.0), (30, 0.5, 1, 0.7),
                                                          (30, 0.05, 4, 0.7), (1, 1.0, 2, 0.0)])
def test_the_short_road_tells_the_same_states(activation, n, connectivity, b, feedback):
    cell = rc.make_cell("echo_state", 2, output_size=2, hidden_size=n, connectivity=connectivity, feedback=feedback,
                        activation=activation, spectral_radius=0.9).double()
    x, said = torch.randn(2, b, 80, 2, dtype=F64)
    given = Taught(x, said) if feedback else x
    echoes = cell.echoes(given)
    assert echoes.shape == (b, 80, n) and not echoes.requires_grad
    torch.testing.assert_close(echoes, rc.unroll(cell, given).states.h, rtol=0, atol=1e-12)


def test_the_short_road_ends_where_an_answer_goes_back():
    cell = rc.make_cell("echo_state", 1, hidden_size=5, feedback=0.5)
    x, silent = torch.zeros(1, 4, 1), torch.full((1, 4, 1), torch.nan)
    assert cell.echoes(x) is None and cell.echoes(Taught(x, silent)) is None
    silent[:, :-1] = 0.3
    assert cell.echoes(Taught(x, silent)).shape == (1, 4, 5)
