"""Hidden Markov: chances add up to one, steps without a symbol only move, answers may have a table of their own."""

from __future__ import annotations

import torch

from rnn_core.cells.hidden_markov import HiddenMarkov, Settings
from rnn_core.unroll import unroll


def model(o: int = 3, **settings) -> HiddenMarkov:
    made = HiddenMarkov(3, Settings(hidden_size=4, **settings), o).double()
    made.initialise(torch.Generator().manual_seed(0))
    return made


def test_chances_add_up_to_one():
    x = torch.nn.functional.one_hot(torch.tensor([[0, 2, 1, 1, 0]]), 3).double()
    trace = unroll(model(), x)
    for chances in (trace.outputs.exp(), trace.probes["q"], trace.probes["p"]):
        assert torch.allclose(chances.sum(-1), torch.ones(1, 5, dtype=torch.float64))


def test_without_a_symbol_the_states_only_move():
    made = model()
    trace = unroll(made, torch.zeros(1, 3, 3, dtype=torch.float64))
    A, start = torch.softmax(made.A, 1), torch.softmax(made.b, 0)
    assert torch.allclose(trace.states.p[0, 2], start @ A @ A @ A)


def test_which_table_answers():
    assert model().tied and not model(2).tied and not model(next_symbol=False).tied
    assert model(2).card.equations["y"].endswith("log(p_{t+1} C)")
    made = model(next_symbol=False)
    trace = unroll(made, torch.ones(1, 2, 3, dtype=torch.float64))
    assert torch.allclose(trace.outputs, (trace.probes["q"] @ torch.softmax(made.C, 1)).log())
