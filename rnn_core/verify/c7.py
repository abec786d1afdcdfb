"""C7, sentiment with negation: a bag of words is at chance exactly, a recurrent network is not."""
from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator
from typing import Any

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, equal, long, near, quick

SEEDS, UPDATES, DEPTH = (0, 1, 2), 600, 2
KIND = {"good", "lovely", "funny", "clever", "warm", "fresh", "brave", "gentle"}


@quick
def read_by_hand() -> Iterator[Finding]:
    """The class of each sentence, by turning the sign of its second part once for every "not"."""
    task = rc.Experiment.of("lstm", "sentiment").make_task()
    for draw in (task.sample, task.held_out):
        batch, right = draw(500, torch.Generator().manual_seed(0)), 0
        for row in range(500):
            told = task.story(batch, row)
            second = told.inputs[told.inputs.index("but") + 1:]
            sign = (1 if second[-1] in KIND else -1) * (-1) ** second.count("not")
            right += told.expected == ("kind" if sign > 0 else "unkind")
        yield equal(f"{draw.__name__}: sentences of the right class", 500, right)


@quick
def bags_are_at_chance() -> Iterator[Finding]:
    """All sentences of depth 2 with any pair of words: in every bag as many are kind as are unkind."""
    task, batch = _everything()
    bags: dict[tuple[int, ...], list[int]] = {}
    for counts, kind in zip(batch.x.sum(1).int().tolist(), batch.target[:, 0].tolist(), strict=True):
        bags.setdefault(tuple(counts), []).append(kind)
    best = sum(max(kinds.count(0), kinds.count(1)) for kinds in bags.values())
    yield equal(f"{len(batch.x)} sentences, {len(bags)} bags: right when the best class of every bag is known", 0.5,
                best / len(batch.x))
    yield equal("baseline", 0.5, task.baseline().value)


@long
def order_is_needed() -> Iterator[Finding]:
    """LSTM with 12 units against a bag with 32, on pairs of words never trained on and on every sentence."""
    right: dict[str, list[float]] = {}
    _, everything = _everything()
    for architecture, options in (("lstm", {"hidden_size": 12}), ("bag_of_words", {"hidden_size": 32, "pool": "sum"})):
        for seed in SEEDS:
            run = rc.train(rc.Experiment.of(architecture, "sentiment", learning_rate=0.02, updates=UPDATES, seed=seed,
                                            **options), quiet=True)
            unseen = run.task.held_out(2000, torch.Generator().manual_seed(seed))
            for name, batch in (("unseen", unseen), ("all", everything)):
                y = run.network(batch.x, mask=batch.mask).detach()
                right.setdefault(f"{architecture}, {name}", []).append(run.task.metric(y, batch))
    told = f"{UPDATES} updates, three seeds"
    yield above(f"LSTM, {told}: words never paired before, best", 0.99, max(right["lstm, unseen"]))
    yield above(f"LSTM, {told}: words never paired before, median", 0.95, statistics.median(right["lstm, unseen"]))
    for seed, value in zip(SEEDS, right["bag_of_words, all"], strict=True):
        yield near(f"bag, {UPDATES} updates, seed {seed}: every sentence of depth {DEPTH}", 0.5, value, 0.001)
    yield near(f"bag, {told}: words never paired before, median", 0.5, statistics.median(right["bag_of_words, unseen"]),
               0.05)


def _everything() -> tuple[Any, rc.Batch]:
    """The task at depth 2, and each of its sentences once, with every pair of words."""
    task = rc.Experiment.of("lstm", "sentiment", depth=DEPTH).make_task()
    parts = [(many, bits) for many in range(DEPTH + 1) for bits in itertools.product((0, 1), repeat=DEPTH)
             if not any(bits[many:])]
    rows = [((m, n), (left, right), kind, places) for (m, left), (n, right) in itertools.product(parts, repeat=2)
            for kind in (0, 1) for places in itertools.product(range(8), repeat=2)]
    return task, task.show(*(torch.tensor(column) for column in zip(*rows)))
