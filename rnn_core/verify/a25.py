"""A25, the Hopfield network: an energy that never rises, and a capacity of about 0.138 patterns a unit."""
from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, near, quick, same

UNITS, RECALLED, SWEEPS = 1000, 10, 25


@long
def capacity() -> Iterator[Finding]:
    """N = 1000 units, begun at a stored pattern: recall is nearly perfect at α = 0.10 and breaks down at α = 0.18."""
    for alpha, judge, limit, within in ((0.10, above, 0.97, 0.005), (0.18, below, 0.75, 0.2)):
        stream = torch.Generator().manual_seed(1)
        patterns = _signs(round(alpha * UNITS), UNITS, stream)
        cell = _stored(patterns)
        rest, _ = rc.relax(cell, _state(cell, patterns[:RECALLED]), stream, sweeps=SWEEPS)
        overlap = float((rest.s * patterns[:RECALLED]).mean())
        by_hand = float((_recall(patterns) * patterns[:RECALLED]).mean())
        name = f"mean overlap with {RECALLED} patterns at α = {alpha:.2f}"
        yield judge(name, limit, overlap)
        yield near(f"{name}: the same by a loop written out here, in another order", by_hand, overlap, within)


@long
def capacity_curve() -> Iterator[Finding]:
    """The curve that pages draw, at N = 1000: the same two loads, three seeds."""
    flipped, theory = torch.zeros(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    for seed in range(3):
        found = rc.capacity_curve(rc.make_cell("hopfield", 1, hidden_size=UNITS), (0.10, 0.18), patterns=4, seed=seed)
        yield above(f"seed {seed}: overlap at α = 0.10", 0.97, float(found.overlap[0, 0]))
        yield below(f"seed {seed}: overlap at α = 0.18", 0.75, float(found.overlap[0, 1]))
        flipped, theory = flipped + found.flipped[0] / 3, found.theory[0]
    for k, (alpha, within) in enumerate(((0.10, 0.0002), (0.18, 0.0008))):
        by_hand = 0.5 * math.erfc(math.sqrt(1 / (2 * alpha)))
        name = f"α = {alpha:.2f}: share of units that flip, mean of three networks"
        yield near(name, by_hand, float(flipped[k]), within)
        yield near(f"α = {alpha:.2f}: the theory that is drawn", by_hand, float(theory[k]), 1e-9)


@quick
def one_step() -> Iterator[Finding]:
    """One synchronous step from the stored patterns flips ½ erfc(√(1/2α)) of the units."""
    for alpha, within in ((0.10, 0.0002), (0.18, 0.0008), (0.30, 0.002)):
        stream = torch.Generator().manual_seed(2)
        patterns = _signs(round(alpha * UNITS), UNITS, stream)
        cell = _stored(patterns)
        after = rc.unroll(cell, state=_state(cell, patterns), steps=1).final.s
        flipped = (after != patterns).float().mean().item()
        field = patterns.double() @ _hebb(patterns)
        theory = 0.5 * math.erfc(math.sqrt(1 / (2 * alpha)))
        yield near(f"share of units that flip at α = {alpha:.2f}", theory, flipped, within)
        yield equal(f"wrong signs at α = {alpha:.2f}, beside whole numbers computed here",
                    0, int(((field != 0) & (after != field.sign())).sum()))


@quick
def energy_never_rises() -> Iterator[Finding]:
    """Asynchronous updates in random order, from random starts under random symmetric weights and thresholds."""
    stream, worst, gap, flips = torch.Generator().manual_seed(4), -math.inf, 0.0, 0
    for units in (2, 5, 17, 40):
        for _ in range(5):
            cell = rc.make_cell("hopfield", 1, hidden_size=units).double()
            A = torch.randn(units, units, generator=stream, dtype=torch.float64)
            cell.W.copy_(A + A.T).fill_diagonal_(0)
            cell.theta.copy_(torch.randn(units, generator=stream, dtype=torch.float64))
            start = _state(cell, _signs(20, units, stream).double())
            trace = rc.unroll(cell, cell.draw(20, 4 * units, stream), start)
            path = torch.cat([start.s.unsqueeze(1), trace.states.s], 1)                        # (b, t + 1, N)
            energy = cell.energy(type(start)(path.flatten(0, 1))).view(20, -1)
            by_hand = torch.einsum("bti,ij,btj->bt", path, -0.5 * cell.W, path) + path @ cell.theta
            worst = max(worst, float(energy.diff(dim=1).max()))
            gap = max(gap, float((energy - by_hand).abs().max()))
            flips += int((path.diff(dim=1) != 0).sum())
    yield below("largest rise in 20 networks, 20 starts each, 4 sweeps", 1e-10, worst)
    yield below("difference from the energy computed here", 1e-10, gap)
    yield above("units flipped on the way", 1000, flips)


@quick
def synchronous_updates_may_cycle() -> Iterator[Finding]:
    """Two units that inhibit one another, updated at once, go round for ever; one after the other they rest."""
    cell = rc.make_cell("hopfield", 1, hidden_size=2)
    cell.W.copy_(torch.tensor([[0.0, -1.0], [-1.0, 0.0]]))
    cell.theta.zero_()
    start = _state(cell, torch.ones(1, 2))
    path = rc.unroll(cell, state=start, steps=4).states.s[0]
    yield same("four synchronous steps from (1, 1)", path, torch.tensor([[-1.0, -1], [1, 1], [-1, -1], [1, 1]]), 0.0)
    rest, sweeps = rc.relax(cell, start, torch.Generator().manual_seed(0))
    yield equal("asynchronously it rests with one unit up", 0.0, float(rest.s.sum()))
    yield below("after sweeps", 3, sweeps)


@quick
def stores_one_pattern() -> Iterator[Finding]:
    """A single pattern is exactly fixed, W is symmetric without self-coupling: N(N − 1)/2 numbers."""
    pattern = _signs(1, 50, torch.Generator().manual_seed(5))
    cell = _stored(pattern)
    yield same("one synchronous step from the pattern", rc.unroll(cell, state=_state(cell, pattern), steps=1).final.s,
               pattern, 0.0)
    yield same("W equals Hebb's rule computed here", cell.W.double(), _hebb(pattern) / 50, 1e-7)
    yield equal("independent numbers in W", 50 * 49 // 2, int((cell.W.triu(1) != 0).sum()))


@quick
def the_projection_stores_what_the_sum_cannot() -> Iterator[Finding]:
    """30 patterns of 100 units, each a tenth away from one prototype: fixed as a projection, not as a sum."""
    for seed in range(3):
        stream = torch.Generator().manual_seed(seed)
        far = torch.where(torch.rand(30, 100, generator=stream) < 0.1, -1.0, 1.0)
        patterns = _signs(1, 100, stream) * far
        for storage, fixed in (("outer_product", 0), ("pseudo_inverse", 30)):
            cell = _stored(patterns, storage)
            after = rc.unroll(cell, state=_state(cell, patterns), steps=1).final.s
            yield equal(f"seed {seed}, {storage.replace('_', ' ')}: patterns that stand still", fixed,
                        int((after == patterns).all(1).sum()))
        P = patterns.double().T                                                             # its own column space
        onto = P @ torch.linalg.solve(P.T @ P, P.T)
        yield same(f"seed {seed}: W beside the projection by the normal equations", cell.W.double(),
                   onto - torch.diag(onto.diagonal()), 1e-6)


@quick
def modern_energy_never_rises() -> Iterator[Finding]:
    """The modern network from random starts, all units at once and one by one: E falls and stays in 0…2 M²."""
    stream, worst, low, high = torch.Generator().manual_seed(6), -math.inf, math.inf, -math.inf
    for units, stored, beta in ((2, 1, 1.0), (5, 9, 0.1), (17, 4, 3.0), (40, 80, 0.02)):
        cell = rc.make_cell("modern_hopfield", 1, hidden_size=units, sharpness=beta).double()
        X = torch.randn(stored, units, generator=stream, dtype=torch.float64)
        cell.store(X)
        M = X.norm(dim=1).max()
        start = torch.randn(20, units, generator=stream, dtype=torch.float64)
        start = _state(cell, start / start.norm(dim=1, keepdim=True) * M)
        for trace in (rc.unroll(cell, state=start, steps=8), rc.unroll(cell, cell.draw(20, 4 * units, stream), start)):
            path = torch.cat([start.s.unsqueeze(1), trace.states.s], 1)
            by_hand = (-(beta * path @ X.T).exp().sum(-1).log() / beta + path.square().sum(-1) / 2
                       + math.log(stored) / beta + M**2 / 2)
            energy = cell.energy(type(start)(path.flatten(0, 1))).view_as(by_hand)
            worst = max(worst, float(energy.diff(dim=1).max()), float((energy - by_hand).abs().max()))
            low, high = min(low, float(energy.min())), max(high, float((energy / M**2).max()))
    yield below("largest rise, or difference from the energy computed here", 1e-10, worst)
    yield above("smallest energy", -1e-10, low)
    yield below("largest energy in M²", 2 + 1e-10, high)


@quick
def modern_is_attention_and_holds_more() -> Iterator[Finding]:
    """The step is torch's attention; 640 patterns in 64 units come back in one step, where the sum holds none."""
    for seed in range(3):
        stream = torch.Generator().manual_seed(seed)
        patterns = _signs(640, 64, stream)
        cell = rc.make_cell("modern_hopfield", 1, hidden_size=64, sharpness=1.0)
        cell.store(patterns)
        damaged = patterns * torch.where(torch.rand(640, 64, generator=stream) < 0.1, -1.0, 1.0)
        once = rc.unroll(cell, state=_state(cell, damaged), steps=1).final.s
        theirs = torch.nn.functional.scaled_dot_product_attention(*(v.unsqueeze(0) for v in (damaged, patterns,
                                                                                             patterns)), scale=1.0)[0]
        yield same(f"seed {seed}: one step beside torch's attention", once, theirs, 1e-5)
        yield above(f"seed {seed}: share of patterns recalled from a tenth of damage", 0.97,
                    float(((once - patterns).abs().amax(1) < 0.5).double().mean()))
        classic = _stored(patterns)
        held = rc.unroll(classic, state=_state(classic, patterns), steps=1).final.s
        yield equal(f"seed {seed}: patterns that stand still in a sum of outer products", 0,
                    int((held == patterns).all(1).sum()))


def _signs(count: int, units: int, stream: torch.Generator) -> Tensor:
    """(count, units) of ±1."""
    return torch.randint(0, 2, (count, units), generator=stream) * 2.0 - 1.0


def _stored(patterns: Tensor, storage: str = "outer_product") -> torch.nn.Module:
    """A network that stores these patterns."""
    cell = rc.make_cell("hopfield", 1, hidden_size=patterns.shape[1], storage=storage)
    cell.store(patterns)
    return cell


def _state(cell: Any, s: Tensor) -> Any:
    return type(cell.initial_state(1))(s)


def _hebb(patterns: Tensor) -> Tensor:
    """N W = Σ ξ ξᵀ with an empty diagonal, in float64, where whole numbers are exact."""
    W = patterns.double().T @ patterns.double()
    return W - torch.diag(W.diagonal())


def _recall(patterns: Tensor) -> Tensor:
    """Recall in the order of the units, sweep by sweep, in whole numbers."""
    W, s = _hebb(patterns), patterns[:RECALLED].double().T.clone()                    # (N, N), (N, b)
    for _ in range(SWEEPS):
        for i in range(UNITS):
            field = W[i] @ s
            s[i] = torch.where(field == 0, s[i], field.sign())
    return s.T
