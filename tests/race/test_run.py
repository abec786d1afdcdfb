"""A race is carried out as its record says, can be left anywhere, and goes on bitwise the same."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc
from rnn_core.race import Race, RaceRun, race
from tests.cells.cases import one_sentence
from tests.race.conftest import SMALL


def told(run: RaceRun) -> list:
    """The records without what a clock said."""
    return [{k: v for k, v in record.items() if k != "seconds"} for record in run.records]


def stopped_at(spec: Race, update: int) -> RaceRun:
    """A race that was left after so many updates."""
    run = RaceRun(spec)
    for step in run.training():
        if step is not None and step.update == update:
            return run
    raise AssertionError


def test_it_comes_to_its_end(small, done):
    assert done.status == "done" and done.finished and done.update == small.updates == 14
    assert [r["update"] for r in done.records] == [6, 8, 10, 12, 14]
    assert [r["round"] for r in done.records] == [0, 1, 2, 3, 4]
    assert [f.road for f in done.fleets] == ["stacked", "one by one"] == done.records[0]["roads"]
    for record in done.records:
        assert [len(own) for own in record["losses"]] == [3, 3] == [len(own) for own in record["metrics"]]
    assert done.records[-1]["seconds"][0] > 0 and done.records[0]["seconds"] == [0.0, 0.0]


def test_its_numbers_are_those_of_single_runs(small, done):
    for lane, rate in enumerate(done.chosen):
        for spec, loss in zip(small.racing(lane, rate), done.records[-1]["losses"][lane], strict=True):
            run = rc.train(spec, quiet=True)
            assert loss == pytest.approx(run.records[-1]["held_out"], rel=1e-4)
        for spec, loss in zip(small.tuning(lane), done.tuned[lane], strict=True):
            assert loss == pytest.approx(rc.train(spec, quiet=True).records[-1]["held_out"], rel=1e-4)


def test_the_rate_with_the_lowest_median_is_chosen(small, done):
    for losses, chosen in zip(done.tuned, done.chosen, strict=True):
        means = {rate: sum(losses[2 * k:2 * k + 2]) / 2 for k, rate in enumerate(small.rates)}
        assert chosen == min(means, key=means.get)
    best = RaceRun(small)._best
    assert best([0.1, None, 0.2, 0.3]) == 0.1 and best([None, None, None, None]) == 0.01
    assert best([0.2, 0.2, 0.2, 0.2]) == 0.01


@pytest.mark.parametrize("update", [0, 1, 5, 6, 7, 11, 14])
def test_going_on_from_a_checkpoint_is_bitwise_the_same(small, done, update):
    left = stopped_at(small, update)
    again = RaceRun.resume(small, left.checkpoint())
    assert (again.update, again.digest(), again.status) == (update, left.digest(), left.status)
    again.records = list(left.records)
    for _ in again.training():
        pass
    assert again.digest() == done.digest() and told(again) == told(done) and again.status == "done"


def test_it_breathes_within_an_update(small):
    steps = list(RaceRun(small).training())
    assert sum(step is not None for step in steps) == small.updates + 1
    longest = max(len(run) for run in "".join("." if s is None else " " for s in steps).split())
    assert longest >= 8
    updates = [s.update for s in steps if s is not None]
    assert updates == list(range(small.updates + 1))


def test_put_together_again(small, done):
    again = RaceRun.assemble(small, done.checkpoint(), done.records, {}, None, "stopped", "enough")
    assert (again.status, again.reason, again.records) == ("stopped", "enough", done.records)
    assert again.verdict.says == done.verdict.says and again.fresh_moments() == {}


def test_nothing_can_be_changed(small):
    for name in ("learning_rate", "updates", "bogus"):
        with pytest.raises(ValueError) as caught:
            RaceRun(small).obey(name, 1.0)
        one_sentence(str(caught.value))


def test_a_checkpoint_of_another_race_is_refused(small, done):
    other = Race.of(["elman", "lstm"], "adding", **SMALL | {"length": 7})
    kept = done.checkpoint()
    for spec, data in ((other, kept), (small, kept[:-10]), (small, b""), (small, rc.Run(small.base).checkpoint())):
        with pytest.raises(ValueError) as caught:
            RaceRun.resume(spec, data)
        one_sentence(str(caught.value))


def test_seeds_that_diverge_do_so_alone_and_it_goes_on():
    settings = SMALL | {"rates": (10.0,), "clip": 0.0, "optimiser": "sgd", "race_updates": 30, "budget": 100}
    run = race(Race.of(["jordan", "elman"], "adding", **settings), quiet=True)
    assert run.status == "done" and all(r["update"] for r in run.records)
    losses = run.records[-1]["losses"]
    assert any(v is None for own in losses for v in own)
    assert all(v is None or math.isfinite(v) for own in losses for v in own)
    assert "diverged" in run.verdict.says.lower() and not run.verdict.summary().empty


def test_threads_are_given_back_and_progress_is_shown(small, capsys):
    run = race(small)
    assert torch.get_num_threads() == 1 and run.update == 14
    assert "14/14" in capsys.readouterr().err
