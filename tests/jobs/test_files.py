"""The files of one run."""

from __future__ import annotations

import pytest

from rnn_core.jobs import files
from rnn_core.jobs.files import Checkpoint
from rnn_core.jobs.history import write_record


def line(update):
    return write_record({"update": update})


def test_what_is_kept_comes_back(tmp_path):
    files.keep(tmp_path, Checkpoint(0, 0, b"zero"), [line(0)], {0: b"m0"})
    files.keep(tmp_path, Checkpoint(2, 7, b"two"), [line(1), line(2)], {1: b"m1", 2: b"m2"})
    assert files.read_checkpoint(tmp_path) == Checkpoint(2, 7, b"two")
    assert list(files.read_history(tmp_path, 2).updates) == [0, 1, 2]
    assert files.read_tape(tmp_path, -1, 2) == {0: b"m0", 1: b"m1", 2: b"m2"}
    assert files.read_tape(tmp_path, 0, 1) == {1: b"m1"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-2-7.safetensors", "history.jsonl", "tape"]


def test_a_folder_without_anything_is_a_run_that_has_not_begun(tmp_path):
    assert files.read_checkpoint(tmp_path) is None and files.read_tape(tmp_path, -1, 9) == {}
    assert files.read_history(tmp_path, 9).lines == []


def test_the_newest_of_two_checkpoints_counts(tmp_path):
    for name in ("checkpoint-9-1", "checkpoint-10-1", "checkpoint-10-0", "checkpoint-x-9"):
        (tmp_path / f"{name}.safetensors").write_bytes(name.encode())
    assert files.read_checkpoint(tmp_path) == Checkpoint(10, 1, b"checkpoint-10-1")


def test_a_history_that_says_more_than_the_checkpoint_is_mended(tmp_path):
    files.keep(tmp_path, Checkpoint(1, 0, b"x"), [line(0), line(1)], {})
    with (tmp_path / "history.jsonl").open("ab") as file:
        file.write(line(2) + b"\n" + line(3)[:5])
    files.mend(tmp_path, files.read_history(tmp_path, 1))
    files.keep(tmp_path, Checkpoint(2, 0, b"y"), [line(2)], {})
    assert (tmp_path / "history.jsonl").read_bytes() == b"".join(line(i) + b"\n" for i in range(3))


def test_a_fork_has_files_of_its_own(tmp_path):
    files.keep(tmp_path / "a", Checkpoint(1, 0, b"x"), [line(1)], {1: b"m"})
    files.copy(tmp_path / "a", tmp_path / "b")
    files.remove(tmp_path / "a")
    assert files.read_checkpoint(tmp_path / "b") == Checkpoint(1, 0, b"x") and not (tmp_path / "a").exists()
    files.copy(tmp_path / "a", tmp_path / "c")
    files.remove(tmp_path / "c")


def test_lines_that_do_not_fit_on_the_disk_are_not_written_by_halves(tmp_path, monkeypatch):
    path = tmp_path / "history.jsonl"
    path.write_bytes(line(0) + b"\n")

    class Full:
        def __init__(self, file):
            self.file = file

        def __getattr__(self, name):
            return getattr(self.file, name)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, data):
            self.file.write(data[:3])
            self.file.flush()
            raise OSError(28, "No space left on device")

    opened = type(path).open
    monkeypatch.setattr(type(path), "open", lambda self, mode: Full(opened(self, mode)))
    with pytest.raises(OSError):
        files._append(path, [line(1)])
    monkeypatch.undo()
    assert path.read_bytes() == line(0) + b"\n"
