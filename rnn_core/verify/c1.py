"""C1, classifying a sequence: two chains that differ in nothing but order, the best answer enumerated, and a bag."""
from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, near, quick

SEEDS, UPDATES = (0, 1, 2), 300


@quick
def the_best_answer() -> Iterator[Finding]:
    """Every sequence of both chains, its probability multiplied up step by step: what can be known at the end."""
    for length, p in ((8, 0.65), (11, 0.8), (12, 0.55)):
        task = rc.Experiment.of("elman", "markov_chains", length=length, stay=p).make_task()
        likely: list[dict[tuple[int, ...], float]] = []
        for stay in (p, 1 - p):
            table = {}
            for one in itertools.product((0, 1), repeat=length):
                if one.count(0) == length // 2:
                    table[one] = 0.5
                    for before, now in itertools.pairwise(one):
                        table[one] *= stay if before == now else 1 - stay
            total = sum(table.values())
            likely.append({one: value / total for one, value in table.items()})
        best = sum(max(likely[0][one], likely[1][one]) for one in likely[0]) / 2
        yield near(f"T = {length}, p = {p}: the best answer is right", best, task.optimal(), 1e-12)
        batch = task.sample(20_000, torch.Generator().manual_seed(0))
        seen = [tuple(one) for one in batch.x.argmax(-1).tolist()]
        yield equal(f"T = {length}, p = {p}: drawn sequences with other symbols", 0,
                    sum(one not in likely[0] for one in seen))
        guesses = [int(likely[1][one] > likely[0][one]) for one in seen]
        right = (torch.tensor(guesses) == batch.target[:, -1]).double().mean()
        yield near(f"T = {length}, p = {p}: the best answer on 20,000 drawn sequences", best, float(right), 0.01)


@quick
def a_bag_hears_nothing() -> Iterator[Finding]:
    """A bag of symbols has the same answer for every sequence at the end, whatever its weights."""
    task = rc.Experiment.of("elman", "markov_chains").make_task()
    batch = task.sample(500, torch.Generator().manual_seed(0))
    for pool in ("mean", "sum"):
        cell = rc.make_cell("bag_of_words", 2, hidden_size=8, pool=pool).double()
        with torch.no_grad():
            cell.W.copy_(torch.randint(-64, 65, cell.W.shape) / 64)
        last = rc.unroll(cell, batch.x.double()).outputs[:, -1]
        yield equal(f"{pool}: different answers to 500 sequences", 1, len(last.unique(dim=0)))


@long
def order_is_learnt() -> Iterator[Finding]:
    """An LSTM and a pooled convolution come close to the best answer, the bag of symbols guesses; three seeds."""
    scores: dict[str, list[float]] = {}
    for name, settings in (("lstm", {}), ("pooled_cnn", {"pool": "mean"}), ("bag_of_words", {})):
        for seed in SEEDS:
            spec = rc.Experiment.of(name, "markov_chains", hidden_size=16, learning_rate=0.02, updates=UPDATES,
                                    seed=seed, **settings)
            run = rc.train(spec, quiet=True)
            batch = run.task.sample(4000, torch.Generator().manual_seed(100 + seed))
            said = run.network(batch.x)[:, -1].argmax(-1)
            scores.setdefault(name, []).append(float((said == batch.target[:, -1]).double().mean()))
    best = run.task.optimal()
    yield below(f"LSTM, {UPDATES} updates: accuracy, no better than the best answer give or take 0.006", best + 0.006,
                max(scores["lstm"]))
    yield above(f"LSTM, {UPDATES} updates: accuracy, best of three seeds", best - 0.01, max(scores["lstm"]))
    yield above(f"LSTM, {UPDATES} updates: accuracy, median", 0.95, statistics.median(scores["lstm"]))
    yield above(f"filters of three steps and their mean, {UPDATES} updates: accuracy, median", 0.95,
                statistics.median(scores["pooled_cnn"]))
    yield near(f"bag of symbols, {UPDATES} updates: accuracy, best of three seeds", run.task.baseline().value,
               max(scores["bag_of_words"]), 0.02)
