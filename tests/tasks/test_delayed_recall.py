"""Delayed recall: what is shown, when it is asked, and what guessing earns."""

from __future__ import annotations

import math

import pytest
import torch

from rnn_core.tasks.delayed_recall import DelayedRecall, DelayedRecallSettings


def make(**settings) -> DelayedRecall:
    """The task with some settings."""
    return DelayedRecall(DelayedRecallSettings(**settings))


def test_one_sequence_by_hand():
    batch = make(symbols=3, lag=3).show(torch.tensor([1]), torch.tensor([3]))
    assert batch.x[0].tolist() == [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]
    assert batch.target[0].tolist() == [3, 3, 3, 1]
    assert batch.mask is None and batch.scored is None


def test_the_shortest_lag_by_hand():
    batch = make(symbols=2, lag=1).show(torch.tensor([0]), torch.tensor([1]))
    assert batch.x[0].tolist() == [[1, 0, 0], [0, 0, 1]] and batch.target[0].tolist() == [2, 0]


def test_ragged_lags_cover_their_range(generator):
    task = make(lag=8, ragged=True)
    batch = task.sample(400, generator)
    lengths = batch.mask.sum(1)
    assert set(lengths.tolist()) == {lag + 1 for lag in task.lags} == {5, 6, 7, 8, 9}
    assert torch.equal(task.asked(batch).int().argmax(1), lengths - 1)
    assert batch.x[~batch.mask].abs().sum() == 0


def test_before_the_question_the_target_says_nothing_of_the_symbol(generator):
    task = make(symbols=2, lag=6)
    batch = task.sample(50, generator)
    said = task.teacher(batch)
    assert (batch.target[:, :-1] == task.blank).all()
    assert torch.equal(said[:, :-1], said[:1, :-1].expand(50, -1, -1))
    assert set(batch.target[:, -1].tolist()) == {0, 1}


@pytest.mark.parametrize("symbols", [2, 5, 10])
def test_baseline_by_trying_every_guess(symbols):
    task = make(symbols=symbols, lag=4)
    batch = task.show(torch.arange(symbols), torch.full((symbols,), 4))
    scores = []
    for guess in range(symbols + 1):
        y = torch.zeros(symbols, 5, symbols + 1)
        y[..., guess] = 1
        scores.append(task.metric(y, batch))
    assert max(scores) == pytest.approx(task.baseline().value) == pytest.approx(1 / symbols)


def test_the_baselines_loss_is_that_of_the_best_guesser_without_memory():
    """It is sure of every blank, and at the cue gives each symbol the same chance."""
    task = make(symbols=3, lag=6, ragged=True)
    every = torch.cartesian_prod(torch.arange(3), torch.tensor(list(task.lags)))
    batch = task.show(*every.T)
    chances = torch.where(task.asked(batch).unsqueeze(-1), torch.tensor([1 / 3, 1 / 3, 1 / 3, 0]),
                          torch.tensor([0.0, 0, 0, 1]))
    assert float(task.loss((chances + 1e-30).log(), batch)) == pytest.approx(task.baseline().loss)
    assert task.baseline().loss == pytest.approx(math.log(3) / 5.5)


def test_the_metric_looks_at_the_question_alone(generator):
    task = make(symbols=4, lag=5)
    batch = task.sample(30, generator)
    y = torch.zeros(30, 6, 5)
    y[:, -1] = torch.nn.functional.one_hot(batch.target[:, -1], 5).float()
    assert task.metric(y, batch) == 1


def test_the_story_in_letters():
    task = make(symbols=4, lag=3)
    batch = task.show(torch.tensor([2]), torch.tensor([3]))
    y = torch.zeros(1, 4, 5)
    y[0, 3, 0] = 1
    told = task.story(batch, 0, y)
    assert told.inputs == ["C", "·", "·", "?"] and told.targets == ["·", "·", "·", "C"] and told.marks == [0, 3]
    assert (told.expected, told.said, told.right) == ("C", "A", False)
