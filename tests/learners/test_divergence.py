"""Divergence: six causes, four architectures; the run ends, says when and why, and keeps its last finite weights."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc
from rnn_core.run import Run
from tests.cells.cases import one_sentence

CELLS = {"elman": {"activation": "relu"}, "lstm": {}, "gru": {}, "jordan": {}}
K = 4


def nan_in_the_input(run: Run) -> None:
    """A number that is none, in one sequence."""
    later(run, "sample", lambda batch: batch._replace(x=batch.x.index_fill(0, torch.tensor([0]), math.nan)))


def infinite_target(run: Run) -> None:
    """An answer that cannot be reached."""
    later(run, "sample", lambda batch: batch._replace(target=batch.target + math.inf))


def nan_in_the_loss(run: Run) -> None:
    """A loss that is no number."""
    later(run, "loss", lambda loss: loss * math.nan)


def infinite_gradient(run: Run) -> None:
    """A loss that is finite and steeper than numbers go."""
    later(run, "loss", lambda loss: loss + (loss - loss.detach()) * 3e38 * 1e5)


def runaway_loss(run: Run) -> None:
    """A loss beyond any meaning."""
    later(run, "loss", lambda loss: loss * 1e12)


def infinite_weight(run: Run) -> None:
    """A step longer than numbers go."""
    change = run.learner.optimiser.step

    def step() -> None:
        if run.update == K - 1:
            run.learner.optimiser.param_groups[0]["lr"] = 3e38
            for p in run.learner.parameters:
                p.grad.fill_(1e3)
        change()

    run.learner.optimiser.step = step


def later(run: Run, name: str, spoil) -> None:
    """Spoil what the learner's task returns, from update K on."""
    kept = getattr(run.task, name)

    def spoiled(*args):
        got = kept(*args)
        return spoil(got) if run.update >= K - 1 and torch.is_grad_enabled() else got

    setattr(run.task, name, spoiled)


CAUSES = {nan_in_the_input: "the loss became nan", infinite_target: "the loss became inf",
          nan_in_the_loss: "the loss became nan", infinite_gradient: "the gradient became",
          runaway_loss: "the loss grew from", infinite_weight: "a weight became infinite"}


@pytest.mark.parametrize("cause", CAUSES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("architecture", CELLS)
def test_a_run_that_goes_wrong(architecture, cause):
    spec = rc.Experiment.of(architecture, "adding", hidden_size=4, length=5, batch_size=3, updates=9, optimiser="sgd",
                            clip=0.0, **CELLS[architecture])
    run = Run(spec)
    cause(run)
    said = list(run.training())
    assert run.status == "diverged" and said[-1].status == "diverged"
    assert run.reason.startswith(f"Diverged at update {K}: {CAUSES[cause]}")
    one_sentence(run.reason)
    assert run.update == K - 1 and [s.update for s in said] == [0, 1, 2, 3, 3]
    assert run.history["update"].tolist() == [0, 1, 2, 3]
    weights = run.network.state_dict()
    assert all(bool(v.isfinite().all()) for v in weights.values())
    assert all(torch.equal(v, run.tape[K - 1][k]) for k, v in weights.items())
    assert run.at(99).state_dict().keys() == weights.keys() and math.isfinite(run.measure()[0])
    digest = run.digest()
    assert [s.status for s in run.training()] == ["diverged"]
    assert run.status == "diverged" and run.digest() == digest
    again = Run.resume(spec, run.checkpoint())
    assert (again.status, again.reason, again.digest()) == ("diverged", run.reason, digest)
    assert [s.status for s in again.training()] == ["diverged"] and again.status == "diverged"


@pytest.mark.parametrize("architecture", CELLS)
def test_too_large_a_step_without_a_trick(architecture):
    spec = rc.Experiment.of(architecture, "adding", hidden_size=8, length=30, updates=400, optimiser="sgd", clip=0.0,
                            learning_rate=10.0, gain=2.0, **CELLS[architecture])
    run = rc.train(spec, quiet=True)
    assert run.status in ("diverged", "done")
    assert all(bool(v.isfinite().all()) for v in run.network.state_dict().values())
    if architecture in ("elman", "jordan"):
        assert run.status == "diverged" and f"Diverged at update {run.update + 1}: " in run.reason
