"""Forced beside free: where they are one, where they part, and what is said about it."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.records import Batch


def spec(architecture="jordan", task="delayed_recall", **settings):
    return rc.Experiment.of(architecture, task, hidden_size=4, **settings)


@pytest.mark.parametrize("architecture", ["jordan", "fully_recurrent", "recurrent_output"])
@pytest.mark.parametrize("ragged", [False, True])
def test_the_losses_are_those_of_the_two_runs(architecture, ragged):
    run = rc.Run(spec(architecture, lag=6, ragged=ragged))
    told, batch, teacher = rc.exposure(run, rows=128), run.held_out, run.task.teacher(run.held_out)
    for total, each, y in zip(told.totals, (told.forced, told.free),
                              (run.network(batch.x, mask=batch.mask, teacher=teacher),
                               run.network(batch.x, mask=batch.mask)), strict=True):
        assert total == pytest.approx(run.task.loss(y, batch).item())
        assert float((each * told.scored).sum() / told.scored.sum()) == pytest.approx(total, rel=1e-5)
    assert told.gap[0] == 0 and told.apart[0] == 0 and bool((told.apart[1:] > 0).all()) and told.taught == 1
    assert "differ most at step" in told.says
    table = told.frame()
    assert list(table["gap"]) == pytest.approx(list(table["free"] - table["forced"]))


def test_a_network_that_does_not_hear_itself_has_no_gap():
    told = rc.exposure(spec("elman"))
    assert not told.hears and not told.gap.any() and not told.apart.any() and "does not hear" in told.says


def test_a_silent_teacher_makes_no_gap():
    told = rc.exposure(spec(task="adding"))
    assert told.hears and told.taught == 0 and "says nothing aloud" in told.says
    assert told.gap.isnan().sum() == len(told.gap) - 1 and told.gap.nansum() == 0


def test_a_net_that_ignores_what_it_hears_does_as_well_alone():
    run = rc.Run(spec())
    with torch.no_grad():
        run.network.cells[0].U.zero_()
    told = rc.exposure(run)
    assert "the same at every step" in told.says and not told.gap.any()


def test_infinite_losses_are_not_a_gap():
    told = rc.exposure(rc.Run(spec("fully_recurrent", "temporal_xor", gain=5.0, length=300)))
    assert "finite" in told.says and told.says.endswith(".")


def test_numbers_that_a_teacher_says_only_now_and_then():
    class Half:
        def loss(self, y, batch):
            return (y - batch.target)[batch.counted].square().mean()

        def teacher(self, batch):
            said = batch.target.clone()
            said[:, ::2] = torch.nan
            return said

    network = rc.Run(spec("recurrent_output", "adding")).network
    batch = Batch(torch.randn(3, 8, 2), torch.randn(3, 8, 1))
    told = rc.exposure(network, batch, Half())
    assert told.taught == 0.5 and told.apart[:2].tolist() == [0, 0] and told.apart[2] > 0
