"""C25, long time lags: what can be had without memory is computed for every task, and an LSTM gets beyond it."""
from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Iterator
from typing import Any

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, near, quick

SEEDS = (0, 1, 2)


@quick
def adding() -> Iterator[Finding]:
    """Adding: the variance of a sum of two uniform numbers, by adding up a fine grid."""
    grid = (torch.arange(500, dtype=torch.float64) + 0.5) / 500
    sums = grid.unsqueeze(0) + grid.unsqueeze(1)
    floor = float((sums - sums.mean()).square().mean())
    yield near("variance of the sum, 250,000 pairs", 1 / 6, floor, 1e-5)
    yield near("baseline of the task, 20,000 sequences", floor, _task("adding").baseline().value, 0.005)


@quick
def recall() -> Iterator[Finding]:
    """Delayed recall: every symbol counted; the best fixed answer and the entropy of the symbols."""
    for symbols, lag in ((2, 7), (4, 20), (10, 50)):
        found = _task("delayed_recall", symbols=symbols, lag=lag).baseline()
        said = [sum(shown == guess for shown in range(symbols)) / symbols for guess in range(symbols)]
        yield equal(f"{symbols} symbols: best fixed answer is right in", max(said), found.value)
        yield near(f"{symbols} symbols, lag {lag}: loss a step", _entropy(symbols) / (lag + 1), found.loss, 1e-12)


@quick
def copying() -> Iterator[Finding]:
    """Copy memory: K ln S / (L + 2K), the published .1733 at L = 100, and every sequence of a small case counted."""
    found = _task("copy_memory", lag=100, letters=10, symbols=8).baseline()
    yield near("ten of eight letters, L = 100: loss a step", 0.1733, found.loss, 5e-5)
    yield near("the same by formula", 10 * math.log(8) / 120, found.loss, 1e-12)
    task = _task("copy_memory", lag=3, letters=2, symbols=3)
    batch = task.show(torch.tensor(list(itertools.product(range(3), repeat=2))))
    steps = [[row[t] for row in batch.target.tolist()] for t in range(7)]
    floor = sum(-steps[t].count(k) / 9 * math.log(steps[t].count(k) / 9) for t in range(7) for k in set(steps[t])) / 7
    yield near("two of three letters, L = 3, all nine sequences: loss a step", floor, task.baseline().loss, 1e-12)
    written = [row[-2:] == heard[:2] for row, heard in zip(batch.target.tolist(), batch.x.argmax(-1).tolist())]
    yield equal("sequences whose letters are due at the end, in order", 9, sum(written))


@quick
def order() -> Iterator[Finding]:
    """Temporal order: the class, read off each sequence by hand; all orders are equally common."""
    for signs in (2, 3):
        task = _task("temporal_order", signs=signs, length=30)
        batch = task.sample(4000, torch.Generator().manual_seed(signs))
        orders = ["".join("XY"[k] for k in row if k < 2) for row in batch.x.argmax(-1).tolist()]
        right = sum(task.words[k] == told for k, told in zip(batch.target[:, -1].tolist(), orders))
        yield equal(f"{signs} signs: classes that are the order of the signs", 4000, right)
        yield equal(f"{signs} signs: guessing", 1 / 2**signs, task.baseline().value)
        yield near(f"{signs} signs: share of the commonest order of 4,000", 1 / 2**signs,
                   max(orders.count(told) for told in set(orders)) / 4000, 0.025)


@quick
def latch() -> Iterator[Finding]:
    """Latching: the best reader, by integrating a Gaussian, and by reading 20,000 sequences."""
    for telling, spread in ((3, 0.5), (1, 1.0), (4, 2.0)):
        task = _task("latching", telling=telling, spread=spread, length=10)
        z = torch.linspace(-math.sqrt(telling) / spread, 12, 200_001, dtype=torch.float64)
        best = float(torch.trapezoid(torch.exp(-z.square() / 2), z)) / math.sqrt(2 * math.pi)
        yield near(f"K = {telling}, s = {spread}: Φ(√K / s), by trapezia", best, task.ceiling(), 1e-8)
        batch = task.sample(20_000, torch.Generator().manual_seed(0))
        said = batch.x[:, :telling, 0].sum(1) > 0
        yield near(f"K = {telling}, s = {spread}: the sign of the sum is right in", best,
                   float((said == (batch.target[:, -1] == 1)).double().mean()), 0.012)
    yield equal("tossing a coin", 0.5, _task("latching").baseline().value)


@quick
def a_wired_latch() -> Iterator[Finding]:
    """One unit wired by hand holds the bit for a thousand steps and is as good as its formula, with nothing learnt."""
    for telling, spread in ((1, 1.0), (3, 0.5), (10, 2.0)):
        spec = rc.Experiment.of("elman", "latching", "designed", hidden_size=1, telling=telling, spread=spread,
                                length=1000)
        run = rc.train(spec, quiet=True)
        batch = run.task.sample(4000, torch.Generator().manual_seed(1))
        h = rc.unroll(run.network.cells[0], batch.x).outputs.detach()[..., 0]
        z = (1 - 0.5**telling) * math.sqrt(0.75) / (0.5 * spread)
        words = f"K = {telling}, s = {spread}, T = 1000"
        yield near(f"{words}: right", (1 + math.erf(z / math.sqrt(2))) / 2,
                   run.task.metric(run.network(batch.x).detach(), batch), 0.02)
        yield equal(f"{words}: sequences of 4,000 in which the unit's sign is another at the end than at step 20", 0,
                    int((h[:, 19].sign() != h[:, -1].sign()).sum()))


@long
def order_over_a_hundred_steps() -> Iterator[Finding]:
    """Temporal order at T = 100: learnt by the LSTM, not by a tanh network with as many weights and updates."""
    right = {architecture: [_right(architecture, seed, "temporal_order", length=100, hidden_size=units,
                                   learning_rate=0.02, updates=800) for seed in SEEDS]
             for architecture, units in (("lstm", 8), ("elman", 18))}
    yield above("LSTM, 800 updates: right, best of three seeds", 0.99, max(right["lstm"]))
    yield above("LSTM, 800 updates: right, median", 0.95, statistics.median(right["lstm"]))
    yield below("tanh net, 800 updates: right, best of three seeds", 0.75, max(right["elman"]))
    yield below("tanh net, 800 updates: right, median", 0.4, statistics.median(right["elman"]))
    yield equal("guessing", 0.25, _task("temporal_order").baseline().value)


@long
def copying_over_a_lag() -> Iterator[Finding]:
    """Three of four letters copied over 20 steps, 1,500 updates, three seeds; as many weights in each network.

    An LSTM whose keep gate starts nearly open gets beyond guessing; so does a tanh network with R orthogonal at the
    start, even further; with R a quarter as large the same tanh network stays at the guess. It holds on seeds 11, 12
    and 13 too, where one of the three orthogonal ones stays at the guess, and one with R half as large leaves it.
    """
    kinds = {"LSTM, keep gate's bias 4, rate .01": ("lstm", {"hidden_size": 24, "forget_bias": 4,
                                                            "learning_rate": 0.01}),
             "tanh net, R orthogonal, rate .003": ("elman", {"hidden_size": 52, "learning_rate": 0.003}),
             "tanh net, R a quarter of that, rate .003": ("elman", {"hidden_size": 52, "gain": 0.25,
                                                                    "learning_rate": 0.003})}
    right = {name: [_right(architecture, seed, "copy_memory", lag=20, letters=3, symbols=4, updates=1500, **options)
                    for seed in SEEDS] for name, (architecture, options) in kinds.items()}
    opened, orthogonal, small = right
    for name, best, median in ((opened, 0.75, 0.6), (orthogonal, 0.9, 0.75)):
        yield above(f"{name}: letters right, best of three seeds", best, max(right[name]))
        yield above(f"{name}: letters right, median", median, statistics.median(right[name]))
    yield below(f"{small}: letters right, best of three seeds", 0.3, max(right[small]))
    yield equal("guessing", 0.25, _task("copy_memory", symbols=4).baseline().value)


@long
def latching_a_bit() -> Iterator[Finding]:
    """Latching at T = 60, K = 3, s = .5: an LSTM whose keep gate starts nearly open, against a coin."""
    right = [_right("lstm", seed, "latching", length=60, forget_bias=4, hidden_size=8, learning_rate=0.02, updates=400)
             for seed in SEEDS]
    yield above("LSTM, 400 updates: right, worst of three seeds", 0.97, min(right))
    yield above("LSTM, 400 updates: right, median", 0.985, statistics.median(right))
    yield equal("tossing a coin", 0.5, _task("latching").baseline().value)


def _right(architecture: str, seed: int, task: str, **settings: Any) -> float:
    """The metric of a trained network on 1,000 fresh sequences."""
    run = rc.train(rc.Experiment.of(architecture, task, seed=seed, **settings), quiet=True)
    batch = run.task.sample(1000, torch.Generator().manual_seed(100 + seed))
    return run.task.metric(run.network(batch.x).detach(), batch)


def _task(name: str, **settings: Any) -> Any:
    return rc.Experiment.of("lstm", name, **settings).make_task()


def _entropy(symbols: int) -> float:
    """Of equally likely symbols, in nats, term by term."""
    return -sum(1 / symbols * math.log(1 / symbols) for _ in range(symbols))
