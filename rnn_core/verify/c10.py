"""C10, a stock price: nothing beats persistence, and the best linear guess gains nothing."""
from __future__ import annotations

from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, equal, near, quick


@quick
def persistence_is_one() -> Iterator[Finding]:
    """The metric of “as today” is 1 on both kinds of prices, and that of a perfect guess 0."""
    for prices in ("walk", "real"):
        task = rc.Experiment.of("elman", "stocks", prices=prices).make_task()
        batch = task.held_out(100, torch.Generator().manual_seed(0))
        yield equal(f"{prices}: baseline", 1.0, task.baseline().value)
        yield equal(f"{prices}: metric of saying today again", 1.0, task.metric(batch.x, batch))
        yield equal(f"{prices}: metric of knowing the future", 0.0, task.metric(batch.target, batch))


@quick
def the_best_linear_guess_gains_nothing() -> Iterator[Finding]:
    """Least squares on the last five changes, fitted on many walks, scored on others."""
    task = rc.Experiment.of("elman", "stocks").make_task()
    moves = []
    for seed in (0, 1):
        batch = task.sample(2000, torch.Generator().manual_seed(seed))
        moves.append((batch.target - batch.x)[..., 0].double())
    pairs = [m.unfold(1, 6, 1).flatten(0, 1) for m in moves]
    fitted = torch.linalg.lstsq(pairs[0][:, :5], pairs[0][:, 5:]).solution
    left = (pairs[1][:, 5:] - pairs[1][:, :5] @ fitted).pow(2).mean() / pairs[1][:, 5:].pow(2).mean()
    yield near("squared error beside that of persistence", 1.0, float(left), 0.005)
    yield near("largest weight that was found for a past change", 0.0, float(fitted.abs().max()), 0.02)
