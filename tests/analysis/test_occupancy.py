"""Visited states: the law by hand, by another road, and where matrices take turns; heat and cold."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.occupancy import chain_law
from tests.cells.cases import one_sentence


def memory(beta: float, regimes: int = 1, **settings):
    """A small memory whose matrices are drawn by lot."""
    cell = rc.make_cell("stochastic_bam", 3, hidden_size=2, beta=beta, regimes=regimes, **settings)
    cell.W.copy_(torch.randn(regimes, 2, 3, generator=torch.Generator().manual_seed(2)))
    return cell


def test_the_law_is_boltzmanns_written_out():
    cell = memory(0.7)
    found, W = rc.occupancy(cell), cell.W[0].tolist()
    weights = []
    for s in itertools.product((-1, 1), repeat=5):
        weights.append(math.exp(0.7 * sum(W[j][k] * s[j] * s[2 + k] for j in range(2) for k in range(3))))
    assert found.law.tolist() == pytest.approx([w / sum(weights) for w in weights])
    assert found.distance < 0.02 and found.visits == 150_000 and len(found.frame()) == 32
    assert found.names[0] == "−− | −−−" and float(found.measured.sum()) == pytest.approx(1)
    assert "Boltzmann's law" in found.says


@pytest.mark.parametrize("beta", [0.0, 0.3, 2.0])
def test_the_chain_of_one_matrix_settles_to_boltzmanns_law(beta):
    cell = memory(beta)
    law = rc.occupancy(cell, memories=1, steps=1).law
    torch.testing.assert_close(chain_law(cell.W.double(), beta, 1.0), law, atol=1e-9, rtol=0)


def test_matrices_that_take_turns_have_a_law_of_their_own():
    cell = memory(1.0, 2, persistence=0.6)
    found = rc.occupancy(cell)
    alone = [torch.softmax(torch.einsum("kn,ni,ki->k", found.states[:, :2], W, found.states[:, 2:]), 0)
             for W in cell.W.double()]
    mean = sum(alone) / 2
    assert found.distance < 0.02 < float((found.law - mean).abs().sum() / 2)
    assert "chain in which the matrices take turns" in found.says


def test_all_states_are_alike_in_the_heat():
    assert rc.occupancy(memory(0.0)).law.tolist() == pytest.approx([1 / 32] * 32)


def test_a_frozen_memory_is_far_from_the_law_and_says_so():
    cell = memory(1e6)
    cell.W.copy_(torch.tensor([[[1.0, 1.0, 1.0], [1.0, 1.0, 0.9]]]))
    found = rc.occupancy(cell, memories=7)
    assert found.distance > 0.02 and "due proportion" in found.says


def test_what_cannot_be_listed_is_refused():
    for cell, options in ((rc.make_cell("stochastic_bam", 8, hidden_size=3), {}), (rc.make_cell("bam", 3), {}),
                          (memory(1.0), {"memories": 0})):
        with pytest.raises(ValueError) as caught:
            rc.occupancy(cell, **options)
        one_sentence(str(caught.value))
