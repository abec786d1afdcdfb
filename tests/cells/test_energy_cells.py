"""Bidirectional memories and the memristive circuit: one step of each by hand, what they refuse, and their limits."""

from __future__ import annotations

from math import exp

import pytest
import torch

import rnn_core as rc
from rnn_core.cells.bam import BAMState
from rnn_core.cells.memristive import MemristiveState
from rnn_core.cells.stochastic_bam import Chance
from tests.cells.cases import one_sentence
from tests.cells.test_by_hand import close, give, row

pytestmark = pytest.mark.usefixtures("float64")


def test_bam_by_hand():
    """W = [[1, −2, 0], [0, 1, 1]]: p = (1 + 2, −1 + 1) = (3, 0), so that y₂ stays; q = Wᵀ(1, −1) = (1, −3, −1)."""
    cell = give(rc.make_cell("bam", 3, hidden_size=2), W=[1, -2, 0, 0, 1, 1])
    state = BAMState(row(-1.0, -1.0), row(1.0, -1.0, 1.0))
    close(cell.energy(state).unsqueeze(1), 3.0)
    for drive, y, z in ((torch.tensor([0]), (1, -1), (1, -1, 1)), (torch.tensor([1]), (-1, -1), (-1, 1, -1)),
                        (None, (1, -1), (1, -1, -1))):
        out, after, probes = cell.step(drive, state)
        close(probes["p"], 3.0, 0.0)
        close(after.y, *y)
        close(after.z, *z)
        assert torch.equal(out, after.y)
    close(probes["q"], 1.0, -3.0, -1.0)
    close(cell.energy(after).unsqueeze(1), -5.0)


def test_bam_stores_two_pairs():
    cell = rc.make_cell("bam", 3, hidden_size=2)
    cell.store(torch.tensor([[1, 1, -1], [1, -1, 1]]), torch.tensor([[1, 1], [1, -1]]))
    assert cell.W.tolist() == [[2, 0, 0], [0, 2, -2]]


@pytest.mark.parametrize("wrong", [(torch.ones(1, 2), torch.ones(1, 2)), (torch.ones(2, 3), torch.ones(1, 2)),
                                   (torch.ones(3), torch.ones(2)), (torch.zeros(1, 3), torch.ones(1, 2))])
def test_bam_stores_only_pairs(wrong):
    for cell in (rc.make_cell("bam", 3, hidden_size=2), rc.make_cell("stochastic_bam", 3, hidden_size=2)):
        with pytest.raises(ValueError) as caught:
            cell.store(*wrong)
        one_sentence(str(caught.value))


def test_bam_settles():
    """A damaged letter T calls up its bits and is mended on the way."""
    letters = {"T": "###.#..#.", "L": "#..#..###"}
    z = torch.tensor([[1.0 if c == "#" else -1.0 for c in text] for text in letters.values()])
    y = torch.tensor([[1.0, 1.0, -1.0], [-1.0, 1.0, 1.0]])
    cell = rc.make_cell("bam", 9, hidden_size=3)
    cell.store(z, y)
    damaged = z[:1].clone()
    damaged[0, 1] *= -1
    found = rc.unroll(cell, torch.tensor([[0, 1, 0, 1]]), BAMState(-torch.ones(1, 3), damaged)).final
    assert torch.equal(found.z, z[:1]) and torch.equal(found.y, y[:1])
    rest, sweeps = rc.relax(cell, found, torch.Generator().manual_seed(0))
    assert sweeps == 1 and torch.equal(rest.z, z[:1])


def test_stochastic_bam_by_hand():
    """2β = 1: Pr(y = +1) = σ(3) and σ(0); the noise lies just below the first and just above the second."""
    cell = give(rc.make_cell("stochastic_bam", 3, hidden_size=2, beta=0.5, regimes=2),
                W=[0, 0, 0, 0, 0, 0, 1, -2, 0, 0, 1, 1])
    state = BAMState(row(-1.0, 1.0), row(1.0, -1.0, 1.0))
    noise = row(1 / (1 + exp(-3)) - 1e-9, 0.5 + 1e-9), row(0.0, 0.0, 0.0)
    out, after, probes = cell.step(Chance(torch.tensor([0]), *noise, torch.tensor([1])), state)
    close(probes["p"], 3.0, 0.0)
    close(out, 1.0, -1.0)
    close(after.z, 1.0, -1.0, 1.0)
    noise = noise[0], row(1 / (1 + exp(1)) + 1e-9, 1 / (1 + exp(-3)) - 1e-9, 1 / (1 + exp(-1)) - 1e-9)
    out, after, probes = cell.step(Chance(torch.tensor([1]), *noise, torch.tensor([1])), state)
    close(probes["q"], -1.0, 3.0, 1.0)
    close(after.z, -1.0, 1.0, 1.0)
    close(out, -1.0, 1.0)
    close(cell.energy(after, 1).unsqueeze(1), -5.0)


def test_a_regime_that_is_not_there_is_refused():
    cell = rc.make_cell("stochastic_bam", 3, hidden_size=2)
    with pytest.raises(ValueError, match="regimes 0 to 1"):
        cell.store(torch.ones(1, 3), torch.ones(1, 2), 2)


def test_memristive_by_hand():
    """Two branches between two nodes, one loop: i = ½(S₁ − S₂) over half the sum of the resistances 1 + 2 w."""
    cell = rc.make_cell("memristive", 2, hidden_size=2, xi=2.0, alpha=0.0, beta=1.0, time_step=0.1)
    cell.wire(torch.tensor([[-1, -1], [1, 1]]))
    with torch.no_grad():
        cell.W.copy_(torch.eye(2))
    assert torch.allclose(cell.Omega, torch.tensor([[0.5, -0.5], [-0.5, 0.5]]))
    out, after, probes = cell.step(row(1.5, 0.5), MemristiveState(row(0.25, 0.75)))
    first = (1.5 - 0.5) / (1.5 + 2.5)
    close(out, first, -first)
    close(probes["v"], 1.5 * first, -2.5 * first)
    guess = 0.25 - 0.1 * first, 0.75 + 0.1 * first
    second = 1 / (2 + 2 * sum(guess))
    move = 0.1 * (first + second) / 2
    close(after.w, 0.25 - move, 0.75 + move)


def test_memories_stay_within_their_bounds():
    cell = rc.make_cell("memristive", 1, hidden_size=6, time_step=1.0, beta=0.01)
    w = rc.unroll(cell, 5 * torch.randn(3, 20, 1, generator=torch.Generator().manual_seed(0))).states.w
    assert w.min() == 0 and w.max() == 1


@pytest.mark.parametrize("wrong", [torch.zeros(2, 3), torch.zeros(2), torch.tensor([[1, -1], [1, 1]]),
                                   torch.tensor([[-1, 1], [0.5, 0]]), torch.tensor([[-1, 1], [0, 0]])])
def test_only_circuits_are_wired(wrong):
    cell = rc.make_cell("memristive", 2, hidden_size=2)
    with pytest.raises(ValueError) as caught:
        cell.wire(wrong)
    one_sentence(str(caught.value))


def test_every_fresh_circuit_is_in_one_piece():
    for n in (1, 2, 3, 24):
        for seed in range(3):
            cell = rc.make_cell("memristive", 1, hidden_size=n, seed=seed)
            assert int(torch.linalg.matrix_rank(cell.D)) == cell.nodes - 1
            assert float(cell.Omega.trace()) == pytest.approx(n - cell.nodes + 1, abs=1e-5)
