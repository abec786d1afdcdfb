"""A26, the bidirectional associative memory: a Hopfield network of two blocks, whose energy never rises."""
from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, quick, same

UNITS, RECALLED, STEPS, SEEDS = 1000, 40, 200, 3


@quick
def equals_hopfield() -> Iterator[Finding]:
    """Layers moved in turn are a Hopfield network with W = [[0, W], [Wᵀ, 0]] whose units move y first, then z."""
    stream, gap, energy_gap, steps, wrong = torch.Generator().manual_seed(0), 0.0, 0.0, 0, 0
    for n, m in ((2, 2), (5, 3), (4, 11), (16, 16)):
        cell, pair = _random(n, m, stream)
        block = rc.make_cell("hopfield", 1, hidden_size=n + m).double()
        block.W.zero_()
        block.W[:n, n:], block.W[n:, :n] = cell.W, cell.W.T
        block.theta.zero_()
        whole = type(block.initial_state(1))(torch.cat(list(pair), 1))
        energy_gap = max(energy_gap, float((cell.energy(pair) - block.energy(whole)).abs().max()))
        order = torch.arange(n + m).repeat(20, 4)
        sweeps = rc.unroll(block, order, whole).states.s[:, n + m - 1::n + m]                     # (b, 4, n + m)
        turns = rc.unroll(cell, torch.tensor([0, 1] * 4).repeat(20, 1), pair)
        gap = max(gap, float((torch.cat(list(turns.states), 2)[:, 1::2] - sweeps).abs().max()))
        both = rc.unroll(cell, state=pair, steps=4)
        wrong += int((both.outputs != sweeps[..., :n]).sum())
        steps += sweeps.numel()
    yield equal("difference of the states after each of 4 sweeps, 4 sizes, 20 starts each", 0.0, gap)
    yield equal("without an input a step is one such sweep: wrong signs", 0, wrong)
    yield below("difference of the energies", 1e-12, energy_gap)
    yield above("signs compared", 4000, steps)


@quick
def energy_never_rises() -> Iterator[Finding]:
    """Random W, random starts: E = −yᵀWz falls or stays, and every start comes to rest."""
    stream, worst, gap, moving = torch.Generator().manual_seed(1), -math.inf, 0.0, 0
    for n, m in ((2, 3), (8, 5), (20, 30)):
        cell, pair = _random(n, m, stream)
        trace = rc.unroll(cell, cell.draw(20, 40, stream), pair)
        y, z = (torch.cat([first.unsqueeze(1), later], 1) for first, later in zip(pair, trace.states, strict=True))
        energy = cell.energy(type(pair)(y.flatten(0, 1), z.flatten(0, 1))).view(20, -1)
        by_hand = -torch.einsum("btn,nm,btm->bt", y, cell.W, z)
        worst, gap = max(worst, float(energy.diff(dim=1).max())), max(gap, float((energy - by_hand).abs().max()))
        moving += int((y[:, -3] != y[:, -1]).any(1).sum() + (z[:, -3] != z[:, -1]).any(1).sum())
    yield below("largest rise in 3 networks, 20 starts each, 40 steps", 1e-10, worst)
    yield below("difference from the energy computed here", 1e-10, gap)
    yield equal("layers that still move at the last two steps", 0, moving)


@quick
def recalls_both_ways() -> Iterator[Finding]:
    """One pair is brought back from either half, and from the negative of a half the negative of the pair."""
    stream = torch.Generator().manual_seed(2)
    cell = rc.make_cell("bam", 12, hidden_size=7)
    z, y = _signs(1, 12, stream), _signs(1, 7, stream)
    cell.store(z, y)
    kind = type(cell.initial_state(1))
    yield same("W is yzᵀ, written out", cell.W, torch.tensor([[float(a * b) for b in z[0]] for a in y[0]]), 0.0)
    for sign, word in ((1, "the pair"), (-1, "its negative")):
        forwards = rc.unroll(cell, torch.tensor([[0, 1]]), kind(_signs(1, 7, stream), sign * z)).final
        backwards = rc.unroll(cell, torch.tensor([[1, 0]]), kind(sign * y, _signs(1, 12, stream))).final
        for name, found in (("z", forwards), ("y", backwards)):
            yield same(f"{word}, begun at {name}", list(found), [sign * y, sign * z], 0.0)


@long
def capacity() -> Iterator[Finding]:
    """1000 + 1000 units, begun at a stored pair: recall is nearly perfect at 0.15 pairs a unit, broken at 0.25."""
    for alpha, judge, limit in ((0.15, above, 0.95), (0.25, below, 0.75)):
        for seed in range(SEEDS):
            stream = torch.Generator().manual_seed(seed)
            z, y = (_signs(round(alpha * UNITS), UNITS, stream) for _ in range(2))
            cell = rc.make_cell("bam", UNITS, hidden_size=UNITS)
            cell.store(z, y)
            z, y = z[:RECALLED], y[:RECALLED]
            start = type(cell.initial_state(1))(y, z)
            rest = rc.unroll(cell, torch.tensor([0, 1] * (STEPS // 2)).repeat(RECALLED, 1), start).final
            overlap = float(((rest.y * y).mean() + (rest.z * z).mean()) / 2)
            yield judge(f"mean overlap at {alpha:.2f} pairs a unit, seed {seed}", limit, overlap)


def _signs(count: int, units: int, stream: torch.Generator) -> Tensor:
    """(count, units) of ±1."""
    return torch.randint(0, 2, (count, units), generator=stream) * 2.0 - 1.0


def _random(n: int, m: int, stream: torch.Generator) -> tuple[torch.nn.Module, tuple[Tensor, Tensor]]:
    """A memory with Gaussian weights, and 20 random states of it."""
    cell = rc.make_cell("bam", m, hidden_size=n).double()
    cell.W.copy_(torch.randn(n, m, generator=stream, dtype=torch.float64))
    return cell, type(cell.initial_state(1))(_signs(20, n, stream).double(), _signs(20, m, stream).double())
