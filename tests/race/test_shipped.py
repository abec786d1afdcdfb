"""The race that ships is what the code would run today, and its claims are its numbers'."""

from __future__ import annotations

import pytest

from rnn_core.fleet import Fleet
from rnn_core.race.shipped import made_with, shipped_race, shipped_spec


def test_it_is_the_record_that_the_page_expects():
    assert shipped_race().race == shipped_spec() and made_with().startswith("torch")
    assert shipped_race().rounds[-1] == shipped_spec().race_updates


@pytest.mark.parametrize("lane", range(3))
def test_the_first_rounds_again_give_the_same_losses(lane):
    result = shipped_race()
    fleet = Fleet(shipped_spec().racing(lane, result.chosen[lane]))
    for _ in range(result.rounds[1]):
        for _ in fleet.advance():
            pass
    again = [loss for loss, _ in fleet.measure()]
    assert again == pytest.approx(result.records[1]["losses"][lane], rel=1e-3)
    assert fleet.road == result.roads[lane]


def test_gates_learn_it_and_the_verdict_says_so_over_five_seeds():
    result = shipped_race()
    assert result.baseline.loss == pytest.approx(1 / 6, rel=0.02)
    assert all(loss > 0.9 * result.baseline.loss for loss in result.records[0]["losses"][0])
    assert result.beat[1:] == [5, 5] and (1, 0) in result.lower
    assert all(loss < 0.01 for lane in (1, 2) for loss in result.finals[lane])
