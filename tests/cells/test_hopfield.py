"""Hopfield networks: the second way to store, thresholds, and the modern network's step and energy by hand."""

from __future__ import annotations

from math import exp, log

import pytest
import torch

import rnn_core as rc
from rnn_core.cells.hopfield import HopfieldState
from rnn_core.cells.modern_hopfield import ModernHopfieldState


def test_the_projection_of_two_patterns_by_hand():
    cell = rc.make_cell("hopfield", 1, hidden_size=4, storage="pseudo_inverse")
    cell.store(torch.tensor([[1, 1, 1, -1], [1, 1, 1, 1]]))                 # they span (1, 1, 1, 0) and (0, 0, 0, 1)
    third = 1 / 3
    torch.testing.assert_close(cell.W, torch.tensor([[0, third, third, 0], [third, 0, third, 0], [third, third, 0, 0],
                                                     [0, 0, 0, 0]]))


def test_the_same_pattern_twice_is_no_trouble():
    cell = rc.make_cell("hopfield", 1, hidden_size=9, storage="pseudo_inverse")
    pattern = torch.randint(0, 2, (1, 9), generator=torch.Generator().manual_seed(0)) * 2.0 - 1
    cell.store(torch.cat([pattern, pattern, -pattern]))
    assert torch.equal(cell.step(None, HopfieldState(pattern))[1].s, pattern)


def test_a_threshold_holds_a_unit_down():
    cell = rc.make_cell("hopfield", 1, hidden_size=3)
    cell.store(torch.ones(1, 3))
    start = HopfieldState(torch.ones(1, 3))
    assert cell.step(None, start)[1].s.tolist() == [[1, 1, 1]]
    cell.theta[1] = 0.7                                                      # the other two give it 2/3
    assert cell.step(None, start)[1].s.tolist() == [[1, -1, 1]]


def test_a_modern_step_and_its_energy_by_hand():
    cell = rc.make_cell("modern_hopfield", 1, hidden_size=2, sharpness=2.0).double()
    cell.store(torch.tensor([[1.0, 0.0], [0.0, 3.0]]))
    s = torch.tensor([[0.5, 0.25]]).double()
    a, b = exp(2 * 0.5), exp(2 * 0.75)
    out, after, probes = cell.step(None, ModernHopfieldState(s))
    assert probes["p"][0].tolist() == pytest.approx([a / (a + b), b / (a + b)])
    assert out[0].tolist() == after.s[0].tolist() == pytest.approx([a / (a + b), 3 * b / (a + b)])
    energy = -log(a + b) / 2 + (0.25 + 0.0625) / 2 + log(2) / 2 + 9 / 2
    assert float(cell.energy(ModernHopfieldState(s))) == pytest.approx(energy)
    assert cell.step(torch.tensor([1]), ModernHopfieldState(s))[1].s[0].tolist() == pytest.approx([0.5,
                                                                                                 3 * b / (a + b)])


@pytest.mark.parametrize("wrong", [torch.ones(4), torch.ones(2, 3), torch.zeros(0, 4), torch.full((1, 4), torch.nan)])
def test_the_modern_network_stores_only_numbers(wrong):
    with pytest.raises(ValueError, match="Patterns must be"):
        rc.make_cell("modern_hopfield", 1, hidden_size=4).store(wrong)


def test_as_many_patterns_as_one_likes():
    cell = rc.make_cell("modern_hopfield", 1, hidden_size=4)
    cell.store(torch.randn(7, 4))
    assert cell.weight_count == 28
