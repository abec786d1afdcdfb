"""The hands: turns, breaths, commands between two updates, faults that stay with their run."""

from __future__ import annotations

import pytest

from rnn_core.jobs.hands import Hands
from tests.jobs.toy import SPEC, ToyRun, alone, toys


class Bench:
    """Hands on a bench: messages in, reports out, no thread."""

    def __init__(self, run=ToyRun):
        self.reports = []
        self.hands = Hands(lambda **said: self.reports.append(said), toys(run))

    def start(self, name="a", updates=50, go=True, spec=SPEC, **more):
        key = f"{spec}-{ord(name):08x}"
        facts = {"checkpoint": None, "high": 0, "story": (), "command": 0, "speed": 0.0, "stop": "", "measured": ()}
        self.hands.receive(what="start", key=key, attempt=1, spec=f"{SPEC}:{updates}", go=go, **facts | more)
        return key

    def tell(self, key, seq, name, value=None, high=0):
        self.hands.receive(what="command", key=key, attempt=1, seq=seq, name=name, value=value, high=high)

    def work(self, slices=1):
        for _ in range(slices):
            self.hands.slice()

    def said(self, kind, key=None):
        return [r for r in self.reports if r["kind"] == kind and key in (None, r["key"])]

    def update(self, key):
        return max(r["update"] for r in self.said("news", key))


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    monkeypatch.setattr("rnn_core.jobs.hands.ROUND", 0.01)


def test_a_run_ends_with_its_history_its_tape_and_its_digest():
    bench = Bench()
    key = bench.start()
    bench.work(2)
    (ended,) = bench.said("ended", key)
    assert ended["status"] == "done" and ended["digest"] == alone(50)
    assert [update for news in bench.said("news") for update, _ in news["lines"]] == list(range(51))
    assert [update for keep in bench.said("keep") for update, _ in keep["moments"]] == [0, 1, 2, 4, 8, 16, 32]
    assert bench.said("keep")[-1]["update"] == 50


def test_all_runs_move_in_turn():
    bench = Bench()
    keys = [bench.start(name, updates=10**9) for name in "abcd"]
    bench.work(9)
    assert len({key for key in keys if bench.update(key) >= 0}) == 4
    hands = [r["key"] for r in bench.said("hand")][4:]
    assert all(hands[i] != hands[i + 1] for i in range(len(hands) - 1)) and set(hands) == set(keys)


def test_once_is_exactly_one_update_and_then_rest():
    bench = Bench()
    key = bench.start(go=False)
    bench.work()
    for seq in (1, 2, 3):
        bench.tell(key, seq, "once")
        bench.work(2)
        assert bench.update(key) == seq and bench.said("news", key)[-1]["status"] == "paused"
    assert bench.said("keep", key)[-1]["update"] == 3


def test_a_command_stops_within_the_slice_and_is_answered_at_once(monkeypatch):
    monkeypatch.setattr("rnn_core.jobs.hands.LONGEST", 60.0)
    monkeypatch.setattr("rnn_core.jobs.hands.ROUND", 60.0)
    bench, at = Bench(), []

    class Telling(ToyRun):
        def record(self):
            super().record()
            if self.update == 7:
                bench.tell(bench.key, 1, "pause")
            at.append(self.update)

    bench.hands._understand = toys(Telling)
    bench.key = bench.start(updates=10**9)
    bench.work()
    assert at[-1] == 7 and bench.said("news")[-1]["acted"] == [1] and bench.said("keep")[-1]["update"] == 7


def test_a_setting_is_stamped_and_the_next_update_is_reported_at_once():
    bench = Bench()
    key = bench.start(updates=100, go=False)
    bench.tell(key, 1, "once")
    bench.work()
    bench.tell(key, 2, "rate", 0.25)
    bench.work()
    (stamp,) = bench.said("stamped")
    assert (stamp["seq"], stamp["update"]) == (2, 1)
    assert bench.said("keep")[-1]["command"] == 2
    bench.tell(key, 3, "resume")
    bench.work(2)
    assert bench.said("ended")[0]["digest"] == alone(100, [(1, "rate", 0.25)])


def test_a_refused_setting_leaves_the_run_going():
    bench = Bench()
    key = bench.start()
    bench.tell(key, 1, "rate", 13)
    bench.work(2)
    assert bench.said("refused")[0]["why"] == "“rate” cannot become 13."
    assert bench.said("ended")[0]["digest"] == alone(50)


def test_nothing_acts_before_the_run_has_caught_up():
    bench = Bench()
    key = bench.start(updates=100, go=False, high=20, story=[(5, 1, "rate", 0.25)])
    bench.tell(key, 2, "rate", 0.125, high=20)
    bench.tell(key, 3, "once", high=20)
    bench.work(3)
    assert [(s["seq"], s["update"]) for s in bench.said("stamped")] == [(2, 20)]
    assert bench.update(key) == 21 and bench.said("keep")[-1]["command"] == 2
    bench.tell(key, 4, "resume")
    bench.work(2)
    assert bench.said("ended")[0]["digest"] == alone(100, [(5, "rate", 0.25), (20, "rate", 0.125)])


@pytest.mark.parametrize("breaths", [0, 3])
def test_a_paused_run_goes_on_elsewhere_from_its_checkpoint(breaths):
    class Breathing(ToyRun):
        pass

    Breathing.breaths = breaths
    bench = Bench(Breathing)
    key = bench.start(updates=60, go=False)
    for seq in range(1, 8):
        bench.tell(key, seq, "once")
    bench.work(8)
    kept = bench.said("keep")[-1]
    assert kept["update"] == 7
    other = Bench(Breathing)
    other.start(updates=60, checkpoint=kept["data"], high=7)
    other.work(8)
    assert other.said("ended")[0]["digest"] == alone(60)


def test_a_pause_inside_a_long_update_waits_for_its_end():
    class Long(ToyRun):
        breaths = 5

    bench = Bench(Long)
    key = bench.start(go=False)
    bench.work()
    active = bench.hands._turn[0]
    active.go = True
    active.advance(1)
    active.take(1, "pause", None, 0)
    bench.work(2)
    assert bench.said("keep", key)[-1]["update"] == 1 and bench.said("news", key)[-1]["status"] == "paused"


def test_a_raise_that_arrives_with_the_last_update_lets_the_run_go_on():
    bench = Bench()
    key = bench.start(updates=3, go=False)
    for seq in (1, 2):
        bench.tell(key, seq, "once")
    bench.work(3)
    bench.tell(key, 3, "updates", 9)
    bench.tell(key, 4, "resume")
    bench.work(2)
    assert bench.said("ended")[0]["digest"] == alone(3, [(2, "updates", 9)])


def test_a_finished_run_goes_on_when_its_story_raised_the_number_of_updates():
    bench = Bench()
    bench.start(updates=3)
    bench.work(2)
    other = Bench()
    other.start(updates=3, checkpoint=bench.said("keep")[-1]["data"], high=3, story=[(3, 1, "updates", 9)])
    other.work(2)
    assert other.said("ended")[0]["digest"] == alone(3, [(3, "updates", 9)])


def test_a_run_that_breaks_ends_alone():
    class Broken(ToyRun):
        fails_at = 4

    bench = Bench()
    good = bench.start("a", updates=10**9)
    bench.work()
    bench.hands._understand = toys(Broken)
    bad = bench.start("b")
    bench.work(3)
    (ended,) = bench.said("ended")
    assert (ended["key"], ended["status"], ended["reason"]) == (bad, "failed", "RuntimeError: it broke")
    before = bench.hands._turn[0].run.update
    bench.work(2)
    assert [a.key for a in bench.hands._turn] == [good] and bench.hands._turn[0].run.update > before


def test_a_record_that_cannot_be_read_fails_its_run_only():
    bench = Bench()
    good = bench.start()
    bench.start("b", spec="f" * 16)
    bench.work(3)
    failed, done = sorted(bench.said("ended"), key=lambda r: r["status"], reverse=True)
    assert failed["reason"] == "The record and the name of this run disagree."
    assert done["key"] == good and done["status"] == "done"


def test_messages_of_another_attempt_are_not_obeyed():
    bench = Bench()
    key = bench.start()
    bench.hands.receive(what="command", key=key, attempt=0, seq=1, name="stop", value=None, high=0)
    bench.work(2)
    assert bench.said("ended")[0]["status"] == "done"


def test_stop_keeps_where_it_stands_and_drop_says_nothing():
    bench = Bench()
    a, b = bench.start("a", go=False), bench.start("b", go=False)
    bench.tell(a, 1, "once")
    bench.tell(a, 2, "stop")
    bench.hands.receive(what="drop", key=b, attempt=1)
    bench.work(2)
    (ended,) = bench.said("ended")
    assert (ended["key"], ended["status"]) == (a, "stopped") and not bench.hands._turn
