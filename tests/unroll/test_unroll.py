"""Unrolling: masks, forcing, both directions, inputs that are missing or empty, recorded costates."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.cells.lstm import LSTMState
from rnn_core.unroll import run_fast
from tests.cells.cases import identical, one_sentence, same


@pytest.fixture
def cell(float64):
    """A small LSTM."""
    return rc.make_cell("lstm", 2, hidden_size=3)


def start(b: int = 2) -> LSTMState:
    """A state that is not zero."""
    return LSTMState(torch.randn(b, 3), torch.randn(b, 3))


@pytest.mark.parametrize("steps", [0, -1, None])
def test_nothing_to_run_over(steps):
    cell = rc.make_cell("hopfield", 1, hidden_size=4)
    with pytest.raises(ValueError, match="Nothing to unroll") as caught:
        rc.unroll(cell, steps=steps)
    one_sentence(str(caught.value))


@pytest.mark.parametrize("mask", [None, torch.zeros(2, 0, dtype=torch.bool)], ids=["no mask", "mask"])
def test_an_empty_sequence(cell, mask):
    x = torch.zeros(2, 0, 2)
    for road in (rc.unroll, run_fast):
        with pytest.raises(ValueError, match="Nothing to unroll") as caught:
            road(cell, x, mask=mask)
        one_sentence(str(caught.value))


@pytest.mark.parametrize("mask", [torch.ones(2, 1), torch.ones(2, 4), torch.ones(3), torch.ones(2, 3, 1)], ids=str)
def test_a_mask_of_another_length(cell, mask):
    for road in (rc.unroll, run_fast):
        for given in (mask.bool(), torch.ones(2, 3)):
            with pytest.raises(ValueError, match="A mask is true or false for each of the 3 steps") as caught:
                road(cell, torch.randn(2, 3, 2), mask=given)
            one_sentence(str(caught.value))


def test_both_an_input_and_a_number_of_steps(cell):
    with pytest.raises(ValueError, match="steps"):
        rc.unroll(cell, torch.zeros(1, 3, 2), steps=5)


def test_without_input_a_cell_runs_by_itself():
    cell = rc.make_cell("hopfield", 1, hidden_size=6, seed=1)
    trace = rc.unroll(cell, steps=4)
    assert trace.outputs.shape == (1, 4, 6) and trace.x is None and trace.length == 4
    state = cell.initial_state(1)
    for t in range(4):
        _, state, _ = cell.step(None, state)
        identical(trace.states.s[:, t], state.s)
    identical(trace.probes["s"], trace.outputs)
    three = rc.unroll(cell, state=type(state)(torch.randint(0, 2, (3, 6)) * 2.0 - 1), steps=2)
    assert three.outputs.shape == (3, 2, 6)


def test_a_state_to_begin_with(cell):
    x, state = torch.randn(2, 4, 2), start()
    out, after, _ = cell.step(x[:, 0], state)
    trace = rc.unroll(cell, x, state)
    same([trace.outputs[:, 0], trace.states.c[:, 0]], [out, after.c])
    identical([trace.entering.h[:, 0], trace.entering.c[:, 0]], list(state))
    assert not torch.allclose(trace.outputs, rc.unroll(cell, x).outputs)


def test_a_lesion_is_what_entered(cell):
    x = torch.randn(2, 5, 2)
    trace = rc.unroll(cell, x, force=lambda t, s: s._replace(c=torch.zeros_like(s.c)) if t == 3 else s)
    whole = rc.unroll(cell, x)
    identical(trace.outputs[:, :3], whole.outputs[:, :3])
    assert not trace.entering.c[:, 3].any() and not torch.allclose(trace.outputs[:, 3:], whole.outputs[:, 3:])
    again = rc.unroll(cell, x[:, 3:], LSTMState(whole.states.h[:, 2], torch.zeros(2, 3)))
    same(trace.outputs[:, 3:], again.outputs)
    same(trace.replay()[0], trace.outputs)


def test_a_clamped_unit_never_moves(cell):
    def clamp(t, state):
        return state._replace(h=torch.cat([torch.ones_like(state.h[:, :1]), state.h[:, 1:]], 1))
    trace = rc.unroll(cell, torch.randn(2, 5, 2), force=clamp)
    assert (trace.entering.h[..., 0] == 1).all()
    same(trace.replay()[0], trace.outputs)


def test_forcing_is_told_sequence_time(cell):
    for reverse in (False, True):
        seen = []
        rc.unroll(cell, torch.randn(1, 3, 2), reverse=reverse, force=lambda t, s, seen=seen: seen.append(t) or s)
        assert seen == ([2, 1, 0] if reverse else [0, 1, 2])


@pytest.mark.parametrize("reverse", [False, True])
def test_recorded_costates_are_derivatives_of_the_rest(cell, reverse):
    x = torch.randn(2, 4, 2)
    weights = torch.randn(2, 4, 3)
    trace = rc.unroll(cell, x, start(), record=True, reverse=reverse)
    nodes = [v for n in trace.nodes for v in n]
    found = torch.autograd.grad((trace.outputs * weights).sum(), nodes)
    order = list(range(4))[::-1] if reverse else list(range(4))
    for k in range(4):
        state = LSTMState(*(v.detach().requires_grad_() for v in trace.nodes[k]))
        rest = order[k:]
        out = rc.unroll(cell, x[:, rest], state).outputs
        same(list(found[2 * k:2 * k + 2]), list(torch.autograd.grad((out * weights[:, rest]).sum(), [*state])))


def test_recording_without_gradients_is_allowed(cell):
    with torch.no_grad():
        trace = rc.unroll(cell, torch.randn(2, 3, 2), record=True)
    assert not trace.outputs.requires_grad and trace.probes["c"].shape == (2, 3, 3)


def test_frozen_weights_still_have_costates(cell):
    cell.requires_grad_(False)
    trace = rc.unroll(cell, torch.randn(2, 3, 2), record=True)
    assert all(g.any() for g in torch.autograd.grad(trace.outputs[:, -1].sum(), [n.c for n in trace.nodes]))


def test_gradients_reach_the_input(cell):
    x = torch.randn(2, 3, 2, requires_grad=True)
    mask = torch.tensor([[True, True, False], [True, False, True]])
    grads = torch.autograd.grad(rc.unroll(cell, x, mask=mask).outputs.sum(), x)[0]
    assert grads[mask].abs().amin() > 0 and not grads[~mask].any()


def test_a_single_step_and_a_single_sequence(cell):
    x = torch.randn(1, 1, 2)
    trace = rc.unroll(cell, x)
    same(trace.outputs[:, 0], cell.step(x[:, 0], cell.initial_state(1))[0])
