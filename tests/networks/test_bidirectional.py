"""Two passes: each is an ordinary unroll, joined step by step, layer on layer."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.networks.bidirectional import turned
from rnn_core.unroll import tail_lengths
from tests.cells.cases import identical, same

SPEC = rc.Experiment.of("gru", "adding", wiring="bidirectional", layers=2, hidden_size=4)
LENGTHS = torch.tensor([6, 1, 4])


@pytest.fixture
def net(float64):
    """Two layers of two passes."""
    return SPEC.make_network().double()


@pytest.fixture
def x(float64):
    """Three sequences of six steps."""
    return torch.randn(3, 6, 2)


def by_hand(net, x):
    """The same network by two unrolls a layer, the second on the flipped sequence."""
    for ahead, behind in zip(net.cells[::2], net.cells[1::2], strict=True):
        x = torch.cat([rc.unroll(ahead, x).outputs, rc.unroll(behind, x.flip(1)).outputs.flip(1)], -1)
    return net.readout(x)


def test_two_unrolls_a_layer(net, x):
    same([net(x), net.trace(x).outputs], [by_hand(net, x)] * 2)


def test_ragged_is_one_by_one_on_both_roads(net, x):
    mask = torch.arange(6) < LENGTHS.unsqueeze(1)
    x[~mask] = torch.nan
    for out in (net(x, mask=mask), net.trace(x, mask=mask).outputs):
        for k, length in enumerate(LENGTHS.tolist()):
            same(out[k:k + 1, :length], by_hand(net, x[k:k + 1, :length]))
            assert not out[k, length:].any()


def test_a_mask_with_holes_skips_them(net, x):
    mask = torch.tensor([[1, 0, 1, 1, 0, 1], [0, 0, 0, 0, 0, 0], [0, 1, 1, 0, 1, 0]], dtype=torch.bool)
    x[~mask] = torch.nan
    for out in (net(x, mask=mask), net.trace(x, mask=mask).outputs):
        for k in (0, 2):
            same(out[k:k + 1, mask[k]], by_hand(net, x[k:k + 1, mask[k]]))
        assert not out[~mask].any()


def test_both_roads_have_the_same_gradients(net, x):
    mask = torch.arange(6) < LENGTHS.unsqueeze(1)
    fast, slow = (torch.autograd.grad((out ** 2).sum(), list(net.parameters()))
                  for out in (net(x, mask=mask), net.trace(x, mask=mask).outputs))
    same(list(fast), list(slow))


def test_the_passes_have_names_directions_and_states(net, x):
    trace = net.trace(x)
    assert [p.name for p in trace.passes] == ["→h", "←h", "→h1", "←h1"]
    assert [p.reverse for p in trace.passes] == [False, True, False, True]
    same(trace.passes[1].final.h, trace.passes[1].states.h[:, 0])
    again = net.trace(x, state=[p.final for p in trace.passes])
    for one, other in zip(trace.passes, again.passes, strict=True):
        identical(at_start(other), one.final)


def at_start(one):
    """The state that entered a pass first."""
    entering = one.entering
    return type(entering)(*(v[:, -1 if one.reverse else 0] for v in entering))


def test_force_is_told_sequence_time_in_both_directions(net, x):
    def lesion(t, state):
        return state._replace(h=torch.zeros_like(state.h)) if t == 2 else state
    trace = net.trace(x, force=lesion)
    for one in trace.passes:
        silent = (one.entering.h == 0).all(-1).all(0)
        assert silent.tolist() == [t == 2 or t == (5 if one.reverse else 0) for t in range(6)]


def test_turning_is_its_own_inverse(x):
    for lengths in (None, LENGTHS):
        identical(turned(turned(x, lengths), lengths), x)
    same(turned(x, LENGTHS)[2], torch.cat([x[2, :4].flip(0), x[2, 4:]]))


def test_lengths_are_read_off_plain_tails_only():
    assert tail_lengths(torch.tensor([[1, 1, 0], [1, 0, 0]]).bool()).tolist() == [2, 1]
    for rows in ([[1, 0, 1]], [[0, 0, 0]], [[0, 1, 1]], [[1, 1, 1], [0, 0, 0]]):
        assert tail_lengths(torch.tensor(rows).bool()) is None


def test_a_net_that_hears_itself_runs_one_way():
    with pytest.raises(ValueError, match="gives the answer itself"):
        rc.Experiment.of("jordan", "adding", wiring="bidirectional")
