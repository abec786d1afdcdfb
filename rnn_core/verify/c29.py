"""C29, four shapes: the same cell learns each, and its loss counts only where there is something to say."""
from __future__ import annotations

import math
import string
from collections.abc import Iterator
from typing import Any

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, near, quick

SEEDS, STEPS = (0, 1, 2), 8
UPDATES = dict.fromkeys(["one to one", "one to many", "many to one", "many to many"], 400) | {"many, then many": 2000}
#: For each shape, what a reader of T letters must say at each step, None where nothing.
SHAPES = {"one to one": lambda read: [_next(read[0])],
          "one to many": lambda read: [_next(read[0], k) for k in range(1, STEPS + 1)],
          "many to one": lambda read: [None] * (STEPS - 1) + [read[0]],
          "many to many": lambda read: [None, *read[:-1]],
          "many, then many": lambda read: [None] * (STEPS // 2) + read[:STEPS // 2]}


@quick
def said_by_hand() -> Iterator[Finding]:
    """What is due at each step of 300 sequences a shape, written out here."""
    for shape, rule in SHAPES.items():
        task = _task(shape)
        batch = task.sample(300, torch.Generator().manual_seed(0))
        right = 0
        for row in range(300):
            read = ["ABCDEF·"[k] for k in batch.x[row].argmax(-1).tolist()]
            due = [task.words[k] if counts else None
                   for k, counts in zip(batch.target[row].tolist(), batch.counted[row].tolist(), strict=True)]
            right += due == rule(read)
        yield equal(f"{shape}: sequences with the right answers", 300, right)
        yield near(f"{shape}: guessing one of six letters", math.log(6), task.baseline().loss, 1e-12)


@quick
def counted_where_said() -> Iterator[Finding]:
    """The same cell in every shape: its outputs feel the loss only at steps at which there is something to say."""
    for shape, rule in SHAPES.items():
        spec = _spec(shape)
        network, batch = spec.make_network(), spec.make_task().sample(4, torch.Generator().manual_seed(0))
        y = network(batch.x)
        felt, = torch.autograd.grad(spec.make_task().loss(y, batch), [y])
        due = [said is not None for said in rule(["A"] * STEPS)]
        yield equal(f"{shape}: steps that are felt", str(due), str((felt != 0).any(-1).any(0).tolist()))
        yield equal(f"{shape}: weights of the network", 4 * 16 * (7 + 16 + 1) + 6 * (16 + 1), network.parameter_count)


@long
def same_cell_learns_each() -> Iterator[Finding]:
    """LSTM with 16 units in every shape, six letters, eight steps; three seeds."""
    for shape in SHAPES:
        right, left = [], []
        for seed in SEEDS:
            run = rc.train(_spec(shape, seed), quiet=True)
            batch = run.task.sample(1000, torch.Generator().manual_seed(100 + seed))
            y = run.network(batch.x).detach()
            right.append(run.task.metric(y, batch))
            left.append(float(run.task.loss(y, batch)))
        words = f"{shape}, {UPDATES[shape]} updates"
        yield above(f"{words}: right, worst of three seeds", 0.99, min(right))
        yield below(f"{words}: loss, worst of three seeds; guessing is at {math.log(6):.2f}", 0.1, max(left))


def _spec(shape: str, seed: int = 0) -> rc.Experiment:
    return rc.Experiment.of("lstm", "four_shapes", shape=shape, length=STEPS, symbols=6, hidden_size=16,
                            learning_rate=0.02, updates=UPDATES[shape], seed=seed)


def _task(shape: str) -> Any:
    return _spec(shape).make_task()


def _next(letter: str, by: int = 1) -> str:
    return string.ascii_uppercase[(string.ascii_uppercase.index(letter) + by) % 6]
