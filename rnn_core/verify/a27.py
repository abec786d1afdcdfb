"""A27, the stochastic associative memory: Boltzmann's law by enumeration, no chance in the cold, a chain of weights."""
from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, equal, near, quick, same

CHAINS, WARM, STEPS, SEEDS = 2000, 40, 120, 3


@quick
def boltzmann() -> Iterator[Finding]:
    """n = m = 3: how often each of the 64 states is visited, beside exp(−βE)/Z over all of them."""
    for seed in range(SEEDS):
        stream = torch.Generator().manual_seed(seed)
        cell = _model(3, 3, beta=0.5)
        cell.W.copy_(torch.randn(1, 3, 3, generator=stream))
        law, other = _law(cell.W[0], 0.5), _law(cell.W[0], 1.0)
        visited = _visited(cell, cell.draw(CHAINS, WARM + STEPS, stream))
        yield _distance(f"total variation from Boltzmann's law, seed {seed}", visited, law, 0.02)
        yield above(f"total variation from the law at twice the cold, seed {seed}", 0.1, _gap(visited, other))


@quick
def visits_that_pages_draw() -> Iterator[Finding]:
    """The picture's own visits and law, n = m = 3: beside the law written out here, and where matrices take turns."""
    for seed in range(SEEDS):
        stream = torch.Generator().manual_seed(seed)
        cell = _model(3, 3, beta=0.5)
        cell.W.copy_(torch.randn(1, 3, 3, generator=stream))
        found = rc.occupancy(cell, seed=seed)
        number = ((found.states > 0).long() << torch.arange(6)).sum(1)
        yield same(f"seed {seed}: the law of each state", found.law, _law(cell.W[0], 0.5)[number], 1e-12)
        yield _distance(f"seed {seed}: total variation of the visits", found.measured, found.law, 0.02)
        turns = _model(3, 3, regimes=2, persistence=0.7, beta=0.5)
        turns.W.copy_(torch.randn(2, 3, 3, generator=stream))
        found = rc.occupancy(turns, seed=seed)
        yield _distance(f"seed {seed}, two matrices in turn: from the chain's own law", found.measured, found.law, 0.02)


@quick
def cold_is_plain() -> Iterator[Finding]:
    """With β = 10⁶ and no tie every step is that of the memory without chance."""
    wrong, compared = 0, 0
    for seed in range(SEEDS):
        stream = torch.Generator().manual_seed(seed)
        cell, plain = _model(9, 6, beta=1e6), rc.make_cell("bam", 6, hidden_size=9).double()
        cell.W.copy_(torch.randn(1, 9, 6, generator=stream))
        plain.W.copy_(cell.W[0])
        x = cell.draw(50, 12, stream)
        start = _start(cell, 50, stream)
        ours, theirs = (rc.unroll(c, d, start).states for c, d in ((cell, x), (plain, x.direction)))
        wrong += sum(int((a != b).sum()) for a, b in zip(ours, theirs, strict=True))
        compared += ours.y.numel() + ours.z.numel()
    yield equal("signs that differ", 0, wrong)
    yield above("signs compared", 20000, compared)


@quick
def heat_is_chance() -> Iterator[Finding]:
    """At β = 0 every state is as likely."""
    stream = torch.Generator().manual_seed(0)
    cell = _model(3, 3, beta=0.0)
    visited = _visited(cell, cell.draw(CHAINS, WARM + STEPS, stream))
    yield _distance("total variation from 1/64 each", visited, torch.full((64,), 1 / 64).double(), 0.02)


@quick
def one_unit() -> Iterator[Finding]:
    """The share of +1 over an even grid of noise is σ(2βa)."""
    noise, W, beta = 20000, 0.7, 0.8
    cell = _model(2, 1, beta=beta)
    cell.W.copy_(torch.tensor([[[W], [-2 * W]]]))
    kind = type(cell.draw(1, 1, torch.Generator()))
    u = ((torch.arange(noise).double() + 0.5) / noise).unsqueeze(1)
    idle = torch.zeros(noise, dtype=torch.long)
    out, _, _ = cell.step(kind(idle, u.repeat(1, 2), u, idle), cell.initial_state(noise))
    share = (out == 1).double().mean(0)
    yield same("share of +1 at a = 0.7 and −1.4", share, 1 / (1 + torch.exp(-2 * beta * torch.tensor([W, -2 * W]))),
               1 / noise)


@quick
def chain_of_weights() -> Iterator[Finding]:
    """W(r_t): each step is that of a memory with that matrix alone, and the chain stays as often as it is told."""
    stream = torch.Generator().manual_seed(4)
    cell = _model(4, 5, regimes=3, persistence=0.8, beta=0.4)
    cell.W.copy_(torch.randn(3, 4, 5, generator=stream))
    x = cell.draw(400, 60, stream)
    trace = rc.unroll(cell, x, _start(cell, 400, stream))
    wrong, alone = 0, _model(4, 5, beta=0.4)
    for r in range(3):
        alone.W.copy_(cell.W[r:r + 1])
        there = x.r == r
        given = type(x)(x.direction[there], x.u_y[there], x.u_z[there], torch.zeros_like(x.r[there]))
        _, after, _ = alone.step(given, type(trace.final)(*(v[there] for v in trace.entering)))
        wrong += sum(int((a != b[there]).sum()) for a, b in zip(after, trace.states, strict=True))
    yield equal("signs that differ from a memory with one matrix", 0, wrong)
    moves = torch.zeros(3, 3).double()
    moves.index_put_((x.r[:, :-1].flatten(), x.r[:, 1:].flatten()), torch.tensor(1.0).double(), accumulate=True)
    moves = moves / moves.sum(1, keepdim=True)
    yield same("chances of moving from one matrix to another", moves, 0.7 * torch.eye(3).double() + 0.1, 0.02)
    first = torch.bincount(x.r[:, 0], minlength=3) / 400
    yield near("share of sequences that begin with matrix 0", 1 / 3, float(first[0]), 0.08)


def _model(n: int, m: int, regimes: int = 1, **settings: Any) -> Any:
    return rc.make_cell("stochastic_bam", m, hidden_size=n, regimes=regimes, **settings).double()


def _start(cell: Any, count: int, stream: torch.Generator) -> Any:
    """Random signs for both layers."""
    state = cell.initial_state(count)
    return type(state)(*(torch.randint(0, 2, v.shape, generator=stream).double() * 2 - 1 for v in state))


def _visited(cell: Any, x: Any) -> Tensor:
    """(64,) the share of visits after the warm-up; bit k of a state's number is unit k of (y, z)."""
    states = torch.cat(list(rc.unroll(cell, x).states), 2)[:, WARM:].flatten(0, 1)
    number = ((states > 0).long() << torch.arange(6)).sum(1)
    return torch.bincount(number, minlength=64).double() / len(number)


def _law(W: Tensor, beta: float) -> Tensor:
    """(64,) exp(β yᵀWz)/Z, state by state, in plain numbers."""
    W, weight = W.tolist(), torch.zeros(64, dtype=torch.float64)
    for s in itertools.product((-1, 1), repeat=6):
        agreement = sum(W[j][k] * s[j] * s[3 + k] for j in range(3) for k in range(3))
        weight[sum((v > 0) << k for k, v in enumerate(s))] = beta * agreement
    return torch.softmax(weight, 0)


def _gap(p: Tensor, q: Tensor) -> float:
    """Total variation: half the sum of the differences."""
    return float((p - q).abs().sum() / 2)


def _distance(name: str, visited: Tensor, law: Tensor, within: float) -> Finding:
    return near(name, 0.0, _gap(visited, law), within)
