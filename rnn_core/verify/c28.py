"""C28, pairs of patterns: a bidirectional memory recalls both ways; how many letters it holds, by trying them all."""
from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, near, quick

SEEDS, COUNT, UPDATES = (0, 1, 2), 300, 400
WAYS = ("capital to small", "small to capital")


@quick
def recalls_both_ways() -> Iterator[Finding]:
    """Five pairs, one half with an eighth of its cells turned round, the other random: both halves come back."""
    for direction, seed in itertools.product(WAYS, SEEDS):
        task, batch, other = _recalled(direction, 5, 1 / 8, seed)
        floor = task.baseline()
        name = f"{direction}, seed {seed}"
        yield above(f"{name}: overlap with the partner; to {floor.sentence} gives {floor.value:.3f}", 0.9,
                    _overlap(task, batch, other))
    for direction in WAYS:
        task, batch, other = _recalled(direction, 5, 0.0, 0)
        yield near(f"{direction}, undamaged: overlap", 1.0, _overlap(task, batch, other), 1e-12)


@quick
def the_floor_by_hand() -> Iterator[Finding]:
    """The better of two answers without a memory: what was read, or each cell's commonest value."""
    for direction, noise in itertools.product(WAYS, (0.0, 1 / 8, 1 / 4)):
        task = _task(direction=direction, noise=noise)
        batch = task.sample(4000, torch.Generator().manual_seed(0))
        usual = task.due.sum(0).sign()
        best = max(_overlap(task, batch, batch.x.flatten(1)), _overlap(task, batch, usual.expand(4000, -1)))
        yield near(f"{direction}, noise {noise:g}: over 4,000 draws", task.baseline().value, best, 0.02)


@quick
def how_many_letters_it_holds() -> Iterator[Finding]:
    """Every choice of three and of four of the 26 pairs: the share held whole, each half recalling the other."""
    shares, stream = [], torch.Generator().manual_seed(0)
    task = _task(pairs=26)
    z, y = task.asked, task.due
    for count in (3, 4):
        chosen = torch.tensor(list(itertools.combinations(range(26), count)))
        held = _held(z[chosen], y[chosen])
        some = torch.randint(0, len(chosen), (60,), generator=stream)
        agree = sum(bool(held[k]) == _stands(z[chosen[k]], y[chosen[k]]) for k in some.tolist())
        yield equal(f"{count} pairs: of 60 choices, those on which the cell agrees with sums written here", 60, agree)
        shares.append(float(held.double().mean()))
    yield above(f"share of the {2600:,} choices of three that is held", 0.8, shares[0])
    yield below("share of the 14,950 choices of four that is held", 0.6, shares[1])
    held = [int(_held(task.asked[None, :p], task.due[None, :p])) for p in range(2, 12)]
    yield equal("in the task's own order: 2 … 11 pairs held whole", str([1] * 4 + [0] * 6), str(held))


@long
def learnt_pairs() -> Iterator[Finding]:
    """An LSTM with 32 units learns five pairs, either way; and twelve, of which the memory holds nothing."""
    for direction, seed in itertools.product(WAYS, SEEDS):
        overlap = _learnt(seed, direction=direction)
        yield above(f"{direction}, seed {seed}: LSTM on five pairs, held out", 0.97, overlap)
    for seed in SEEDS:
        task, batch, other = _recalled(WAYS[0], 12, 1 / 8, seed)
        learnt, summed, floor = _learnt(seed, pairs=12), _overlap(task, batch, other), task.baseline().value
        yield above(f"seed {seed}: LSTM on twelve pairs, where no memory gives {floor:.3f}", 0.9, learnt)
        yield below(f"seed {seed}: the bidirectional memory on twelve", 0.6, summed)


def _learnt(seed: int, **settings: Any) -> float:
    """The overlap of a trained LSTM on pictures it has not seen."""
    run = rc.train(rc.Experiment.of("lstm", "pattern_pairs", hidden_size=32, learning_rate=0.01, updates=UPDATES,
                                    seed=seed, **settings), quiet=True)
    batch = run.task.sample(COUNT, torch.Generator().manual_seed(100 + seed))
    return run.task.metric(run.network(batch.x).detach(), batch)


def _recalled(direction: str, pairs: int, noise: float, seed: int) -> tuple[Any, rc.Batch, Tensor]:
    """The task, its pictures, and the other half (b, 64) that the memory makes of each, begun at a random one."""
    task = _task(direction=direction, pairs=pairs, noise=noise)
    stream = torch.Generator().manual_seed(seed)
    batch = task.sample(COUNT, stream)
    cell = rc.make_cell("bam", 64, hidden_size=64)
    cell.store(task.asked, task.due)
    start = type(cell.initial_state(1))(torch.randint(0, 2, (COUNT, 64), generator=stream) * 2.0 - 1,
                                        batch.x.flatten(1))
    turns = torch.arange(40).repeat(COUNT, 1) % 2
    return task, batch, rc.unroll(cell, turns, start).final.y


def _held(z: Tensor, y: Tensor) -> Tensor:
    """(s,) whether every half of pairs z, y (s, p, 64) recalls its partner at once, and is recalled by it."""
    forwards, backwards = z @ z.transpose(1, 2) @ y, y @ y.transpose(1, 2) @ z
    return ((forwards.sign() == y) & (backwards.sign() == z)).all(-1).all(-1)


def _stands(z: Tensor, y: Tensor) -> bool:
    """The same, by a cell that stores the pairs (p, 64) and starts with the other half at its opposite."""
    cell = rc.make_cell("bam", 64, hidden_size=64)
    cell.store(z, y)
    kind = type(cell.initial_state(1))
    there = rc.unroll(cell, torch.zeros(len(z), 1, dtype=torch.long), kind(-y, z)).final.y
    back = rc.unroll(cell, torch.ones(len(z), 1, dtype=torch.long), kind(y, -z)).final.z
    return bool((there == y).all() and (back == z).all())


def _overlap(task: Any, batch: rc.Batch, picture: Tensor) -> float:
    """The task's metric for pictures (b, 64) given at the last row."""
    return task.metric(picture.unsqueeze(1).expand_as(batch.target), batch)


def _task(**settings: Any) -> Any:
    return rc.Experiment.of("lstm", "pattern_pairs", **settings).make_task()
