"""A circuit: who joins whom, what is remembered, and the law without a source."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc
from rnn_core.figures.circuit import _places
from tests.cells.cases import one_sentence


def driven(units: int, size: float, steps: int = 120):
    cell = rc.make_cell("memristive", 1, hidden_size=units, alpha=0.1, beta=0.3, start=0.3)
    return cell, rc.unroll(cell, size * torch.sin(torch.arange(steps) / 8).view(1, -1, 1))


def test_branches_leave_and_reach_their_nodes():
    cell, trace = driven(12, 1.0)
    found = rc.circuit(trace)
    for k, (leave, arrive) in enumerate(found.ends.tolist()):
        assert (float(cell.D[leave, k]), float(cell.D[arrive, k])) == (-1, 1)
    torch.testing.assert_close(found.memory, trace.states.w[0].detach().double(), atol=1e-5, rtol=0)
    assert found.nodes == cell.nodes
    assert found.driven and "12 memristors join 6 nodes" in found.says and len(found.frame()) == 12


def test_without_a_source_the_law_holds():
    found = rc.circuit(driven(5, 0.0)[1])
    by_hand = [min(1.0, 0.3 * math.exp(0.1 * 0.1 * t)) for t in range(1, 121)]
    assert found.law.tolist() == pytest.approx(by_hand) and not found.driven
    torch.testing.assert_close(found.memory, found.law.unsqueeze(1).expand(-1, 5), atol=1e-5, rtol=0)
    assert "without a source each follows" in found.says


@pytest.mark.parametrize("units", [1, 2, 3, 24])
def test_every_size_is_drawn(units):
    found = rc.circuit(driven(units, 2.0)[1])
    for step in (0, 60, -1):
        figure = rc.figures.circuit(found, step=step)
        assert sum(str(trace.name).startswith("branch") for trace in figure.data) == 2 * units
    again = rc.figures.circuit(found)
    assert rc.figures.circuit(found).to_json() == again.to_json()


def test_two_nodes_do_not_fall_on_one_another():
    for seed in range(5):
        cell = rc.make_cell("memristive", 1, hidden_size=24, seed=seed)
        found = rc.circuit(rc.unroll(cell, torch.zeros(1, 2, 1)))
        places = torch.tensor(_places(found.ends.numpy(), found.nodes))
        assert float((torch.cdist(places, places) + 9 * torch.eye(len(places))).min()) > 0.05


def test_what_is_not_there():
    assert "no circuit" in rc.circuit(rc.unroll(rc.make_cell("elman", 1), torch.zeros(1, 3, 1))).says
    with pytest.raises(ValueError) as caught:
        rc.circuit(driven(3, 1.0)[1], row=1)
    one_sentence(str(caught.value))
