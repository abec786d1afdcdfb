"""C22, context-free languages: legal next symbols by enumerating strings, and how far a count that was learnt goes."""
from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, quick

SEEDS, UPDATES, LARGEST, MOST = (0, 1, 2), 1000, 10, 60


@quick
def counted_by_enumeration() -> Iterator[Finding]:
    """aⁿbⁿ: what may follow a prefix is what follows it in some string of the language."""
    language = ["S" + "a" * n + "b" * n + "T" for n in range(1, 16)]
    task = _task("counting", letters="ab", largest=12)
    batch = task.show(torch.arange(1, 13))
    yield equal("steps of n = 1 … 12 whose legal set is another", 0, differing(task, batch, language))
    yield equal("strings that the best guess by the last letter has right", 0.0, task.baseline().value)


@quick
def brackets_by_enumeration() -> Iterator[Finding]:
    """Dyck words: what may follow a prefix is what follows it in some word of up to 7, or 5, pairs."""
    for brackets, pairs in (("one", 7), ("two", 5)):
        words = _words(brackets, pairs)
        task = _task("dyck", brackets=brackets, depth=3)
        batch = task.sample(400, torch.Generator().manual_seed(0))
        short = batch.rows(batch.mask.sum(1) <= pairs + 1)
        language = ["S" + word + "T" for word in words]
        yield above(f"{brackets}: strings that are looked at", 20, len(short.x))
        yield equal(f"{brackets}: steps whose legal set is another, by {len(words):,} words", 0,
                    differing(task, short, language))


@long
def how_far_a_count_goes() -> Iterator[Finding]:
    """aⁿbⁿ with n up to 10: the largest n up to which all prefixes are right, for as many weights; three seeds."""
    far = {}
    for architecture, units in (("lstm", 4), ("elman", 9)):
        for seed in SEEDS:
            run = rc.train(rc.Experiment.of(architecture, "counting", letters="ab", largest=LARGEST, hidden_size=units,
                                            learning_rate=0.02, batch_size=16, updates=UPDATES, seed=seed), quiet=True)
            far.setdefault(architecture, []).append(_reach(run))
    yield above(f"LSTM, H = 4, {UPDATES} updates: largest n, best of three seeds", 2 * LARGEST, max(far["lstm"]))
    yield above(f"LSTM, H = 4, {UPDATES} updates: largest n, median", 2 * LARGEST, statistics.median(far["lstm"]))
    yield below(f"tanh net, H = 9, {UPDATES} updates: largest n, best of three seeds", 2 * LARGEST, max(far["elman"]))


@torch.no_grad()
def _reach(run: rc.Run) -> int:
    """The largest n up to which every string is right, each prefix's set written out here."""
    for n in range(1, MOST + 1):
        batch = run.task.show(torch.tensor([n]))
        legal = [{1}] + [{1, 2}] * n + [{2}] * (n - 1) + [{3}]
        said = [set(step.nonzero().flatten().tolist()) for step in run.network(batch.x)[0] > 0.5]
        if said != legal:
            return n - 1
    return MOST


def differing(task: object, batch: rc.Batch, language: Iterable[str]) -> int:
    """Steps of a batch whose legal set is not what some string of the language goes on with."""
    follows: dict[str, set[str]] = {}
    for word in language:
        for t in range(1, len(word)):
            follows.setdefault(word[:t], set()).add(word[t])
    wrong = 0
    for row in range(len(batch.x)):
        told = task.story(batch, row)
        for t, legal in enumerate(told.targets):
            wrong += set(legal) != follows["".join(told.inputs[:t + 1])]
    return wrong


def _words(brackets: str, pairs: int) -> list[str]:
    """Every Dyck word of up to so many pairs, kept if taking out inner pairs until none is left leaves nothing."""
    kinds, words = ["()", "[]"][:1 if brackets == "one" else 2], {""}
    layers = [{""}]
    for _ in range(pairs):
        layers.append({f"{k[0]}{a}{k[1]}{b}" for k in kinds for i in range(len(layers))
                       for a in layers[i] for b in layers[len(layers) - 1 - i]})
    return sorted(words.union(*layers))


def _task(name: str, **settings: object) -> object:
    return rc.Experiment.of("elman", name, **settings).make_task()
