"""C2, the seventh letter of seven: all words to learn from are completed, against the commonest last letter."""
from __future__ import annotations

import math
import statistics
import string
from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, equal, long, near, quick

SEEDS, UPDATES = (0, 1, 2), 1000


@quick
def words() -> Iterator[Finding]:
    """Words of seven letters, told apart by their first six; none is both learnt and held out."""
    task = rc.Experiment.of("lstm", "seventh_letter").make_task()
    learnt, held = _words(task.sample), _words(task.held_out)
    yield above("different words", 60, len(learnt | held))
    yield equal("words of another length", 0, sum(len(word) != 7 for word in learnt | held))
    yield equal("words both learnt and held out", 0, len(learnt & held))
    yield equal("words with the same six letters in front", 0,
                len(learnt | held) - len({word[:6] for word in learnt | held}))


@quick
def floor_by_brute_force() -> Iterator[Finding]:
    """The commonest last letter of the words to learn from, counted here and tried on those held out."""
    for every in (False, True):
        task = rc.Experiment.of("lstm", "seventh_letter", every_letter=every).make_task()
        learnt, held = _words(task.sample), _words(task.held_out)
        counts = [Counter(word[k] for word in learnt) for k in range(7)]
        last = counts[6].most_common(1)[0][0]
        costs = [-math.log((counts[k][word[k]] + 1) / (len(learnt) + 26)) for word in held
                 for k in (range(1, 7) if every else (6,))]
        name = "all letters asked for" if every else "the seventh asked for"
        found = task.baseline()
        right = sum(word[6] == last for word in held) / len(held)
        yield near(f"{name}: always “{last}” is right in", right, found.value, 1e-9)
        yield near(f"{name}: loss of guessing by counts", sum(costs) / len(costs), found.loss, 1e-9)


@long
def completes_its_words() -> Iterator[Finding]:
    """LSTM with 32 units, six letters in and one out; the words to learn from and those held out; three seeds."""
    known, new, task = [], [], None
    for seed in SEEDS:
        run = rc.train(rc.Experiment.of("lstm", "seventh_letter", hidden_size=32, learning_rate=0.01, updates=UPDATES,
                                        seed=seed), quiet=True)
        task = run.task
        for scores, draw in ((known, task.sample), (new, task.held_out)):
            batch = draw(4000, torch.Generator().manual_seed(0))
            scores.append(task.metric(run.network(batch.x).detach(), batch))
    floor = task.baseline().value
    yield above(f"LSTM, {UPDATES} updates: words to learn from completed, best of three seeds", 1.0, max(known))
    yield above(f"LSTM, {UPDATES} updates: words to learn from completed, median", 0.995, statistics.median(known))
    yield above(f"LSTM, {UPDATES} updates: words never seen, median", 2 * floor, statistics.median(new))


def _words(draw: Any) -> set[str]:
    """All words that one draws, read off 4,000 of them."""
    batch = draw(4000, torch.Generator().manual_seed(0))
    letters = torch.cat([batch.x.argmax(-1), batch.target[:, -1:]], 1)
    return {"".join(string.ascii_lowercase[k] for k in word) for word in letters.tolist()}
