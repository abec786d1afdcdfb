"""The pace of a run."""

from __future__ import annotations

import pytest

from rnn_core.jobs.pace import LAG, Pace, check_speed


def times(pace, until, step=0.001):
    """When a run of this pace makes its updates, if it is asked every millisecond."""
    made, now = [], 0.0
    while now < until:
        if now >= pace.due:
            made.append(now)
            pace.done(now)
        now += step
    return made


def test_so_many_updates_a_second_are_made():
    for speed in (0.5, 2, 25, 100):
        assert abs(len(times(Pace(speed), 10.0)) - 10 * speed) <= 1 + LAG * speed


def test_without_a_speed_nothing_is_held_back():
    assert len(times(Pace(), 0.1005)) == 101


def test_a_change_acts_at_once():
    pace = Pace(0.1)
    pace.done(0.0)
    assert 9.8 < pace.due <= 10.0
    pace.speed = 10.0
    assert pace.due <= 0.1
    pace.speed = 0.0
    assert pace.due < 0


def test_what_was_missed_is_made_up_for_a_tenth_of_a_second_only():
    pace = Pace(100.0)
    times(pace, 1.0)
    assert len([t for t in times(pace, 61.0) if t < 0]) == 0
    pace.done(100.0)
    assert pace.due == pytest.approx(100.0 - LAG + 0.01)


@pytest.mark.parametrize("value", [-1.0, 0.05, 1001.0, float("inf"), float("nan")])
def test_an_odd_speed_is_one_sentence(value):
    with pytest.raises(ValueError, match=r"^A speed is 0\.1 to 1000 updates a second, or 0 .*\.$"):
        check_speed(value)


def test_usual_speeds_are_fine():
    for value in (0, 0.1, 1, 1000.0):
        check_speed(value)
