"""The store: one thread writes in order, and waits where the disk refuses."""

from __future__ import annotations

import stat
import time

import pytest

from rnn_core.jobs import files, store
from rnn_core.jobs.answers import Archive
from rnn_core.jobs.entry import Entry, Logged
from rnn_core.jobs.errors import UnknownRun
from rnn_core.jobs.files import Checkpoint
from rnn_core.jobs.history import write_record
from rnn_core.jobs.place import check_id, data_folder, prepare, read_address, run_folder
from rnn_core.jobs.store import Store

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
