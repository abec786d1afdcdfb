"""C8, does order matter: a bag of words is at chance exactly when sentences and shuffled sentences are told apart."""
from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from typing import Any

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, equal, long, near, quick

SEEDS, UPDATES = (0, 1, 2), 400
PART = "(the|a|every)( (old|small|happy|green|quiet|tall))* (dog|cat|child|teacher|bird|farmer|doctor|horse)"
SENTENCE = re.compile(f"{PART} (sees|likes|follows|hears|finds) {PART}( (today|often|gladly))?")


@quick
def read_by_hand() -> Iterator[Finding]:
    """The class of each line, by a regular expression."""
    task = rc.Experiment.of("lstm", "word_order").make_task()
    for draw in (task.sample, task.held_out):
        batch = draw(500, torch.Generator().manual_seed(0))
        stories = [task.story(batch, row) for row in range(500)]
        right = sum((SENTENCE.fullmatch(" ".join(s.inputs)) is not None) == (s.expected == "sentence") for s in stories)
        yield equal(f"{draw.__name__}: lines of the right class", 500, right)


@quick
def bags_are_at_chance() -> Iterator[Finding]:
    """Each of 2,000 sentences with its own words shuffled: in every bag as many lines are sentences as are not."""
    task, batch = _pairs()
    bags: dict[tuple[int, ...], list[int]] = {}
    for counts, kind in zip(batch.x.sum(1).int().tolist(), batch.target[:, 0].tolist(), strict=True):
        bags.setdefault(tuple(counts), []).append(kind)
    best = sum(max(kinds.count(0), kinds.count(1)) for kinds in bags.values())
    yield equal(f"{len(batch.x)} lines: right when the best class of every bag is known", 0.5, best / len(batch.x))
    yield equal("baseline", 0.5, task.baseline().value)
    coins = task.sample(20_000, torch.Generator().manual_seed(1)).target[:, 0].double()
    yield near("share of sentences among 20,000 lines", 0.5, float(coins.mean()), 0.012)


@long
def order_is_heard() -> Iterator[Finding]:
    """LSTM with 12 units against a bag with 32, on nouns never seen together and on sentences with their shuffles."""
    right: dict[str, list[float]] = {}
    _, pairs = _pairs()
    for architecture, options in (("lstm", {"hidden_size": 12}), ("bag_of_words", {"hidden_size": 32, "pool": "sum"})):
        for seed in SEEDS:
            run = rc.train(rc.Experiment.of(architecture, "word_order", learning_rate=0.02, updates=UPDATES, seed=seed,
                                            **options), quiet=True)
            unseen = run.task.held_out(2000, torch.Generator().manual_seed(seed))
            for name, batch in (("unseen", unseen), ("pairs", pairs)):
                y = run.network(batch.x, mask=batch.mask).detach()
                right.setdefault(f"{architecture}, {name}", []).append(run.task.metric(y, batch))
    told = f"{UPDATES} updates, three seeds"
    yield above(f"LSTM, {told}: nouns never seen together, best", 0.99, max(right["lstm, unseen"]))
    yield above(f"LSTM, {told}: nouns never seen together, median", 0.95, statistics.median(right["lstm, unseen"]))
    for seed, value in zip(SEEDS, right["bag_of_words, pairs"], strict=True):
        yield near(f"bag, {UPDATES} updates, seed {seed}: sentences with their shuffles", 0.5, value, 0.001)
    yield near(f"bag, {told}: nouns never seen together, median", 0.5, statistics.median(right["bag_of_words, unseen"]),
               0.05)


def _pairs() -> tuple[Any, rc.Batch]:
    """The task, and 2,000 sentences followed by the same with their words shuffled."""
    task, generator = rc.Experiment.of("lstm", "word_order").make_task(), torch.Generator().manual_seed(0)
    nouns = task.learnt[torch.randint(0, len(task.learnt), (2000,), generator=generator)]
    sentences = task.sentences(nouns, generator)
    return task, task.show(torch.cat([sentences, task.shuffled(sentences, generator)]))
