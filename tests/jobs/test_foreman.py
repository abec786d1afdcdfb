"""The foreman: who waits, who is believed, what a death does; and a whole engine shaken at random."""

from __future__ import annotations

import random
import re

import orjson
import pytest

from rnn_core.jobs import foreman
from rnn_core.jobs.entry import RULES
from tests.jobs.floor import Floor, story, use_toys
from tests.jobs.toy import ToyRun, alone


def test_at_most_three_runs_of_a_visitor_move_and_the_others_have_a_place(floor):
    runs = [floor.submit(record=f"{i:016x}", updates=10**6) for i in range(6)]
    other = floor.submit("ben", record="f" * 16, updates=10**6)
    floor.work(30)
    assert [floor.look(r).status for r in runs] == ["running"] * 3 + ["queued"] * 3
    assert [floor.look(r).position for r in runs] == [0, 0, 0, 1, 2, 3] and floor.look(other).status == "running"
    floor.command(runs[0], "pause")
    floor.work(10)
    assert floor.look(runs[3]).status == "running" and floor.look(runs[4]).position == 1
    floor.command(runs[0], "resume")
    floor.work(10)
    assert floor.look(runs[0]).status == "queued" and floor.look(runs[0]).position == 3
    floor.command(runs[1], "stop")
    floor.work(10)
    assert floor.look(runs[4]).status == "running"


def test_a_run_that_kills_its_worker_three_times_is_failed_and_its_neighbour_is_not(floor):
    bad, good = floor.submit(updates=10**6), floor.submit("ben", record="e" * 16, updates=10**6)
    for _ in range(foreman.DEATHS):
        floor.work(4)
        floor.desk.in_hand["worker-" + str(floor.born)] = floor.desk._find(bad).key
        floor.fire(f"worker-{floor.born}")
        floor.hire()
    assert floor.look(bad).status == "failed" and "not tried again" in floor.look(bad).reason
    floor.work(4)
    assert floor.look(good).status == "running"
    assert floor.command(bad, "resume") == bad
    floor.work(4)
    assert floor.look(bad).status == "running"


def test_deaths_are_forgiven_once_the_run_has_got_past_them(floor):
    run_id = floor.submit(updates=10**6)
    for _ in range(2 * foreman.DEATHS):
        floor.work(10)
        floor.command(run_id, "pause")
        floor.command(run_id, "resume")
        floor.work(30)
        floor.fire(f"worker-{floor.born}")
        floor.hire()
        floor.work(60)
        floor.command(run_id, "pause")
        floor.work(60)
        floor.command(run_id, "resume")
    floor.work(2)
    assert floor.look(run_id).status == "running"


def test_a_hung_worker_is_restarted_when_a_command_is_not_heard(floor, monkeypatch):
    run_id = floor.submit(updates=10**6)
    floor.work(3)
    floor.desk.tick()
    assert floor.restarted == []
    monkeypatch.setattr(foreman, "HUNG_WITH_COMMAND", -1.0)
    floor.command(run_id, "stop")
    floor.desk.tick()
    assert floor.restarted == ["worker-1"]
    floor.fire("worker-1")
    floor.hire()
    floor.work(2)
    assert floor.look(run_id).status == "stopped"


def test_reports_of_an_older_attempt_are_not_believed(floor):
    run_id = floor.submit(updates=10**6)
    floor.work(3)
    late = floor.workers["worker-1"]
    late.hands.slice()
    floor.desk.worker_left("worker-1")
    before = floor.look(run_id).update
    for report in late.reports:
        floor.desk.report("worker-1", **{**report, "update": 999})
    assert floor.look(run_id).update == before


def test_reports_of_an_older_attempt_of_the_same_worker_are_not_believed(floor):
    run_id = floor.submit(updates=10**6)
    floor.work(3)
    entry = floor.desk._find(run_id)
    old = {"key": entry.key, "attempt": entry.attempt - 1}
    floor.desk.report("worker-1", **old, kind="ended", status="failed", reason="It broke.")
    assert floor.look(run_id).status == "running"


def test_a_paused_copy_catches_up_with_what_was_seen(floor, monkeypatch):
    monkeypatch.setattr("rnn_core.jobs.active.NEWS_EVERY", 0.0)
    run_id = floor.submit(updates=10**6)
    floor.work(25)
    seen = floor.look(run_id)
    assert seen.kept < seen.update
    copy = floor.command(run_id, "pause", owner="stranger", seen=seen.update)
    floor.work(200)
    look = floor.look(copy)
    assert look.status == "paused" and look.kept == look.update == seen.update and look.lines == seen.lines


def test_a_pause_that_nobody_looks_at_leaves_the_worker_and_can_be_resumed(floor, monkeypatch):
    run_id = floor.submit()
    floor.work(4)
    floor.command(run_id, "pause")
    floor.work(3)
    monkeypatch.setattr(foreman, "LEAVE_TO_FILES", -1.0)
    floor.desk.tick()
    floor.work(1)
    assert floor.desk._find(run_id).worker is None and not floor.workers["worker-1"].hands._turn
    floor.command(run_id, "resume")
    assert floor.finish(run_id).digest == alone(30)


def test_what_nobody_looks_at_is_left_to_the_files(floor, monkeypatch):
    run_id = floor.submit()
    floor.finish(run_id)
    before = floor.look(run_id)
    monkeypatch.setattr(foreman, "LEAVE_TO_FILES", -1.0)
    floor.desk.tick()
    assert not floor.desk._find(run_id).opened
    after = floor.look(run_id)
    assert after == before and [r["update"] for r in map(orjson.loads, after.lines.split(b"\n"))] == list(range(31))


class Visitor:
    """Somebody who submits a toy, commands it at random, and remembers every record that was ever on the screen."""

    def __init__(self, floor, name, record):
        self.name, self.record, self.seen, self.update = name, record, {}, 0
        self.submit(floor)

    def submit(self, floor):
        self.run_id = floor.submit(self.name, record=self.record, updates=150)

    def look(self, floor):
        """See what there is; it must not contradict what was seen before."""
        look = floor.look(self.run_id)
        self.update = max(self.update, look.update)
        if look.notice.startswith("Paused"):
            assert look.status == "paused" and re.search(rf"update {look.update}\b", look.notice)
        for line in look.lines.split(b"\n"):
            if line:
                assert self.seen.setdefault(orjson.loads(line)["update"], line) == line
        return look

    def command(self, floor, name, value=None):
        self.look(floor)
        answer = floor.command(self.run_id, name, value, self.name, seen=self.update)
        if not answer.endswith("."):
            self.run_id = answer

    def finish(self, floor):
        """Let the run end, and see that its numbers are those of its record and log."""
        if floor.look(self.run_id).status != "done":
            for name, value in (("speed", 0.0), ("stop_never", None), ("resume", None)):
                self.command(floor, name, value)
            floor.finish(self.run_id)
        look = self.look(floor)
        assert look.status == "done" and look.digest == alone(150, story(look))
        assert [orjson.loads(line)["update"] for line in look.lines.split(b"\n")] == list(range(151))
        assert [c["update"] for c in look.log] == sorted(c["update"] for c in look.log)


@pytest.mark.parametrize("seed", [*range(8), 154, 169, 216, 360])
def test_whatever_happens_the_numbers_are_those_of_record_and_log(tmp_path, monkeypatch, seed):
    use_toys(monkeypatch)
    dice = random.Random(seed)
    monkeypatch.setattr("rnn_core.jobs.active.KEEP_EVERY", 0.0)
    monkeypatch.setattr("rnn_core.jobs.active.KEEP_FIRST", dice.choice([0.0, 0.0005, 1.0]))
    monkeypatch.setattr("rnn_core.jobs.active.NEWS_EVERY", dice.choice([0.0, 0.001]))
    monkeypatch.setattr("rnn_core.jobs.foreman.DEATHS", 10**6)

    class Breathing(ToyRun):
        breaths = dice.choice([0, 2])

    floor = Floor(tmp_path, 2, Breathing)
    visitors = [Visitor(floor, name, f"{dice.choice([1, 1, 2]):016x}") for name in "abc"]
    for _ in range(80):
        visitor, act = dice.choice(visitors), dice.random()
        if act < 0.35:
            name = dice.choice(["pause", "resume", "resume", "once", "rate", "rate", *RULES])
            value = {"rate": dice.choice([0.1, 0.2, 0.3]), "stop_update": dice.randrange(1, 150), "stop_metric": 0.05,
                     "stop_plateau": dice.choice([1, 3]), "speed": dice.choice([0.0, 1000.0])}.get(name)
            visitor.command(floor, name, value)
        elif act < 0.45:
            worker = dice.choice(list(floor.workers))
            floor.workers[worker].hands.slice()
            floor.deliver(worker, dice.randrange(3))
            floor.fire(worker)
            floor.hire()
        elif act < 0.5:
            floor.lose()
            floor = Floor(tmp_path, 2, Breathing)
        else:
            for _ in range(dice.randrange(12)):
                worker = dice.choice(list(floor.workers))
                floor.workers[worker].hands.slice()
                floor.deliver(worker, dice.choice([None, None, 1, 2]))
            visitor.look(floor)
    for visitor in visitors:
        visitor.finish(floor)
    floor.store.close()
