"""C23, context-sensitive languages: legal next letters of aⁿbⁿcⁿ by enumeration, and two counters that were learnt."""
from __future__ import annotations

import statistics
from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.c22 import differing
from rnn_core.verify.check import Finding, above, below, equal, long, quick

SEEDS, UPDATES, LARGEST, MOST = (0, 1, 2), 1000, 10, 40


@quick
def counted_by_enumeration() -> Iterator[Finding]:
    """What may follow a prefix is what follows it in some string of the language."""
    language = ["S" + "a" * n + "b" * n + "c" * n + "T" for n in range(1, 13)]
    task = rc.Experiment.of("elman", "counting", letters="abc", largest=10).make_task()
    batch = task.show(torch.arange(1, 11))
    yield equal("steps of n = 1 … 10 whose legal set is another", 0, differing(task, batch, language))
    yield equal("strings that the best guess by the last letter has right", 0.0, task.baseline().value)


@long
def how_far_two_counters_go() -> Iterator[Finding]:
    """aⁿbⁿcⁿ with n up to 10: the largest n up to which all prefixes are right, for as many weights; three seeds."""
    far: dict[str, list[int]] = {}
    for architecture, units in (("lstm", 4), ("elman", 9)):
        for seed in SEEDS:
            run = rc.train(rc.Experiment.of(architecture, "counting", letters="abc", largest=LARGEST, seed=seed,
                                            hidden_size=units, learning_rate=0.02, batch_size=16, updates=UPDATES),
                           quiet=True)
            far.setdefault(architecture, []).append(_reach(run))
    yield above(f"LSTM, H = 4, {UPDATES} updates: largest n, best of three seeds", 12, max(far["lstm"]))
    yield above(f"LSTM, H = 4, {UPDATES} updates: largest n, median", LARGEST, statistics.median(far["lstm"]))
    yield below(f"tanh net, H = 9, {UPDATES} updates: largest n, best of three seeds", LARGEST, max(far["elman"]))
    yield below(f"tanh net, H = 9, {UPDATES} updates: largest n, median", 5, statistics.median(far["elman"]))


@torch.no_grad()
def _reach(run: rc.Run) -> int:
    """The largest n up to which every string is right, each prefix's set written out here."""
    for n in range(1, MOST + 1):
        batch = run.task.show(torch.tensor([n]))
        legal = [{1}] + [{1, 2}] * n + [{2}] * (n - 1) + [{3}] * n + [{4}]
        said = [set(step.nonzero().flatten().tolist()) for step in run.network(batch.x)[0] > 0.5]
        if said != legal:
            return n - 1
    return MOST
