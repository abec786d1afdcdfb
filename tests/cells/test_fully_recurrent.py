"""The fully recurrent net by hand: one step, what a teacher overwrites, and who hears whom."""

from __future__ import annotations

from math import exp, nan, tanh

import pytest
import torch

import rnn_core as rc
from rnn_core.cells.fully_recurrent import FullyRecurrentState, Settings
from rnn_core.records import Taught

VOICES = {"linear": float, "sigmoid": lambda a: 1 / (1 + exp(-a)), "tanh": tanh}
pytestmark = pytest.mark.usefixtures("float64")


def small(**settings):
    """One input, one output unit and one hidden unit with round weights."""
    cell = rc.make_cell("fully_recurrent", 1, output_size=1, hidden_size=1, **settings)
    weights = {"W": [[0.5], [-1.0]], "R": [[0.1, 0.2], [0.3, 0.4]], "b": [0.05, -0.05]}
    cell.load_state_dict({name: torch.tensor(v) for name, v in weights.items()})
    return cell


@pytest.mark.parametrize("voice", VOICES)
def test_one_step(voice):
    before = FullyRecurrentState(torch.tensor([[1.0, -1.0]]))
    a = 0.5 * 2 + 0.1 * 1 + 0.2 * -1 + 0.05, -1.0 * 2 + 0.3 * 1 + 0.4 * -1 - 0.05
    y, h = VOICES[voice](a[0]), tanh(a[1])
    for teacher, back in ((nan, y), (7.0, 7.0)):
        x = Taught(torch.tensor([[2.0]]), torch.tensor([[teacher]]))
        out, state, probes = small(output_activation=voice).step(x, before)
        torch.testing.assert_close(probes["u"], torch.tensor([[0.5 * 2 + 0.05, -1.0 * 2 - 0.05]]))
        torch.testing.assert_close(out, torch.tensor([[y]]))
        torch.testing.assert_close(state.h, torch.tensor([[back, h]]))


@pytest.mark.parametrize(("connections", "seen"), [("full", [[1, 1], [1, 1]]), ("no-self", [[0, 1], [1, 0]]),
                                                   ("ring", [[0, 1], [1, 0]]), ("triangle", [[1, 1], [0, 1]])])
def test_only_connections_that_exist_have_a_say(connections, seen):
    cell = small(connections=connections)
    h = torch.tensor([[1.0, -1.0]])
    _, state, _ = cell.step(torch.zeros(1, 1), FullyRecurrentState(h))
    R = torch.tensor([[0.1, 0.2], [0.3, 0.4]]) * torch.tensor(seen)
    y, a = (h @ R.T + torch.tensor([0.05, -0.05])).unbind(1)
    torch.testing.assert_close(state.h, torch.stack([y, torch.tanh(a)], 1))
    assert cell.weight_count == 4 + int(R.count_nonzero())


@pytest.mark.parametrize("connections", ["no-self", "ring", "triangle"])
def test_training_leaves_absent_weights_alone(connections):
    cell = rc.make_cell("fully_recurrent", 2, output_size=2, hidden_size=3, connections=connections)
    out = rc.unroll(cell, torch.randn(4, 9, 2)).outputs
    (found,) = torch.autograd.grad(out.square().sum(), [cell.R])
    assert torch.equal(found != 0, cell.M != 0)


def test_no_gradient_passes_through_what_the_teacher_said():
    cell = small()
    x = torch.tensor([[1.0]], requires_grad=True)
    for teacher, felt in ((nan, True), (3.0, False)):
        _, state, _ = cell.step(Taught(x, torch.tensor([[teacher]])), cell.initial_state(1))
        (found,) = torch.autograd.grad(state.h[0, 0], x, allow_unused=True)
        assert bool(found) == felt


def test_more_outputs_than_hidden_units():
    cell = rc.make_cell("fully_recurrent", 1, output_size=5, hidden_size=1)
    assert rc.unroll(cell, torch.randn(2, 3, 1)).outputs.shape == (2, 3, 5)
    assert Settings().hidden_size == 32
