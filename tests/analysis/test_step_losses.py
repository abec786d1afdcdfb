"""The loss of each step: its parts beside losses written out here, and their sum beside the task's own."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

import rnn_core as rc
from rnn_core.analysis.step_losses import only
from rnn_core.records import Batch
from rnn_core.tasks.base import RegressionTask
from tests.cells.cases import same


@pytest.fixture
def batch(float64) -> Batch:
    """Ragged sequences, scored at some steps."""
    mask = torch.arange(6) < torch.tensor([6, 4, 1]).unsqueeze(1)
    scored = torch.tensor([[0, 1, 0, 0, 0, 1], [0, 1, 1, 0, 1, 0], [1, 0, 0, 0, 0, 0]]).bool()
    return Batch(torch.randn(3, 6, 2), torch.randn(3, 6, 1), mask, scored)


def test_each_part_is_the_squared_error_there(batch):
    net = rc.Experiment.of("gru", "adding", hidden_size=3).make_network().double()
    found = rc.step_losses(net, batch, RegressionTask().loss)
    error = (net(batch.x, mask=batch.mask) - batch.target).detach()[..., 0] ** 2
    assert found.scored.tolist() == [1, 2, 1, 0, 0, 1]
    for s in range(6):
        rows = batch.counted[:, s]
        if rows.any():
            same(found.parts[s], error[rows, s].sum() / 5)
            same(found.means[s], error[rows, s].mean())
        else:
            assert found.parts[s].isnan() and found.means[s].isnan()
    assert found.sums[-1] == pytest.approx(found.total) and found.parts.nansum() == pytest.approx(found.total)


@pytest.mark.parametrize("task", rc.tasks())
def test_the_parts_of_every_task_add_up_to_its_loss(task):
    run = rc.Run(rc.Experiment.of("lstm", task, hidden_size=4))
    batch = run.held_out.rows(slice(0, 8))
    found = rc.step_losses(run, rows=8)
    y = run.network(batch.x, mask=batch.mask)
    assert float(found.parts.nansum()) == pytest.approx(float(run.task.loss(y, batch).detach()), rel=1e-5)
    assert found.frame()["sum so far"].iloc[-1] == pytest.approx(found.total, rel=1e-5)


def test_classes_are_scored_by_cross_entropy():
    run = rc.Run(rc.Experiment.of("elman", "delayed_recall", hidden_size=4, lag=5))
    batch = run.held_out.rows(slice(0, 4))
    y = run.network(batch.x).detach()
    by_hand = torch.stack([functional.cross_entropy(y[:, s], batch.target[:, s]) for s in range(6)])
    same(rc.step_losses(run, rows=4).means, by_hand, atol=1e-6)


def test_a_task_that_asks_once_says_so():
    found = rc.step_losses(rc.Experiment.of("elman", "adding", length=9))
    assert int((~found.parts.isnan()).sum()) == 1 and "asks at step 8 alone" in found.says


def test_a_loss_that_is_no_mean_over_steps_has_no_parts(batch):
    net = rc.Experiment.of("elman", "adding", hidden_size=3).make_network().double()
    with pytest.raises(ValueError, match="not a mean over its steps"):
        rc.step_losses(net, batch, lambda y, b: y[b.counted].sum() ** 2 + 1)


def test_one_step_alone(batch):
    assert only(batch, 1).counted.nonzero().tolist() == [[0, 1], [1, 1]]
