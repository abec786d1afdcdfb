"""The same race at several lengths: records that differ in nothing else, success counted by hand."""

from __future__ import annotations

import pytest

import rnn_core as rc
from rnn_core.race import Reach, at_lengths, axis_of, verdict

RACE = rc.Race.of(["elman", "lstm"], "adding", length=6, batch_size=4, budget=118, seeds=3, rates=(0.01,),
                  tuning_seeds=1, tuning_updates=2, race_updates=3)


def record(race, losses) -> dict:
    """A measured round at the end of a race."""
    return {"update": race.updates, "round": race.race_updates, "losses": losses, "metrics": losses,
            "seconds": [1.0, 1.0], "chosen": [0.01, 0.01], "roads": ["", ""], "tuned": [[0.1], [0.1]], "why": []}


def test_only_the_length_differs():
    races = at_lengths(RACE, [20, 5, 10, 5])
    assert [race.base.length for race in races] == [5, 10, 20]
    assert len({race.id for race in races}) == 3
    for race in races:
        assert {**race.base.flat(), "length": 6} == RACE.base.flat() and race.weights == RACE.weights
        assert rc.Race.from_json(race.to_json()) == race


def test_success_is_counted_against_half_of_what_needs_no_memory():
    races = at_lengths(RACE, [5, 10, 20])
    bases = [verdict(race, [record(race, [[0.0] * 3] * 2)]).baseline.loss for race in races]
    good, bad = 0.5 * min(bases) - 1e-6, 0.5 * max(bases) + 1e-6
    told = (verdict(races[0], [record(races[0], [[good, good, bad], [good] * 3])]),
            verdict(races[1], [record(races[1], [[bad, None, good], [good, good, None]])]), None)
    reach = Reach(races, told)
    assert [reach.succeeded(lane) for lane in (0, 1)] == [[2, 1, None], [3, 2, None]]
    assert [reach.longest(lane) for lane in (0, 1)] == [5, 10] and not reach.done
    assert "Elman network up to length 5" in reach.says and "LSTM up to length 10" in reach.says
    assert reach.says.startswith("so far") and len(reach.frame()) == 6
    figure = rc.figures.reach(reach, theme="dark")
    assert [line.customdata[0] for line in figure.data] == ["2 of 3", "3 of 3"]
    assert figure.data[0].customdata[2] == "not known yet" and "? of 3 at 20" in rc.figures.alt(figure)


def test_what_cannot_be_is_said():
    with pytest.raises(ValueError, match="at least two lengths"):
        at_lengths(RACE, [5, 5])
    with pytest.raises(ValueError, match="how long something must be remembered"):
        at_lengths(rc.Race.of(["elman", "lstm"], "temporal_xor"), [5, 10])
    assert axis_of(rc.Race.of(["elman", "gru"], "delayed_recall")) == "lag"
