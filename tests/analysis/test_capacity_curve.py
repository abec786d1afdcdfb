"""Capacity: many networks at once give what each gives alone, theory for flips, the projection that never flips."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.capacity_curve import _Many, growing


def test_many_networks_step_as_each_does_alone():
    stream = torch.Generator().manual_seed(0)
    cells = [rc.make_cell("hopfield", 1, hidden_size=12, seed=k) for k in range(3)]
    many = _Many(cells[0], torch.stack([cell.W for cell in cells]))
    s = torch.randint(0, 2, (6, 12), generator=stream) * 2.0 - 1
    unit = torch.randint(0, 12, (6,), generator=stream)
    kind = type(cells[0].initial_state(1))
    together = many.advance(unit, kind(s))[0]
    alone = [cell.step(unit[2 * k:2 * k + 2], kind(s[2 * k:2 * k + 2]))[0] for k, cell in enumerate(cells)]
    assert torch.equal(together, torch.cat(alone))


def test_flips_follow_theory_and_overlaps_break_down():
    cell = rc.make_cell("hopfield", 1, hidden_size=200)
    before = cell.W.clone()
    found = rc.capacity_curve(cell, (0.05, 0.1, 0.2, 0.3))
    assert float((found.flipped - found.theory).abs().max()) < 0.006 and torch.equal(cell.W, before)
    assert float(found.overlap[0, 0]) > 0.99 > 0.8 > float(found.overlap[0, 3]) and len(found.frame()) == 4


def test_the_projection_holds_every_pattern():
    found = rc.capacity_curve(rc.make_cell("hopfield", 1, hidden_size=60, storage="pseudo_inverse"), (0.1, 0.4))
    assert found.flipped.tolist() == [[0, 0]] and found.overlap.tolist() == [[1, 1]]


def test_no_pattern_is_refused():
    with pytest.raises(ValueError, match="at least 0.1 is needed for one pattern in 10 units"):
        rc.capacity_curve(rc.make_cell("hopfield", 1, hidden_size=10), (0.01,))


def test_a_growing_curve_ends_where_each_load_alone_does():
    cell, loads = rc.make_cell("hopfield", 1, hidden_size=40), (0.05, 0.1, 0.3)
    before, shares, lengths = cell.W.clone(), [], []
    for curve, share in growing(cell, loads, patterns=3):
        shares.append(share)
        lengths.append(0 if curve is None else curve.alpha.shape[1])
    assert shares == sorted(shares) and shares[-1] == 1 and lengths == sorted(lengths) and lengths[-1] == 3
    assert len(shares) > 3 and torch.equal(cell.W, before)
    for k, load in enumerate(loads):
        alone = rc.capacity_curve(cell, (load,), patterns=3)
        assert float(curve.flipped[0, k]) == float(alone.flipped) and float(curve.theory[0, k]) == float(alone.theory)
        assert float(curve.overlap[0, k]) == pytest.approx(float(alone.overlap), abs=1e-6)
    with pytest.raises(ValueError, match="one pattern in 40 units"):
        next(growing(cell, (0.001,)))
