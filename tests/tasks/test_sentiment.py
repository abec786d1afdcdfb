"""Sentiment: every "not" turns its part around, exchanging the parts turns the class, and pairs are held out."""

from __future__ import annotations

import itertools
from collections import defaultdict

import pytest
import torch

from rnn_core.tasks.sentiment import KIND, UNKIND, VOCABULARY, Sentiment, SentimentSettings


def read(words: list[str]) -> int:
    """The sign of an opinion, read by hand."""
    sign = 1 if words[-1] in KIND else -1
    for word in words[:-1]:
        sign = {"not": -sign, "very": sign}[word]
    return sign


@pytest.mark.parametrize("depth", [0, 1, 4])
@pytest.mark.parametrize("draw", ["sample", "held_out"])
def test_the_second_part_counts(generator, depth, draw):
    task = Sentiment(SentimentSettings(depth=depth))
    batch = getattr(task, draw)(200, generator)
    for row in range(200):
        told = task.story(batch, row)
        cut = told.inputs.index("but")
        first, second = told.inputs[:cut], told.inputs[cut + 1 :]
        assert read(first) == -read(second) and told.expected == ("kind" if read(second) > 0 else "unkind")
        assert max(len(first), len(second)) <= depth + 1
        a, b = ((KIND + UNKIND).index(part[-1]) % 8 for part in (first, second))
        assert ((a + b) % 4 == 0) == (draw == "held_out")
        assert batch.counted[row].nonzero().flatten().tolist() == [len(told.inputs) - 1]


def test_a_bag_is_at_chance_by_brute_force():
    """Every sentence of depth 2 with two words of each list: in every bag as many are kind as unkind."""
    task = Sentiment(SentimentSettings(depth=2))
    rows = [
        (many, (left, right), kind, places)
        for many in itertools.product(range(3), repeat=2)
        for left in itertools.product((0, 1), repeat=2)
        for right in itertools.product((0, 1), repeat=2)
        if not any(left[many[0] :]) and not any(right[many[1] :])
        for kind in (0, 1)
        for places in itertools.product((1, 2), repeat=2)
    ]
    batch = task.show(*(torch.tensor(column) for column in zip(*rows)))
    bags, sentences = defaultdict(list), set()
    for row in range(len(rows)):
        words = [VOCABULARY[k] for k in batch.x[row, batch.mask[row]].argmax(-1)]
        sentences.add(tuple(words))
        bags[tuple(sorted(words))].append(int(batch.target[row, 0]))
    assert len(sentences) == len(rows) == 7 * 7 * 2 * 4
    assert all(2 * sum(kinds) == len(kinds) for kinds in bags.values())
    assert task.baseline().value == 0.5


def test_depth_grows():
    assert [s.depth for s in Sentiment().further().values()] == [6, 30]
