"""The recurrent output layer by hand: one step, and what a teacher puts in the place of its last answer."""

from __future__ import annotations

from math import nan, tanh

import torch

import rnn_core as rc
from rnn_core.cells.recurrent_output import RecurrentOutputState
from rnn_core.records import Taught


def test_one_step(float64):
    cell = rc.make_cell("recurrent_output", 1, output_size=2, hidden_size=1)
    weights = {"W": [[0.3]], "R": [[-0.5]], "b": [0.1], "V": [[2.0], [-1.0]], "U": [[0.5, 0.25], [0.0, -1.0]],
               "d": [0.5, 0.0]}
    cell.load_state_dict({name: torch.tensor(v) for name, v in weights.items()})
    before = RecurrentOutputState(torch.tensor([[0.8]]), torch.tensor([[1.0, -2.0]]))
    h = tanh(0.3 * 2 - 0.5 * 0.8 + 0.1)
    y = 2 * h + 0.5 * 1 + 0.25 * -2 + 0.5, -h - 1.0 * -2
    out, state, probes = cell.step(Taught(torch.tensor([[2.0]]), torch.tensor([[nan, 4.0]])), before)
    for got, value in ((probes["h"], (h,)), (state.h, (h,)), (out, y), (probes["y"], y), (state.y, (y[0], 4.0))):
        torch.testing.assert_close(got, torch.tensor([value]))


def test_what_is_said_twice_the_same_is_the_fixed_point_of_the_output_layer(float64):
    cell = rc.make_cell("recurrent_output", 1, output_size=2, hidden_size=3)
    with torch.no_grad():
        cell.R.zero_()
        cell.U.copy_(torch.tensor([[0.5, 0.1], [0.0, -0.3]]))
    y = rc.unroll(cell, torch.ones(1, 80, 1)).outputs[0, -1].detach()
    alone = cell.V @ torch.tanh(cell.W.sum(1) + cell.b) + cell.d
    torch.testing.assert_close(y, torch.linalg.solve(torch.eye(2) - cell.U, alone).detach())
