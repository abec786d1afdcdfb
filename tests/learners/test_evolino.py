"""Evolino: checkpoints, ragged sequences, tasks that are not played alone, networks that leave the numbers."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from tests.cells.cases import one_sentence
from tests.learners.checkpoints import taken_up

SMALL = {"hidden_size": 3, "length": 30, "population": 6, "elite": 2, "updates": 3, "batch_size": 2, "washout": 2}


def test_a_run_is_taken_up_from_its_checkpoint():
    spec = rc.Experiment.of("gru", "mackey_glass", "evolino", alone=8, **SMALL)
    taken_up(spec)


@pytest.mark.parametrize("architecture", ["elman", "lstm", "ctrnn"])
def test_ragged_sequences_and_what_is_shown(architecture):
    run = rc.train(rc.Experiment.of(architecture, "adding", "evolino", ragged=True, **{**SMALL, "washout": 0}),
                   quiet=True)
    batch = run.learner.given
    with torch.no_grad():
        loss = float(run.task.loss(run.network(batch.x, mask=batch.mask), batch))
    assert run.status == "done" and loss == pytest.approx(run.learner.best, rel=1e-3, abs=1e-5)


def test_new_sequences_are_fitted_and_shown_alike():
    run = rc.train(rc.Experiment.of("elman", "mackey_glass", "evolino", new_sequences=True, **SMALL), quiet=True)
    assert run.status == "done" and run.history.loss.dropna().gt(0).all()


def test_a_cell_that_leaves_the_numbers_is_last(generator):
    run = rc.Run(rc.Experiment.of("elman", "mackey_glass", "evolino", alone=5, **SMALL))
    batch = run.learner.fits(run.learner.sequences())
    rows = run.learner._fresh()
    rows[2] = torch.nan
    losses = [found for found in run.learner.scored(rows) if found is not None][-1]
    assert losses.argmax() == 2 and losses[2].isinf() and losses.isfinite().sum() == len(rows) - 1
    assert batch.x.shape[1] == 30


@pytest.mark.parametrize(("task", "settings", "words"), [("adding", {"alone": 5}, "not its next input"),
                                                         ("mackey_glass", {"alone": 28}, "leave nothing")])
def test_what_cannot_be_is_said_at_the_first_generation(task, settings, words):
    run = rc.train(rc.Experiment.of("lstm", task, "evolino", **SMALL, **settings), quiet=True)
    assert run.status == "diverged" and words in run.reason
    one_sentence(run.reason)
