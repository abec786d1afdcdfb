"""C10, a stock price: nothing beats persistence, and the best linear guess gains nothing."""
from __future__ import annotations

from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, near, quick

SEEDS, UPDATES = (3, 4, 5), 600


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


@long
def a_trained_net_learns_to_say_today() -> Iterator[Finding]:
    """Trained nets come down to persistence from far above it, and not below it; seeds on which nothing was chosen."""
    for name in ("elman", "lstm"):
        for prices in ("walk", "real"):
            fresh, left = [], []
            for seed in SEEDS:
                spec = rc.Experiment.of(name, "stocks", prices=prices, hidden_size=16, learning_rate=0.003,
                                        updates=UPDATES, seed=seed)
                run = rc.train(spec, quiet=True)
                fresh.append(run.task.metric(run.at(0)(run.held_out.x).detach(), run.held_out))
                left.append(run.task.metric(run.network(run.held_out.x).detach(), run.held_out))
            words = f"{name}, {prices}, {UPDATES} updates: squared error beside that of persistence"
            yield above(f"{name}, {prices}, before training, smallest of three seeds", 2.0, min(fresh))
            yield above(f"{words}, best of three seeds", 0.98, min(left))
            yield below(f"{words}, median of three seeds", 1.3, sorted(left)[1])
