"""The shelf: names, the list, the bin."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rnn_core.jobs import shelf
from rnn_core.jobs.answers import IN_THE_BIN, Archive
from tests.jobs.floor import Floor, story
from tests.jobs.toy import alone


def listed(floor, owner="ann"):
    """The list of runs as somebody sees it."""
    return [SimpleNamespace(**facts) for facts in floor.ask("runs", owner=owner)["runs"]]


def test_the_list_tells_what_is_mine_and_what_was_measured_last(floor):
    mine = floor.submit(updates=9)
    other = floor.submit("ben", record="e" * 16, updates=9)
    floor.finish(mine), floor.finish(other)
    floor.ask("rename", run_id=mine, name="  my first  ", owner="ann")
    first, second = listed(floor)
    assert (first.run_id, first.name, first.mine, first.binned) == (mine, "my first", True, False)
    assert (second.run_id, second.name, second.mine) == (other, "", False)
    assert first.held_out == first.metric and 0 <= first.metric < 1
    assert not any(one.mine for one in listed(floor, "")) and len(listed(floor, "nobody")) == 2


def test_a_name_is_kept_by_the_store_and_taken_away_again(floor, tmp_path):
    run_id = floor.submit()
    floor.ask("rename", run_id=run_id, name="Ω — <b>plain</b> & “text” 🙂", owner="ann")
    floor.work(3)
    floor.lose()
    later = Floor(tmp_path)
    assert later.look(run_id).name == "Ω — <b>plain</b> & “text” 🙂"
    assert Archive(tmp_path).answer("runs")["runs"][0]["name"] == later.look(run_id).name
    later.ask("rename", run_id=run_id, name="", owner="ann")
    assert later.look(run_id).name == ""
    later.store.close()


@pytest.mark.parametrize("name", ["x" * 81, "x" * 10**7, "two\nlines", "bell\a", "\x00", "\u202egnp", "\ud800", None,
                                  7, ["x"], b"x"])
def test_a_hostile_name_is_one_sentence(floor, name):
    run_id = floor.submit()
    answer = floor.ask("rename", run_id=run_id, name=name, owner="ann")
    assert answer == {"error": "A name is one line of at most 80 characters.", "kind": "refused"}
    assert floor.look(run_id).name == ""
    assert floor.ask("rename", run_id=run_id, name="x" * 80, owner="ann")["run_id"] == run_id


def test_what_others_hold_cannot_be_renamed_or_forgotten(floor):
    run_id = floor.submit()
    floor.submit("ben")
    for do, more, done in (("rename", {"name": "x"}, "renamed"), ("forget", {}, "forgotten")):
        for owner in ("ann", "ben", "stranger", ""):
            answer = floor.ask(do, run_id=run_id, owner=owner, **more)
            assert answer["error"] == f"Only a run that is yours alone can be {done}."
    assert "not in your bin" in floor.ask("restore", run_id=run_id, owner="stranger")["error"]
    assert floor.ask("forget", run_id="../x", owner="ann")["kind"] == "unknown"


def test_a_run_in_the_bin_says_so_and_comes_back_with_its_numbers(floor):
    run_id = floor.submit()
    floor.work(6)
    floor.command(run_id, "rate", 0.25)
    floor.work(4)
    moved = floor.look(run_id)
    key = floor.ask("forget", run_id=run_id, owner="ann")["run_id"]
    for name in (run_id, key):
        assert floor.ask("look", run_id=name) == {"error": IN_THE_BIN, "kind": "refused"}
        assert floor.command(name, "resume") == IN_THE_BIN == floor.ask("fetch", run_id=name)["error"]
        assert floor.ask("rename", run_id=name, name="x", owner="ann")["error"] == IN_THE_BIN
        assert floor.ask("forget", run_id=name, owner="ann")["error"] == IN_THE_BIN
    assert [(one.run_id, one.binned) for one in listed(floor)] == [(key, True)] and listed(floor, "ben") == []
    assert not floor.desk.busy and floor.desk._position(floor.desk.runs[key]) == 0
    assert floor.ask("restore", run_id=run_id, owner="ann")["run_id"] == moved.run_id
    assert floor.ask("restore", run_id=run_id, owner="ann")["run_id"] == moved.run_id
    look = floor.look(run_id)
    assert look.status == "paused" and look.update >= moved.update
    floor.command(run_id, "resume")
    look = floor.finish(run_id)
    assert look.digest == alone(30, story(look)) != alone(30)


def test_the_same_record_gives_a_fresh_run_and_the_old_one_keeps_its_key(floor):
    run_id = floor.submit()
    floor.finish(run_id)
    key = floor.ask("forget", run_id=run_id, owner="ann")["run_id"]
    assert key != run_id and floor.submit(go=False) == run_id and floor.look(run_id).update == 0
    assert floor.ask("restore", run_id=key, owner="ann")["run_id"] == key
    assert floor.look(key).digest == alone(30) and floor.look(run_id).update == 0
    assert sorted(one.run_id for one in listed(floor)) == sorted([key, run_id])


def test_the_bin_frees_a_place_and_is_emptied_after_an_hour_or_at_the_end(floor, tmp_path, monkeypatch):
    runs = [floor.submit(record=f"{i:016x}", updates=10**6) for i in range(5)]
    floor.work(20)
    assert [floor.look(r).status for r in runs] == ["running"] * 3 + ["queued"] * 2
    floor.ask("forget", run_id=runs[0], owner="ann")
    floor.work(10)
    assert floor.look(runs[3]).status == "running"
    floor.desk.tick()
    assert len(listed(floor)) == 5
    monkeypatch.setattr(shelf, "BIN_KEEPS", -1.0)
    floor.desk.tick()
    assert len(listed(floor)) == 4 and floor.ask("look", run_id=runs[0])["kind"] == "unknown"
    assert "deleted for good" in floor.ask("restore", run_id=runs[0], owner="ann")["error"]
    floor.ask("forget", run_id=runs[1], owner="ann")
    floor.desk.empty_bin()
    floor.work(20)
    floor.store.settle()
    assert len(list((tmp_path / "runs").iterdir())) == len(listed(floor)) == 3


def test_the_bin_outlives_an_engine_that_is_killed(floor, tmp_path):
    run_id = floor.submit()
    floor.finish(run_id)
    floor.ask("forget", run_id=run_id, owner="ann")
    floor.lose()
    assert Archive(tmp_path).answer("runs") == {"runs": []} != Archive(tmp_path).answer("runs", owner="ann")
    later = Floor(tmp_path)
    assert later.ask("look", run_id=run_id)["error"] == IN_THE_BIN
    assert later.ask("restore", run_id=run_id, owner="ann")["run_id"] == run_id
    assert later.look(run_id).digest == alone(30)
    later.store.close()
