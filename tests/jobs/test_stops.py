"""The rules by which a run pauses by itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rnn_core.jobs.history import write_record
from rnn_core.jobs.stops import Stop, check_stop, held_out, measured

LOWER = SimpleNamespace(metric_name="mean squared error", metric_better="lower")
HIGHER = SimpleNamespace(metric_name="accuracy", metric_better="higher")


def told(losses, metrics=None, every=25):
    """Records of a run measured every so often."""
    return [{"update": i * every, "loss": 1.0, "held_out": loss, "metric": (metrics or losses)[i]}
            for i, loss in enumerate(losses)]


def first(stop, records, task):
    """The first update at which a rule speaks, and what it says."""
    return next(((r["update"], why) for r in records if (why := stop.hear(r["update"], r, task))), None)


def test_an_update_is_reached_exactly_once_it_is_there():
    stop = Stop.asked("stop_update", 50, 10)
    assert first(stop, told([None] * 4), LOWER) == (50, "Paused at update 50, as asked.")
    assert str(stop) == "update 50"


def test_an_update_counts_though_its_record_is_an_older_one():
    stop = Stop.asked("stop_update", 7, 0)
    assert not stop.hear(6, {"update": 5}, None) and stop.hear(7, {"update": 5}, None)


def test_a_metric_knows_whether_lower_or_higher_is_better():
    values = [0.9, 0.5, 0.2, 0.6, 0.95]
    assert first(Stop("metric", 0.2, 0), told(values), LOWER) == (
        50, "Paused: the held-out mean squared error reached 0.2 at update 50, as asked.")
    assert first(Stop("metric", 0.9, 0), told(values), HIGHER)[0] == 100
    assert first(Stop("metric", 0.1, 0), told(values), LOWER) is None
    assert str(Stop("metric", 0.01, 0)) == "metric 0.01"


def test_what_was_measured_before_it_was_asked_for_does_not_count():
    assert first(Stop("metric", 0.2, 50), told([0.9, 0.1, 0.1, 0.9, 0.1]), LOWER)[0] == 100


def test_a_plateau_is_so_many_measurements_without_one_percent():
    losses = [1.0, 0.98, 0.975, 0.972, 0.96, 0.955, 0.954, 0.953]
    update, why = first(Stop("plateau", 3, 0), told(losses), LOWER)
    assert update == 175 and why == (
        "Paused: the held-out loss has not fallen by 1% for 3 measurements, up to update 175, as asked.")
    assert first(Stop("plateau", 2, 0), told(losses), LOWER)[0] == 75
    assert "for 1 measurement," in first(Stop("plateau", 1, 0), told([1.0, 1.0]), LOWER)[1]


def test_a_loss_of_zero_is_a_plateau_too():
    assert first(Stop("plateau", 2, 0), told([0.0, 0.0, 0.0]), LOWER)[0] == 50


def test_a_plateau_is_measured_against_the_last_loss_before_it_was_asked_for():
    assert first(Stop("plateau", 2, 30), told([0.1, 1.0, 0.5, 0.6, 0.6]), LOWER)[0] == 100
    assert first(Stop("plateau", 2, 30), told([1.0, 0.1, 0.5, 0.6, 0.6]), LOWER)[0] == 75


@pytest.mark.parametrize("cut", range(1, 9))
@pytest.mark.parametrize("stop", [Stop("plateau", 3, 60), Stop("metric", 0.45, 60), Stop("update", 210, 60)])
def test_a_rule_that_is_taken_up_from_the_history_speaks_at_the_same_update(stop, cut):
    records = told([1.0, 0.9, 0.7, 0.71, 0.6, 0.62, 0.5, 0.6, 0.55, 0.4, 0.5])
    said = first(Stop.from_text(stop.to_text()), records, LOWER)
    lines = [write_record(record) for record in records]
    taken = Stop.from_text(stop.to_text())
    before = [taken.hear(r["update"], r, LOWER) for r in measured(reversed(lines[:cut]), stop.since)]
    if not any(before):
        assert first(taken, records[cut:], LOWER) == said


def test_what_is_passed_is_refused_in_one_sentence():
    last = told([0.3], [0.8])[0]
    assert Stop("update", 400, 425).passed(425, {}, LOWER) == "Update 400 has passed already: the run is at update 425."
    assert "already" in Stop("update", 425, 425).passed(425, {}, LOWER)
    assert Stop("update", 426, 425).passed(425, {}, LOWER) == ""
    assert Stop("metric", 0.7, 0).passed(9, last, HIGHER) == "The held-out accuracy is 0.8 already."
    assert Stop("metric", 0.7, 0).passed(9, last, LOWER) == "" == Stop("metric", 0.7, 0).passed(9, {}, HIGHER)
    assert Stop("metric", 0.7, 0).passed(9, last, None) == "A run of this kind stops at an update only."
    assert Stop("update", 10, 0).passed(9, last, None) == "" == Stop("plateau", 1, 9).passed(9, last, LOWER)


@pytest.mark.parametrize(("name", "value"), [("stop_update", 0), ("stop_update", 1.5), ("stop_update", 10**7),
                                             ("stop_plateau", 0), ("stop_plateau", 2000), ("stop_update", None)])
def test_a_rule_that_makes_no_sense_is_one_sentence(name, value):
    with pytest.raises(ValueError, match=r"^[AÅ] .*\.$"):
        check_stop(name, value)


def test_numbers_that_are_none_were_not_measured():
    odd = {"update": 1, "held_out": float("nan"), "metric": [0.1, 0.2]}
    assert held_out(odd) == (None, None) == held_out({})
    assert measured([write_record(odd), b'{"update":0,"held_out":1.0,"metric":2.0}']) == [
        {"update": 0, "held_out": 1.0, "metric": 2.0}]
    assert measured([b'{"update":3,"runs":[[1,2]]}', b"{}"]) == []
