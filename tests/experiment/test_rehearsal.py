"""A rehearsal: it does what the run then does, and the run does not notice."""

from __future__ import annotations

import dataclasses

import pytest
import torch

import rnn_core as rc
from rnn_core.records import Command
from rnn_core.rehearsal import rehearse

LEARNERS = [{"optimiser": o} for o in ("adam", "sgd", "momentum", "rmsprop")]


def started(updates: int = 5, architecture: str = "gru", log=(), **settings) -> rc.Run:
    """A run that stands after some updates, with more to come."""
    spec = rc.Experiment.of(architecture, "adding", hidden_size=4, length=6, batch_size=3, updates=20, **settings)
    run = rc.Run(spec, log)
    for step in run.training():
        if step is not None and step.update == updates:
            break
    return run


def go_on(run: rc.Run) -> dict[str, torch.Tensor]:
    """Carry out the run's next update; returns the weights after it."""
    goal = run.update + 1
    for step in run.training():
        if step is not None and step.update == goal:
            break
    return {k: p.detach().clone() for k, p in run.network.named_parameters()}


@pytest.mark.parametrize("settings", LEARNERS, ids=lambda s: s["optimiser"])
def test_it_is_what_happens_next_and_the_run_does_not_notice(settings):
    run = started(**settings)
    before, log = run.digest(), list(run.log)
    found = rehearse(run)
    assert run.digest() == before and run.log == log and len(run.records) == 6
    assert all(p.grad is None or p.grad.isfinite().all() for p in run.network.parameters())
    after = go_on(run)
    for name, change in found.changes.items():
        assert torch.equal(found.weights[name] + change, after[name]) or torch.allclose(
            found.weights[name] + change, after[name], rtol=0, atol=1e-7)
    assert found.update == 5 and found.norm == run.records[-1]["gradient_norm"]
    assert found.loss_before == pytest.approx(run.records[-1]["loss"], rel=1e-5)


def test_the_loss_after_is_that_of_the_changed_weights():
    run = started(optimiser="sgd", learning_rate=0.1)
    found = rehearse(run)
    go_on(run)
    with torch.no_grad():
        assert found.loss_after == float(run.task.loss(run.network(found.batch.x), found.batch))
    assert found.loss_after < found.loss_before


def test_plain_descent_by_hand():
    run = started(optimiser="sgd", learning_rate=0.1, clip=0.0)
    found = rehearse(run)
    loss = run.task.loss(run.network(found.batch.x, mask=found.batch.mask), found.batch)
    named = dict(run.network.named_parameters())
    for name, g in zip(named, torch.autograd.grad(loss, list(named.values())), strict=True):
        torch.testing.assert_close(found.gradients[name], g)
        torch.testing.assert_close(found.changes[name], -0.1 * g, rtol=1e-4, atol=1e-7)
    assert found.clipped == 1.0
    assert found.moved("cells.0.R") == pytest.approx(
        float(found.changes["cells.0.R"].norm() / named["cells.0.R"].detach().norm()))


def test_clipping_is_told():
    found = rehearse(started(clip=1e-3))
    assert found.norm > 1e-3 and found.clipped == pytest.approx(1e-3 / found.norm, rel=1e-3)


def test_a_command_of_the_log_is_obeyed_and_fresh_runs_can_be_rehearsed():
    run = started(optimiser="sgd", clip=0.0, log=[Command(update=5, name="learning_rate", value=1.0)])
    found = rehearse(run)
    assert torch.allclose(found.changes["readout.V"], -found.gradients["readout.V"], atol=1e-6)
    assert rehearse(rc.Run(run.spec)).update == 0


def test_weights_that_were_zero():
    found = rehearse(rc.Run(started().spec))
    assert found.moved("readout.d") == float("inf")
    still = dataclasses.replace(found, changes={k: 0 * v for k, v in found.changes.items()})
    assert still.moved("readout.d") == 0.0


def test_what_cannot_be_rehearsed_is_said_in_one_sentence():
    run = started()
    with pytest.raises(ValueError, match=r"^The tape keeps weights.*rehearse\.$"):
        rehearse(run.then(2))
    run.status = "diverged"
    with pytest.raises(ValueError, match=r"^This run diverged.*\.$"):
        rehearse(run)
    wild = started(optimiser="sgd")
    with torch.no_grad():
        wild.network.readout.V.fill_(float("nan"))
    with pytest.raises(ValueError, match=r"^The next update would not come to an end: the loss became nan\.$"):
        rehearse(wild)


def test_a_network_that_hears_itself():
    found = rehearse(started(architecture="jordan"))
    assert set(found.gradients) == set(found.weights)
