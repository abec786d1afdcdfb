"""The automaton inside a network: a wired one is read back exactly, for every language, and numbers are refused."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.records.automaton import Automaton
from rnn_core.tasks.tomita import LANGUAGES


def wired(language: str, strength: float = 20.0):
    """A second-order network whose units are the states of a language's automaton, and its task."""
    spec = rc.Experiment.of("second_order", "tomita", language=language, hidden_size=6)
    task, network = spec.make_task(), spec.make_network()
    own, cell, readout = task.automaton, network.cells[0], network.readout
    with torch.no_grad():
        for p in network.parameters():
            p.zero_()
        cell.b.fill_(-strength / 2)
        for q in range(own.states):
            for k in range(2):
                cell.W[own.moves[q, k], q, k] = strength
            readout.V[int(own.answers[q]), q] = 1
    return network, task


def read(made, count: int = 24):
    network, task = made
    return rc.automaton(network, task.held_out(count, torch.Generator().manual_seed(0)), task)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wired_automaton_is_read_back(language):
    result = read(wired(language))
    assert result.same and result.agreement == result.right == 1
    assert torch.equal(result.found.moves, wired(language)[1].automaton.moves)
    assert result.smallest == result.found.states and len(result.frame()) == result.found.states
    assert torch.equal(result.states >= 0, ~result.points.isnan().any(-1))


def test_a_fresh_network_is_not_called_the_language():
    result = rc.automaton(rc.Experiment.of("elman", "tomita", language="6"), rows=8)
    assert not result.same and result.right < 1 and "is another" in result.says


def test_numbers_are_no_symbols():
    result = rc.automaton(rc.Experiment.of("elman", "adding", length=6))
    assert result.found is None and "not symbols" in result.says and len(result.frame()) == 1


def test_one_cluster_is_too_few():
    with pytest.raises(ValueError, match="two clusters"):
        rc.automaton(rc.Experiment.of("elman", "tomita"), most=1)


def test_a_clumsy_automaton_becomes_the_smallest():
    """Counting modulo 3 with every state twice, and one more that nothing leads to."""
    moves = [((q - 1) % 3 + 3 * (1 - q // 3), (q + 1) % 3 + 3 * (q // 3)) for q in range(6)]
    clumsy = Automaton(torch.tensor([*moves, (6, 6)]), torch.tensor([q % 3 == 0 for q in range(7)]))
    three = Automaton(torch.tensor([(1, 2), (2, 0), (0, 1)]), torch.tensor([True, False, False]))
    assert clumsy.minimal().states == 3 and clumsy.equals(three) and not three.equals(wired("5")[1].automaton)
    strings = torch.randint(0, 2, (20, 12), generator=torch.Generator().manual_seed(0))
    assert torch.equal(clumsy.answers[clumsy.run(strings)], three.answers[three.run(strings)])
