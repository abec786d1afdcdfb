"""Relaxation: a Hopfield network rolls downhill one unit at a time, and may swing when all move at once."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.cells.hopfield import HopfieldState


def noisy(b: int, n: int, seed: int) -> HopfieldState:
    """Random states of ±1."""
    return HopfieldState(torch.randint(0, 2, (b, n), generator=torch.Generator().manual_seed(seed)) * 2.0 - 1)


@pytest.mark.parametrize("n", [5, 12, 33])
@pytest.mark.parametrize("seed", range(4))
def test_the_energy_never_rises(n, seed):
    cell = rc.make_cell("hopfield", 1, hidden_size=n, seed=seed)
    with torch.no_grad():
        cell.theta.copy_(torch.randn(n, generator=torch.Generator().manual_seed(seed)) / n)
    trace = rc.unroll(cell, cell.draw(8, 4 * n, torch.Generator().manual_seed(seed)), noisy(8, n, seed))
    visited = [trace.entering.s[:, 0], *trace.states.s.unbind(1)]
    energies = torch.stack([cell.energy(HopfieldState(s)) for s in visited], 1)
    falls = energies.diff(dim=1)
    moved = (trace.entering.s != trace.states.s).any(-1)
    assert (falls <= 1e-5).all() and (falls[moved] < 0).all() and moved.any()


def test_a_random_sweep_visits_every_unit_once():
    cell = rc.make_cell("hopfield", 1, hidden_size=7)
    order = cell.draw(3, 21, torch.Generator().manual_seed(0))
    for sweep in order.split(7, 1):
        assert (sweep.sort(1).values == torch.arange(7)).all()
    assert not torch.equal(order[0], order[1])


def test_damaged_patterns_are_recalled():
    cell = rc.make_cell("hopfield", 1, hidden_size=100)
    patterns = noisy(5, 100, seed=3).s
    cell.store(patterns)
    damaged = patterns.clone()
    damaged[:, :10] *= -1
    final, sweeps = rc.relax(cell, HopfieldState(damaged), torch.Generator().manual_seed(0))
    assert torch.equal(final.s, patterns) and 1 < sweeps < 10


def test_where_it_rests_every_unit_agrees_with_its_field():
    cell = rc.make_cell("hopfield", 1, hidden_size=31, seed=2)
    final, sweeps = rc.relax(cell, noisy(20, 31, 5), torch.Generator().manual_seed(0))
    assert sweeps < 50
    still = rc.unroll(cell, state=final, steps=3)
    assert (still.states.s == final.s.unsqueeze(1)).all()


def test_too_few_sweeps_is_no_error():
    cell = rc.make_cell("hopfield", 1, hidden_size=100, seed=2)
    assert rc.relax(cell, noisy(20, 100, 5), torch.Generator().manual_seed(0), sweeps=1)[1] == 1


def test_two_units_that_move_at_once_swing_for_ever():
    cell = rc.make_cell("hopfield", 1, hidden_size=2)
    with torch.no_grad():
        cell.W.copy_(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
    trace = rc.unroll(cell, state=HopfieldState(torch.tensor([[1.0, -1.0]])), steps=6)
    assert trace.states.s[0].tolist() == [[-1, 1], [1, -1]] * 3
    settled, _ = rc.relax(cell, HopfieldState(torch.tensor([[1.0, -1.0]])), torch.Generator().manual_seed(0))
    assert abs(float(settled.s.sum())) == 2


def test_a_tie_keeps_the_sign_and_no_batch_changes_it():
    for seed in range(20):
        cell = rc.make_cell("hopfield", 1, hidden_size=9, seed=seed)
        state = noisy(64, 9, seed)
        fields = state.s.double() @ (cell.W.double() * 9).round()
        expected = torch.where(fields == 0, state.s.double(), fields.sign()).float()
        assert (fields == 0).any()
        assert torch.equal(cell.step(None, state)[1].s, expected)
        alone = torch.cat([cell.step(None, HopfieldState(row))[1].s for row in state.s.split(1)])
        assert torch.equal(alone, expected)
