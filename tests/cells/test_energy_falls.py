"""A property, tried on random networks: no asynchronous update, and no turn of a bidirectional memory, raises E."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import rnn_core as rc

SIGNS = st.sampled_from((-1.0, 1.0))
NUMBERS = st.floats(-100, 100, allow_subnormal=False)
SEEDS = st.integers(0, 2**31 - 1)


def rises(energies: torch.Tensor, scale: float) -> float:
    """The largest rise along energies (t,), in units of the rounding that their size allows."""
    return float(energies.diff().max()) / (1e-10 * (1 + scale)) if len(energies) > 1 else 0.0


@st.composite
def networks(draw):
    """Symmetric weights (n, n) without a diagonal, thresholds and a start (n,) for 1 to 40 units, and a seed."""
    n = draw(st.integers(1, 40))
    if draw(st.booleans()):
        W = np.random.default_rng(draw(SEEDS)).normal(size=(n, n)) * draw(st.sampled_from((1e-3, 1.0, 1e3)))
    else:
        W = draw(arrays(float, (n, n), elements=st.integers(-3, 3).map(float)))              # whole numbers make ties
    theta = draw(arrays(float, n, elements=NUMBERS | st.just(0.0)))
    return W + W.T - 2 * np.diag(np.diag(W)), theta, draw(arrays(float, n, elements=SIGNS)), draw(SEEDS)


@settings(max_examples=150, deadline=None)
@given(networks())
def test_asynchronous_updates_never_raise_the_energy(given_network):
    W, theta, start, seed = (torch.as_tensor(v) for v in given_network)
    n = len(start)
    cell = rc.make_cell("hopfield", 1, hidden_size=max(n, 2)).double()
    cell.W.zero_()
    cell.theta.zero_()
    cell.W[:n, :n], cell.theta[:n] = W, theta                       # a lone unit stands beside one that nothing moves
    begin = torch.ones(1, max(n, 2), dtype=torch.float64)
    begin[0, :n] = start
    order = cell.draw(1, 4 * n, torch.Generator().manual_seed(int(seed)))
    path = torch.cat([begin, rc.unroll(cell, order, type(cell.initial_state(1))(begin)).states.s[0]])
    by_hand = torch.stack([-s @ cell.W @ s / 2 + cell.theta @ s for s in path])
    scale = float(W.abs().sum() + theta.abs().sum())
    assert rises(by_hand, scale) <= 1
    assert rises(cell.energy(type(cell.initial_state(1))(path)), scale) <= 1
    moved = (path.diff(dim=0) != 0).sum(1)
    assert int(moved.max()) <= 1
    strict = by_hand.diff()[moved == 1]
    assert bool((strict < 1e-10 * (1 + scale)).all())


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 20), st.integers(1, 20), SEEDS, st.booleans(), st.booleans())
def test_turns_of_a_bidirectional_memory_never_raise_the_energy(n, m, seed, whole, backwards):
    stream = torch.Generator().manual_seed(seed)
    cell = rc.make_cell("bam", m, hidden_size=n).double()
    W = torch.randn(n, m, generator=stream, dtype=torch.float64)
    cell.W.copy_((2 * W).round() if whole else W)
    y, z = (torch.randint(0, 2, (1, size), generator=stream).double() * 2 - 1 for size in (n, m))
    kind = type(cell.initial_state(1))
    turns = (torch.arange(2 * (n + m)) + backwards).unsqueeze(0) % 2
    trace = rc.unroll(cell, turns, kind(y, z))
    ys, zs = torch.cat([y, trace.states.y[0]]), torch.cat([z, trace.states.z[0]])
    by_hand = -torch.einsum("tn,nm,tm->t", ys, cell.W, zs)
    assert rises(by_hand, float(cell.W.abs().sum())) <= 1
    assert torch.allclose(by_hand, cell.energy(kind(ys, zs)))
    assert torch.equal(ys[-1], ys[-3]) and torch.equal(zs[-1], zs[-3])
