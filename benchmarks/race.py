"""Eight seeds of one architecture trained together, beside the same eight runs one after the other."""

from __future__ import annotations

from collections.abc import Callable

import torch

import rnn_core as rc
from benchmarks._measure import ratio, report
from rnn_core.fleet import Fleet

SEEDS, T, B, H, UPDATES = 8, 50, 32, 32, 3
LIMITS = {"elman": 0.5, "jordan": 0.5, "gru": 0.5, "lstm": 1.1}


def specs(name: str) -> list[rc.Experiment]:
    """The eight experiments."""
    return [rc.Experiment.of(name, "adding", hidden_size=H, length=T, batch_size=B, updates=1_000_000, seed=seed)
            for seed in range(SEEDS)]


def together(fleet: Fleet) -> Callable[[], None]:
    """A few updates of all models of a fleet."""
    def work() -> None:
        for _ in range(UPDATES):
            for _ in fleet.advance():
                pass
    return work


def apart(name: str) -> Callable[[], None]:
    """A few updates of eight runs, each as a run of its own does them, in turn."""
    runs = [rc.Run(spec) for spec in specs(name)]

    def work() -> None:
        for run in runs:
            for _ in range(UPDATES):
                for _ in run.learner.update():
                    pass
    return work


def main() -> None:
    """Print every figure."""
    torch.set_num_threads(1)
    for name, limit in LIMITS.items():
        fleet = Fleet(specs(name))
        got = ratio(together(fleet), apart(name))
        report(f"race, {SEEDS} seeds of {name}, {fleet.road} ÷ run by run (T={T}, B={B}, H={H}, {UPDATES} updates)",
               f"≤ {limit}", got["measured"] <= limit, **got)


if __name__ == "__main__":
    main()
