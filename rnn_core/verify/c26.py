"""C26, slow and fast together: the curve is what it says, and its baseline is what persistence really costs."""
from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, near, quick

SEEDS, RATES, UPDATES = (0, 1, 2), (0.005, 0.01), 100


@quick
def holds_each_wave_equally() -> Iterator[Finding]:
    """Sines and cosines of the four periods, fitted to a thousand steps, leave nothing, and each has a power of ½."""
    periods = [8 * 20**(k / 3) for k in range(4)]
    task = rc.Experiment.of("elman", "sum_of_sines", length=1000).make_task()
    curves = task.sample(400, torch.Generator().manual_seed(0)).x[..., 0].double()
    t = torch.arange(1000, dtype=torch.float64)
    basis = torch.stack([f(2 * math.pi * t / p) for p in periods for f in (torch.sin, torch.cos)], 1)
    weights = torch.linalg.lstsq(basis, curves.T).solution
    yield below("what four sines and cosines leave of the curves", 1e-5,
                float((curves.T - basis @ weights).abs().max()))
    for k, period in enumerate(periods):
        power = weights[2 * k:2 * k + 2].pow(2).sum(0)
        yield near(f"power of the wave of {period:.1f} steps, in every sequence", 0.5, float(power.mean()), 1e-4)


@quick
def persistence() -> Iterator[Finding]:
    """The baseline, in closed form, is the error of saying the value of now again, measured."""
    for ahead in (1, 5, 20):
        task = rc.Experiment.of("elman", "sum_of_sines", ahead=ahead).make_task()
        batch = task.sample(4000, torch.Generator().manual_seed(1))
        closed = sum(1 - math.cos(2 * math.pi * ahead / (8 * 20**(k / 3))) for k in range(4)) / 2
        yield near(f"{ahead} ahead: by the formula", closed, task.baseline().value, 1e-6)
        yield near(f"{ahead} ahead: measured", closed, task.metric(batch.x, batch), 0.03 * closed)


@long
def clocks_help() -> Iterator[Finding]:
    """Twenty steps ahead: an upper level that moves at every eighth step, against one level with as many weights.

    Three seeds and two learning rates for both; the better rate of each seed counts.
    """
    left, size, task = {}, {}, None
    for wiring, more in (("clocked", {"hidden_size": 16, "layers": 2, "period": 8}), ("single", {"hidden_size": 28})):
        for seed in SEEDS:
            scores = []
            for rate in RATES:
                spec = rc.Experiment.of("elman", "sum_of_sines", wiring=wiring, ahead=20, length=100, batch_size=16,
                                        learning_rate=rate, updates=UPDATES, seed=seed, **more)
                run = rc.train(spec, quiet=True)
                task, size[wiring] = run.task, run.network.parameter_count
                batch = task.sample(500, torch.Generator().manual_seed(100 + seed))
                scores.append(task.metric(run.network(batch.x).detach(), batch))
            left.setdefault(wiring, []).append(min(scores))
    yield equal("weights with clocks and without, readout included", "849 and 869",
                f"{size['clocked']} and {size['single']}")
    yield above("persistence", 1.9, task.baseline().value)
    yield below(f"with clocks, {UPDATES} updates: squared error, best of three seeds", 0.3, min(left["clocked"]))
    yield below(f"with clocks, {UPDATES} updates: squared error, median", 0.31, statistics.median(left["clocked"]))
    yield above(f"without clocks, {UPDATES} updates: squared error, best of three seeds", 0.33, min(left["single"]))
    yield above(f"without clocks, {UPDATES} updates: squared error, median", 0.34, statistics.median(left["single"]))
