"""REINFORCE: checkpoints, baselines, commands, both kinds of tasks; a maze is learnt, without memory it is not."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from tests.cells.cases import one_sentence
from tests.learners.checkpoints import taken_up


def spec(task: str = "t_maze", architecture: str = "elman", **settings) -> rc.Experiment:
    """A few short updates."""
    short = {"t_maze": {"length": 2}, "pole_balancing": {"steps": 20}, "delayed_recall": {"lag": 2}}
    return rc.Experiment.of(architecture, task, "reinforce",
                            **{"hidden_size": 3, "batch_size": 3, "updates": 4, **short[task], **settings})


@pytest.mark.parametrize("task", ["t_maze", "delayed_recall"])
@pytest.mark.parametrize("expected", ["none", "mean", "learned"])
def test_a_run_is_taken_up_from_its_checkpoint(task, expected):
    assert taken_up(spec(task, expected=expected)).status == "done"


@pytest.mark.parametrize("architecture", ["lstm", "jordan", "feed_forward"])
@pytest.mark.parametrize("task", ["t_maze", "pole_balancing", "delayed_recall"])
def test_every_update_moves_the_weights(task, architecture):
    run = rc.Run(spec(task, architecture, updates=2))
    before = [p.detach().clone() for p in run.learner.parameters]
    list(run.training())
    assert run.status == "done" and run.history["gradient_norm"].iloc[-1] > 0
    assert any(not torch.equal(a, b) for a, b in zip(before, run.learner.parameters, strict=True))


def test_what_is_lived_stays_within_its_mask():
    run = rc.Run(spec(ragged=True, length=4, batch_size=8))
    lived = run.learner.live(run.task.sample(8, torch.Generator().manual_seed(0)))
    assert torch.equal(lived.counted, lived.batch.counted) and not lived.to_go[~lived.counted].any()
    noisy = lived._replace(actions=torch.where(lived.counted, lived.actions, 1))
    y = run.network(lived.batch.x, mask=lived.batch.mask)
    assert torch.equal(run.learner.surrogate(y, lived), rc.Run(run.spec).learner.surrogate(y, noisy))


def test_its_settings_change_in_mid_run():
    run = rc.Run(spec())
    run.obey("entropy", 0.5)
    run.obey("discount", 0.9)
    assert (run.learner.settings.entropy, run.learner.settings.discount) == (0.5, 0.9)
    with pytest.raises(ValueError) as caught:
        run.obey("discount", 1.5)
    one_sentence(str(caught.value))


def test_its_line_in_the_ledger():
    entries = rc.locality(rc.Experiment.of("elman", "delayed_recall", hidden_size=4)).entries
    assert entries["reinforce"].agrees


def test_a_maze_is_learnt_from_reward_and_memory_is_what_it_takes():
    best = {}
    for architecture in ("lstm", "feed_forward"):
        run = rc.train(spec("t_maze", architecture, length=3, hidden_size=12, batch_size=32, updates=100), quiet=True)
        best[architecture] = float(run.history["metric"].max())
    assert best["lstm"] == pytest.approx(4.0)
    assert best["feed_forward"] <= run.task.baseline().value + 1e-9 < 2
