"""The desk's rules: whose run it is, what a command does to others, who waits, who is believed."""

from __future__ import annotations

import random

import orjson
import pytest

from rnn_core.jobs import foreman
from rnn_core.jobs.answers import Archive
from rnn_core.jobs.store import read_index
from tests.jobs.floor import Floor, use_toys
from tests.jobs.toy import ToyRun, alone


@pytest.fixture
def floor(tmp_path, monkeypatch):
    use_toys(monkeypatch)
    floor = Floor(tmp_path)
    yield floor
    floor.store.close()


def story(look):
    """The log of a look, as the toy takes it."""
    return [(c["update"], c["name"], c["value"]) for c in look.log]


def test_the_plain_id_is_the_record_s_until_a_command_changes_numbers(floor):
    run_id = floor.submit()
    assert run_id == "0123456789abcdef" and floor.submit() == run_id and len(floor.desk.runs) == 1
    floor.work(3)
    for name in ("pause", "once", "resume"):
        assert floor.command(run_id, name) == run_id
    floor.work(3)
    moved = floor.command(run_id, "rate", 0.25)
    assert moved.startswith(run_id + "-") and floor.look(run_id).run_id == moved and floor.look(moved).run_id == moved
    fresh = floor.submit()
    assert fresh == run_id and floor.look(run_id).run_id == run_id
    assert floor.finish(run_id).digest == alone(30)
    done = floor.finish(moved)
    assert done.digest == alone(30, story(done)) != alone(30)


def test_any_command_on_a_run_that_is_not_yours_alone_makes_a_copy(floor):
    run_id = floor.submit(updates=10**6)
    floor.work(5)
    for name, value in (("pause", None), ("once", None), ("stop", None), ("rate", 0.25)):
        seen = floor.look(run_id).update
        copy = floor.command(run_id, name, value, owner="stranger")
        assert copy != run_id
        floor.work(20)
        assert floor.look(run_id).status == "running" and floor.look(run_id).holders == 1
        assert floor.look(copy).update >= (0 if name == "stop" else seen)
        floor.command(copy, "stop", owner="stranger")
        floor.work(5)


def test_of_two_who_submitted_the_same_either_gets_a_copy_and_the_other_keeps_the_run(floor):
    run_id = floor.submit("ann")
    floor.submit("ben")
    floor.work(9)
    copy = floor.command(run_id, "pause", owner="ann")
    assert copy != run_id and floor.look(run_id).holders == 1
    assert floor.command(run_id, "pause", owner="ben") == run_id
    floor.work(9)
    assert floor.look(run_id).status == floor.look(copy).status == "paused"


def test_to_play_a_paused_run_of_somebody_else_makes_a_copy_that_runs(floor):
    run_id = floor.submit("ann")
    floor.work(5)
    floor.command(run_id, "pause")
    floor.work(2)
    copy = floor.submit("ben")
    assert copy != run_id and floor.finish(copy).digest == alone(30)
    assert floor.look(run_id).status == "paused" and floor.submit("ann") == run_id
    assert floor.finish(run_id).digest == alone(30)


def test_a_command_that_changes_nothing_makes_no_copy(floor):
    run_id = floor.submit(updates=5)
    floor.work(1)
    assert floor.command(run_id, "resume", owner="stranger") == run_id
    floor.finish(run_id)
    assert floor.command(run_id, "pause", owner="stranger") == floor.command(run_id, "stop", owner="ben") == run_id
    assert len(floor.desk.runs) == 1


def test_the_last_of_two_quick_commands_wins(floor):
    run_id = floor.submit(updates=10**6)
    floor.work(3)
    floor.command(run_id, "pause")
    floor.command(run_id, "resume")
    floor.work(3)
    assert floor.look(run_id).status == "running" and not floor.look(run_id).waiting


@pytest.mark.parametrize("name", ["pause", "once", "stop", "rate"])
def test_commands_act_on_a_run_that_waits_for_a_worker(floor, name):
    floor.fire("worker-1")
    run_id = floor.submit()
    run_id = floor.command(run_id, name, 0.25 if name == "rate" else None)
    status = {"pause": "paused", "once": "paused", "stop": "stopped", "rate": "queued"}[name]
    assert floor.look(run_id).status == status
    floor.hire()
    floor.work(3)
    assert floor.look(run_id).update == {"pause": 0, "once": 1, "stop": 0}.get(name, floor.look(run_id).update)
    floor.command(run_id, "resume")
    look = floor.finish(run_id)
    assert look.digest == alone(30, story(look)) and story(look) == ([(0, "rate", 0.25)] if name == "rate" else [])


def test_a_stopped_and_a_finished_run_can_be_taken_up_again(floor):
    run_id = floor.submit()
    floor.work(4)
    floor.command(run_id, "stop")
    floor.work(1)
    assert floor.look(run_id).status == "stopped"
    floor.command(run_id, "resume")
    assert floor.finish(run_id).digest == alone(30)
    assert "raise the number" in floor.command(run_id, "once")
    more = floor.command(run_id, "updates", 40)
    look = floor.finish(more)
    assert look.target == 40 and look.digest == alone(30, story(look)) and look.count == 41


def test_a_refused_setting_gives_the_plain_id_back(floor):
    run_id = floor.submit(updates=10**6)
    floor.work(2)
    assert floor.command(run_id, "rate", 13) != run_id
    floor.work(2)
    look = floor.look(run_id)
    assert look.run_id == run_id and not look.waiting and not look.log and look.notice == "“rate” cannot become 13."


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


def test_a_copy_made_before_the_first_checkpoint_keeps_the_first_record(floor, tmp_path):
    run_id = floor.submit()
    floor.workers["worker-1"].hands.slice()
    floor.deliver("worker-1", 2)
    assert floor.look(run_id).count == 1 and floor.look(run_id).kept == 0 and not floor.desk._find(run_id).checkpoint
    copy = floor.command(run_id, "pause", owner="stranger")
    floor.command(copy, "resume", owner="stranger")
    floor.finish(copy)
    floor.store.settle()
    assert Archive(tmp_path).answer("look", run_id=copy)["count"] == 31


def test_a_setting_is_on_disk_before_a_worker_hears_of_it(floor, tmp_path):
    run_id = floor.submit(updates=10**6)
    floor.work(3)
    known, send = [], floor.desk.send

    def listen(worker, message):
        if message["what"] == "command":
            known.extend(c.name for entry in read_index(tmp_path) for c in entry.log)
        send(worker, message)

    floor.desk.send = listen
    floor.command(run_id, "rate", 0.25)
    assert known == ["rate"]


def test_an_id_or_a_question_that_makes_no_sense_is_one_sentence(floor):
    assert floor.ask("look", run_id="../x")["kind"] == floor.ask("look", run_id="0" * 16)["kind"] == "unknown"
    for question in ({"do": "explode"}, {"do": "look"}, {"do": "look", "run_id": "0" * 16, "since": "x", "more": 1}):
        assert floor.ask(**question)["error"].endswith(".")
    run_id = floor.submit()
    for name, value in (("rate", float("nan")), ("__class__", 1.0), ("rate", None), ("", 1.0)):
        answer = floor.ask("command", run_id=run_id, name=name, value=value, owner="ann")
        assert answer["kind"] == "refused"


def test_a_forgotten_run_leaves_nothing(floor, tmp_path):
    run_id = floor.submit()
    floor.finish(run_id)
    floor.store.settle()
    assert len(list((tmp_path / "runs").iterdir())) == 1
    floor.submit("ben")
    assert "yours alone" in floor.ask("forget", run_id=run_id, owner="ann")["error"]
    floor.desk._find(run_id).holders = ["ann"]
    assert floor.ask("forget", run_id=run_id, owner="ann")["run_id"] == run_id
    floor.store.settle()
    assert list((tmp_path / "runs").iterdir()) == [] and floor.ask("look", run_id=run_id)["kind"] == "unknown"


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
            self.command(floor, "resume")
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
            name = dice.choice(["pause", "resume", "resume", "once", "rate", "rate"])
            visitor.command(floor, name, dice.choice([0.1, 0.2, 0.3]) if name == "rate" else None)
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
