"""The ridge readout: normal equations by hand, what counts, and what it refuses."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.learners.ridge import solved

SMALL = {"hidden_size": 30, "length": 60, "batch_size": 8}


@pytest.mark.parametrize("ridge", [1e-3, 1.0, 100.0])
def test_the_normal_equations_with_a_free_offset(ridge, generator):
    X = torch.randn(200, 9, generator=generator, dtype=torch.float64) + 3
    Y = X[:, :2] @ torch.tensor([[1.0, 2.0], [0.5, -1.0]], dtype=torch.float64) + 5
    V, d = solved(X, Y, ridge)
    ones = torch.cat([X, torch.ones(200, 1, dtype=torch.float64)], 1)
    held = ridge * torch.diag(torch.tensor([1.0] * 9 + [0.0], dtype=torch.float64))
    by_hand = torch.linalg.solve(ones.T @ ones + held, ones.T @ Y)
    torch.testing.assert_close(torch.cat([V.T, d.unsqueeze(0)]), by_hand, rtol=0, atol=1e-9)


def test_one_update_is_all_and_beats_the_baseline():
    run = rc.train(rc.Experiment.of("echo_state", "mackey_glass", "ridge", washout=20, **SMALL), quiet=True)
    assert run.status == "done" and run.update == 1
    batch = run.held_out
    later = batch._replace(scored=(torch.arange(60) >= 20).expand(len(batch.x), 60))
    assert run.task.metric(run.network(batch.x).detach(), later) < 0.5 * run.task.baseline().value


def test_the_teacher_is_heard_while_the_readout_is_found():
    run = rc.train(rc.Experiment.of("echo_state", "narma", "ridge", feedback=0.5, **SMALL), quiet=True)
    untaught = rc.train(rc.Experiment.of("echo_state", "narma", "ridge", feedback=0.0, **SMALL), quiet=True)
    assert run.history.loss[1] != untaught.history.loss[1]


def test_a_reservoir_that_explodes_is_told_in_one_sentence():
    run = rc.train(rc.Experiment.of("echo_state", "mackey_glass", "ridge", activation="linear", spectral_radius=3.0,
                                    leak=1.0, **SMALL), quiet=True)
    assert run.status == "diverged"
    assert "the reservoir explodes: with a spectral radius of 3" in run.reason and run.reason.count(".") == 1


def test_a_washout_that_leaves_nothing():
    run = rc.train(rc.Experiment.of("echo_state", "mackey_glass", "ridge", washout=60, **SMALL), quiet=True)
    assert run.status == "diverged" and "leaves nothing" in run.reason


@pytest.mark.parametrize(
    "cell, task, words", [("lstm", "adding", "frozen"), ("echo_state", "temporal_order", "classes")]
)
def test_what_it_has_nothing_for(cell, task, words):
    with pytest.raises(ValueError, match=words):
        rc.Experiment.of(cell, task, "ridge")


def test_the_washout_is_not_scored():
    spec = rc.Experiment.of("echo_state", "narma", "ridge", washout=20, **SMALL)
    run = rc.train(spec, quiet=True)
    batch = run.held_out
    y = run.network(batch.x).detach()
    assert run.measure()[0] == pytest.approx(float((y - batch.target)[:, 20:].pow(2).mean()), rel=1e-5)
