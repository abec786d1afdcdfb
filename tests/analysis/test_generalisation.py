"""Beyond what was trained: each number by hand, the harder versions a task names, and what cannot be compared."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc
from rnn_core.records import Batch


def of(task: str, **options):
    """A fresh LSTM's generalisation, with its network and task."""
    spec = rc.Experiment.of("lstm", task, hidden_size=4, **options)
    network, made = spec.make_network(), spec.make_task()
    return rc.generalisation(network, made, sequences=40), network, made


def test_every_number_by_hand():
    found, network, _ = of("delayed_recall", lag=3, symbols=3, ragged=True)
    assert found.versions == ("as trained", "2 × the lag", "10 × the lag")
    generator = torch.Generator().manual_seed(0)
    for lag, value, baseline in zip((3, 6, 30), found.values, found.baselines):
        task = rc.Experiment.of("lstm", "delayed_recall", lag=lag, symbols=3, ragged=True).make_task()
        batch = task.held_out(40, generator)
        y, right = network.trace(batch.x, mask=batch.mask).outputs, 0
        for row in range(40):
            at = int(batch.mask[row].sum()) - 1
            right += int(y[row, at].argmax()) == int(batch.target[row, at])
        assert value == pytest.approx(right / 40) and baseline == pytest.approx(1 / 3)


def test_only_as_far_as_the_range_goes():
    found, *_ = of("adding", length=200)
    assert found.versions == ("as trained", "2 × the length")
    alone, *_ = of("seventh_letter")
    assert alone.versions == ("as trained",) and "no longer or deeper version" in alone.says
    assert len(alone.frame()) == 1


class Perfect(torch.nn.Module):
    """A network that says at each step the mean it is given, and at the last step what a task's rule gives."""

    def __init__(self, rule) -> None:
        super().__init__()
        self.p, self.rule = torch.nn.Parameter(torch.zeros(1)), rule

    def forward(self, x, *, mask=None, teacher=None):
        return self.rule(x)


def adding(x: torch.Tensor) -> torch.Tensor:
    """The running sum of the marked numbers."""
    return (x[..., :1] * x[..., 1:]).cumsum(1)


def test_a_network_that_knows_the_rule_is_ahead_everywhere():
    task = rc.Experiment.of("lstm", "adding", length=10).make_task()
    found = rc.generalisation(Perfect(adding), task)
    assert max(found.values) < 1e-9 and found.ahead == (True, True, True)
    assert "better than the baseline in every" in found.says
    assert found.better == "lower" and found.metric == "mean squared error" and found.sequences == 200


def test_one_that_knows_short_sequences_only_is_told_where_it_fails():
    task = rc.Experiment.of("lstm", "adding", length=10).make_task()
    found = rc.generalisation(Perfect(lambda x: adding(x) if x.shape[1] <= 20 else adding(x) * 0 + 9), task)
    assert found.ahead == (True, True, False) and "no better than the baseline: 10 × the length." in found.says
    never = rc.generalisation(Perfect(lambda x: adding(x) * 0 + 9), task)
    assert "no better than the baseline on the task itself" in never.says


def test_answers_that_are_not_finite_are_no_answers():
    task = rc.Experiment.of("lstm", "delayed_recall", lag=3).make_task()
    found = rc.generalisation(Perfect(lambda x: x[..., :5] * torch.nan), task)
    assert all(math.isnan(v) for v in found.values) and "left the finite numbers" in found.says
    assert found.ahead == (False, False, False)


def test_a_version_without_enough_data_is_left_out(monkeypatch):
    task = rc.Experiment.of("lstm", "timing").make_task()
    honest = type(task).__init__

    def strict(self, settings=None):
        if settings.lag > 30:
            raise ValueError("too long")
        honest(self, settings)

    monkeypatch.setattr(type(task), "__init__", strict)
    found = rc.generalisation(Perfect(lambda x: torch.cat([x, x], -1)), task)
    assert found.versions == ("as trained", "2 × the lag")


def test_what_is_within_chance_is_not_ahead():
    task = rc.Experiment.of("lstm", "delayed_recall", lag=3, symbols=2).make_task()
    guess = Perfect(lambda x: torch.tensor([0.0, 1.0, -1.0]).expand(*x.shape[:2], 3))
    found = rc.generalisation(guess, task)
    assert not any(found.ahead)
    batch = task.held_out(200, torch.Generator().manual_seed(0))
    right = (batch.target[:, -1] == 1).double().view(10, 20).mean(1)
    assert found.errors[0] == pytest.approx(float(right.std()) / 10**0.5)
    assert math.isnan(rc.generalisation(guess, task, sequences=1).errors[0])


def test_it_changes_nothing_and_says_when_there_is_nothing_to_read():
    found, network, task = of("adding", length=6)
    again = rc.generalisation(network, task, sequences=40)
    assert found.values == again.values and all(p.grad is None for p in network.parameters())
    assert rc.generalisation(network, task, sequences=40, seed=1).values != found.values
    with pytest.raises(ValueError, match="At least one sequence"):
        rc.generalisation(network, task, sequences=0)
    assert isinstance(task.held_out(1, torch.Generator()), Batch)
