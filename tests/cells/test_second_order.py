"""Second-order: the sum over all triples by hand, one matrix a symbol, and the first unit on at the start."""

from __future__ import annotations

import torch

from rnn_core.cells.second_order import SecondOrder, Settings
from rnn_core.unroll import unroll


def cell(i: int = 2, n: int = 3) -> SecondOrder:
    made = SecondOrder(i, Settings(hidden_size=n)).double()
    made.initialise(torch.Generator().manual_seed(0))
    return made


def test_a_symbol_chooses_its_matrix():
    made = cell()
    symbols = torch.tensor([[0, 1, 1, 0, 1]])
    trace = unroll(made, torch.nn.functional.one_hot(symbols, 2).double())
    h = torch.tensor([1.0, 0, 0], dtype=torch.float64)
    for t, k in enumerate(symbols[0].tolist()):
        h = torch.sigmoid(made.W[..., k] @ h + made.b)
        assert torch.allclose(trace.outputs[0, t], h, atol=1e-14)


def test_the_first_unit_is_on_at_the_start():
    assert cell().initial_state(4).h.tolist() == [[1, 0, 0]] * 4


def test_without_input_only_the_bias_speaks():
    made = cell()
    with torch.no_grad():
        made.b.copy_(torch.tensor([0.0, 1, -1]))
    out = unroll(made, torch.zeros(1, 4, 2, dtype=torch.float64)).outputs
    assert torch.allclose(out, torch.sigmoid(made.b).expand(1, 4, 3))
