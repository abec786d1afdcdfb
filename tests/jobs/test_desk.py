"""The desk's rules: whose run it is, what a command does to others, what is on disk before it is told."""

from __future__ import annotations

import pytest

from rnn_core.jobs.answers import Archive
from rnn_core.jobs.store import read_index
from tests.jobs.floor import story
from tests.jobs.toy import alone


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
