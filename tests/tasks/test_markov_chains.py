"""Two chains: equal symbols, the enumerated chances, pieces cut fairly, and an answer that only order can give."""

from __future__ import annotations

import itertools

import pytest
import torch

from rnn_core.tasks.markov_chains import MarkovChains, MarkovChainsSettings, cut


def runs(symbols):
    """(b,) the number of runs of symbols (b, t)."""
    return (symbols[:, 1:] != symbols[:, :-1]).sum(1) + 1


@pytest.mark.parametrize("length", [4, 7, 50])
def test_every_sequence_has_the_same_symbols(generator, length):
    batch = MarkovChains(MarkovChainsSettings(length=length)).sample(300, generator)
    assert batch.x.shape == (300, length, 2)
    assert batch.x.sum(1).unique(dim=0).tolist() == [[length // 2, length - length // 2]]
    assert batch.counted.nonzero()[:, 1].tolist() == [length - 1] * 300


@pytest.mark.parametrize("length", [6, 7])
def test_sequences_are_as_likely_as_their_chain_makes_them(generator, length):
    task = MarkovChains(MarkovChainsSettings(length=length, stay=0.7))
    every = torch.tensor([s for s in itertools.product((0, 1), repeat=length) if s.count(0) == length // 2])
    batch = task.sample(30_000, generator)
    code = 2 ** torch.arange(length)
    seen = (batch.x.argmax(-1) * code).sum(1)
    for chain, p in enumerate((0.7, 0.3)):
        likely = p ** (length - runs(every)).double() * (1 - p) ** (runs(every) - 1).double()
        likely = likely / likely.sum()
        mine = seen[batch.target[:, -1] == chain]
        share = torch.stack([(mine == one).double().mean() for one in (every * code).sum(1)])
        assert float((share - likely).abs().sum()) < 0.06
        exact = torch.stack([likely[(runs(every) == r) & (every[:, 0] == first)].sum()
                             for first in (0, 1) for r in range(1, length + 1)])
        torch.testing.assert_close(task.chances[chain].flatten(), exact)


def test_the_best_answer_counts_the_runs(generator):
    task = MarkovChains()
    batch = task.sample(20_000, generator)
    ours = task.chances.sum(1).argmax(0)[runs(batch.x.argmax(-1)) - 1]
    assert float((ours == batch.target[:, -1]).float().mean()) == pytest.approx(task.optimal(), abs=0.006)
    assert 0.95 < task.optimal() < 1 and task.baseline().value == 0.5


def test_pieces(generator):
    pieces = cut(torch.tensor([5, 3, 4, 1]), torch.tensor([5, 1, 2, 1]), 5, generator)
    assert pieces[[0, 1, 3]].tolist() == [[1] * 5, [3, 0, 0, 0, 0], [1, 0, 0, 0, 0]]
    many = cut(torch.full((6000,), 4), torch.full((6000,), 2), 6, generator)
    assert many.sum(1).unique().tolist() == [4] and not many[:, 2:].any()
    assert [float((many[:, 0] == k).float().mean()) for k in (1, 2, 3)] == pytest.approx([1 / 3] * 3, abs=0.025)


def test_long_sequences_are_drawn_too(generator):
    task = MarkovChains(MarkovChainsSettings(length=1000, stay=0.95))
    assert task.sample(4, generator).x.sum(1).tolist() == [[500, 500]] * 4
    assert torch.isfinite(task.chances).all() and task.chances.sum((1, 2)).tolist() == pytest.approx([1, 1])
