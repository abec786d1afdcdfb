"""A generation of 200 networks, scored, bred and sorted, beside 200 forward passes one by one."""

from __future__ import annotations

from collections.abc import Callable

import torch

import rnn_core as rc
from benchmarks._measure import ratio, report

MANY, LIMIT = 200, 1 / 8
TASKS = {"temporal_xor": {"length": 60}, "delayed_recall": {}}
CASES = [(a, t, h) for a in ("elman", "gru", "lstm") for t in TASKS for h in (4, 8, 16)]


def generation(run: rc.Run) -> Callable[[], None]:
    """One update of the genetic algorithm, past its first."""
    for _ in range(2):
        list(run.learner.update())
    return lambda: list(run.learner.update())


def one_by_one(run: rc.Run) -> Callable[[], None]:
    """The same networks read the same sequences, each with its fastest forward pass and no loss."""
    batch, rows = run.learner.sequences(), run.learner.rows

    @torch.no_grad()
    def work() -> None:
        for row in run.learner.population:
            rows.settle(row, run.network)
            run.network(batch.x, mask=batch.mask)

    return work


def main() -> None:
    """Print the ratio for each architecture, task and size."""
    torch.set_num_threads(1)
    for architecture, task, h in CASES:
        spec = rc.Experiment.of(architecture, task, "genetic", hidden_size=h, population=MANY, batch_size=8,
                                updates=1_000_000, **TASKS[task])
        run = rc.Run(spec)
        got = ratio(generation(run), one_by_one(run), pairs=7, warm=1)
        report(f"a generation of {MANY} ÷ {MANY} forward passes one by one ({architecture}, {task}, H={h}, B=8)",
               f"≤ {LIMIT:g}", got["measured"] <= LIMIT, **got)


if __name__ == "__main__":
    main()
