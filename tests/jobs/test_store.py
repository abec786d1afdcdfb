"""The store: one thread writes in order, and waits where the disk refuses."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
import time

import pytest

from rnn_core.jobs import files, store
from rnn_core.jobs.answers import Archive
from rnn_core.jobs.entry import Entry, Logged
from rnn_core.jobs.errors import EngineError, UnknownRun
from rnn_core.jobs.files import Checkpoint
from rnn_core.jobs.history import write_record
from rnn_core.jobs.place import check_id, prepare, read_address, run_folder
from rnn_core.jobs.stops import Stop
from rnn_core.jobs.store import SCHEMA, Store
from rnn_core.records.given import data_folder

RECORD = "0123456789abcdef"


@pytest.fixture
def entry():
    entry = Entry(f"{RECORD}-00000001", "{}", "ann", "toy", 9, holders=["ann"], log=[Logged(1, 3, "rate", 0.5)])
    for update in range(4):
        entry.history.add(update, write_record({"update": update}))
    entry.checkpoint, entry.high = Checkpoint(2, 1, b"state"), 3
    return entry


def test_a_run_comes_back_as_far_as_its_checkpoint(tmp_path, entry):
    first = Store(tmp_path)
    first.keep(entry, {0: b"m0", 2: b"m2"})
    first.close()
    second = Store(tmp_path)
    (back,) = second.load()
    assert not back.opened and back.to_row() == entry.to_row()
    second.open(back)
    assert list(back.history.updates) == [0, 1, 2] and back.checkpoint == entry.checkpoint and back.high == 3
    back.history.add(3, write_record({"update": 3}))
    back.checkpoint = Checkpoint(3, 1, b"more")
    second.keep(back, {})
    second.close()
    answer = Archive(tmp_path).answer("fetch", run_id=RECORD)
    assert answer["checkpoint"] == b"more" and answer["lines"].count(b"update") == 4
    assert answer["moments"] == {"0": b"m0", "2": b"m2"}
    assert Archive(tmp_path).answer("look", run_id=entry.key, since=3)["lines"] == b'{"update":3}'
    assert [line["run_id"] for line in Archive(tmp_path).answer("runs")["runs"]] == [RECORD]


EARLIER = ("key", "standing", "owner", "holders", "spec", "title", "target", "created", "status", "reason", "high",
           "log", "digest", "made_with")


@pytest.fixture
def earlier(tmp_path, entry):
    """A folder as the first schema wrote it."""
    first = Store(tmp_path)
    first.keep(entry, {0: b"m0"})
    first.close()
    (tmp_path / "index.db").unlink()
    row = {name: value for name, value in entry.to_row().items() if name in EARLIER}
    with contextlib.closing(sqlite3.connect(tmp_path / "index.db")) as index, index:
        index.execute(f"create table runs({', '.join(EARLIER)}, primary key(key))")
        index.execute(f"insert into runs values({', '.join(':' + name for name in EARLIER)})", row)
        index.execute("pragma user_version=1")
    return tmp_path


def test_a_folder_of_an_earlier_schema_is_read_and_then_brought_up_to_date(earlier, entry):
    assert Archive(earlier).answer("look", run_id=RECORD)["count"] == 3
    (told,) = Archive(earlier).answer("runs", owner="ann")["runs"]
    assert (told["name"], told["held_out"], told["binned"], told["mine"]) == ("", None, False, True)
    for _ in range(2):
        store = Store(earlier)
        (back,) = store.load()
        back.name, back.speed, back.stop = back.name or "old", 2.0, back.stop or Stop("metric", 0.1, 3)
        store.save(back)
        store.close()
    assert (back.name, back.speed, back.stop, back.notice, back.binned) == ("old", 2.0, Stop("metric", 0.1, 3), "", 0.0)
    assert (back.key, back.log, back.holders) == (entry.key, entry.log, entry.holders)


def test_a_folder_of_a_later_schema_is_left_alone_in_one_sentence(earlier):
    with contextlib.closing(sqlite3.connect(earlier / "index.db")) as index, index:
        index.execute(f"pragma user_version={SCHEMA + 1}")
    with pytest.raises(EngineError, match=r"written by a newer version .*\.$"):
        Store(earlier)


def test_an_archive_without_anything_knows_no_run(tmp_path):
    assert Archive(tmp_path).answer("runs") == {"runs": []}
    with pytest.raises(UnknownRun):
        Archive(tmp_path).answer("look", run_id=RECORD)


def test_a_disk_that_refuses_is_said_and_nothing_is_lost(tmp_path, entry, monkeypatch):
    monkeypatch.setattr(store, "REST", 0.01)
    kept, keep = Store(tmp_path), files.keep

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "keep", full)
    kept.keep(entry, {})
    end = time.monotonic() + 20
    while not kept.trouble and time.monotonic() < end:
        time.sleep(0.01)
    assert "No space left" in kept.trouble
    kept.settle()
    monkeypatch.setattr(files, "keep", keep)
    while kept.trouble and time.monotonic() < end:
        time.sleep(0.01)
    kept.close()
    assert files.read_checkpoint(run_folder(tmp_path, entry.key)) == entry.checkpoint and not kept.trouble


def test_every_path_to_a_run_stays_inside_the_folder(tmp_path):
    assert run_folder(tmp_path, RECORD) == (tmp_path / "runs" / RECORD).resolve()
    odd = ("..", "../x", "/etc", f"{RECORD}/..", f"{RECORD}\n", "", None, 3, RECORD.upper(), f"{RECORD}-0000000g")
    for name in odd:
        with pytest.raises(UnknownRun, match="not the id"):
            run_folder(tmp_path, name)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / RECORD).symlink_to(tmp_path.parent)
    with pytest.raises(UnknownRun):
        run_folder(tmp_path, RECORD)
    assert check_id(RECORD) == RECORD


def test_the_data_folder_is_the_user_s_own(tmp_path, monkeypatch):
    monkeypatch.setenv("RNN_EXPLORER_DATA", str(tmp_path / "here"))
    folder = prepare(data_folder())
    assert folder == (tmp_path / "here").resolve() and stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    monkeypatch.delenv("RNN_EXPLORER_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert data_folder().name == "rnn-explorer"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": "x"}', '{"url": "x", "version": "1", "pid": 1, "more": 2}'])
def test_a_torn_address_is_no_address(tmp_path, text):
    (tmp_path / "engine.json").write_text(text)
    assert read_address(tmp_path) is None
