"""C24, precise timing: answers at exactly the right step, for pairs of spikes never trained on, against a guess."""
from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, equal, long, near, quick

SEEDS, UPDATES = (0, 1, 2), 800


@quick
def due_by_hand() -> Iterator[Finding]:
    """The step of the answer, read off the spikes by hand; the pairs to learn from and those held out are apart."""
    for lag in (5, 10, 30):
        task = rc.Experiment.of("lstm", "timing", lag=lag).make_task()
        seen = []
        for draw in (task.sample, task.held_out):
            batch = draw(500, torch.Generator().manual_seed(lag))
            spikes = [[t for t, v in enumerate(row) if v == 1] for row in batch.x[..., 0].tolist()]
            due = [[t for t, v in enumerate(row) if v == 1] for row in batch.target.tolist()]
            yield equal(f"L = {lag}, {draw.__name__}: sequences with the answer at t₁ + 2D", 500,
                        sum(d == [b + (b - a)] for (a, b), d in zip(spikes, due, strict=True)))
            seen.append({tuple(s) for s in spikes})
        yield equal(f"L = {lag}: pairs both learnt and held out", 0, len(seen[0] & seen[1]))


@quick
def floor_by_brute_force() -> Iterator[Finding]:
    """The best fixed step, and the loss of knowing how often each step is due, by counting every held-out pair."""
    for lag in (5, 10, 30):
        due = Counter(a + 2 * d for a in range(lag) for d in range(1, lag + 1) if (a + d) % 5 == 0)
        many = sum(due.values())
        shares = [due[t] / many for t in range(3 * lag)]
        loss = -sum(q * math.log(q) for p in shares for q in (p, 1 - p) if q) / len(shares)
        found = rc.Experiment.of("lstm", "timing", lag=lag).make_task().baseline()
        yield near(f"L = {lag}: best fixed step is right in", max(shares), found.value, 1e-12)
        yield near(f"L = {lag}: its loss", loss, found.loss, 1e-12)


@quick
def one_step_off_is_wrong() -> Iterator[Finding]:
    """A net that answers at the right step scores 1, one that answers a step too early or too late scores 0."""
    task = rc.Experiment.of("lstm", "timing").make_task()
    batch = task.held_out(200, torch.Generator().manual_seed(0))
    said = torch.stack([1 - batch.target, batch.target], -1).float()
    for off, expected in ((0, 1.0), (1, 0.0), (-1, 0.0)):
        yield equal(f"answers {off:+d} steps off", expected, task.metric(said.roll(off, 1), batch))


@long
def learns_to_time() -> Iterator[Finding]:
    """LSTM with 16 units, distances up to ten steps; held-out pairs of spikes; three seeds."""
    right, task = [], None
    for seed in SEEDS:
        run = rc.train(rc.Experiment.of("lstm", "timing", hidden_size=16, learning_rate=0.01, updates=UPDATES,
                                        seed=seed), quiet=True)
        task = run.task
        batch = task.held_out(1000, torch.Generator().manual_seed(100 + seed))
        right.append(task.metric(run.network(batch.x).detach(), batch))
    yield above(f"LSTM, {UPDATES} updates: share at exactly the right step, best of three seeds", 0.98, max(right))
    yield above(f"LSTM, {UPDATES} updates: share at exactly the right step, median", 0.9, statistics.median(right))
    yield near("the best fixed step is right in", 0.05, task.baseline().value, 0.001)
