"""The store of all runs: an SQLite index with files beside it, written by one thread of one process."""
from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rnn_core.jobs import files
from rnn_core.jobs.entry import COLUMNS, Entry
from rnn_core.jobs.errors import EngineError
from rnn_core.jobs.place import run_folder

SCHEMA = 2
REST = 1.0


class Store:
    """Writes in the order in which it was asked, never on the caller's thread.

    Where the disk refuses, ``trouble`` says so in one sentence and the same write is tried again every second; nothing
    is left out, and the runs go on in memory.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trouble = ""
        self._jobs: queue.Queue[Callable[[sqlite3.Connection], None] | None] = queue.Queue()
        (folder / "runs").mkdir(parents=True, exist_ok=True)
        with contextlib.closing(_connect(folder)) as index, index:
            index.execute("pragma journal_mode=wal")
            _prepare(index)
        self._thread = threading.Thread(target=self._write, name="store", daemon=True)
        self._thread.start()

    def load(self) -> list[Entry]:
        """Every run of the index."""
        return read_index(self.folder)

    def open(self, entry: Entry) -> Entry:
        """Bring a run's checkpoint and history back into memory, if they are not there."""
        if not entry.opened:
            self.settle()
            read_run(self.folder, entry)
            files.mend(run_folder(self.folder, entry.key), entry.history)
        return entry

    def save(self, entry: Entry) -> None:
        """Write a run's line of the index."""
        row = entry.to_row()
        names, values = ", ".join(COLUMNS), ", ".join(":" + name for name in COLUMNS)
        self._jobs.put(lambda index: _execute(index, f"replace into runs({names}) values({values})", row))

    def keep(self, entry: Entry, moments: dict[int, bytes]) -> None:
        """Write a run's newest checkpoint with the history and the moments that belong to it."""
        checkpoint = entry.checkpoint
        if checkpoint is None:
            return
        upto = entry.history.upto(checkpoint.update)
        lines, entry.written = entry.history.lines[entry.written:upto], upto
        place = run_folder(self.folder, entry.key)
        self._jobs.put(lambda _: files.keep(place, checkpoint, lines, moments))
        self.save(entry)

    def copy(self, source: Entry, target: Entry) -> None:
        """Give a fork its own files and its own line."""
        places = run_folder(self.folder, source.key), run_folder(self.folder, target.key)
        self._jobs.put(lambda _: files.copy(*places))
        self.save(target)

    def remove(self, entry: Entry) -> None:
        """Delete a run."""
        key, place = entry.key, run_folder(self.folder, entry.key)
        self._jobs.put(lambda index: _execute(index, "delete from runs where key = :key", {"key": key}))
        self._jobs.put(lambda _: files.remove(place))

    def settle(self) -> None:
        """Wait until all that was asked so far is written, or the disk has refused."""
        done = threading.Event()
        self._jobs.put(lambda _: done.set())
        while not done.wait(0.05) and not self.trouble:
            pass

    def close(self) -> None:
        """Write the rest and end the thread."""
        self._jobs.put(None)
        self._thread.join(timeout=5 * REST)

    def _write(self) -> None:
        with contextlib.closing(_connect(self.folder)) as index:
            index.execute("pragma synchronous=normal")
            while (job := self._jobs.get()) is not None:
                while not self._try(job, index):
                    time.sleep(REST)

    def _try(self, job: Callable[[sqlite3.Connection], None], index: sqlite3.Connection) -> bool:
        try:
            job(index)
        except (OSError, sqlite3.Error) as error:
            self.trouble = f"The store cannot be written ({error}); runs go on, kept in memory only."
            return False
        self.trouble = ""
        return True


def read_index(folder: Path) -> list[Entry]:
    """Every run of an index, read without changing anything; none where there is no index."""
    if not (folder / "index.db").exists():
        return []
    with contextlib.closing(_connect(folder, read_only=True)) as index:
        index.row_factory = sqlite3.Row
        return [Entry.from_row(row) for row in _rows(index)]


def read_run(folder: Path, entry: Entry) -> Entry:
    """A run of the index with its files, for a reader that must not write."""
    place = run_folder(folder, entry.key)
    checkpoint = files.read_checkpoint(place)
    entry.open(checkpoint, files.read_history(place, checkpoint.update if checkpoint else 0))
    return entry


def _rows(index: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    for row in index.execute("select * from runs order by created"):
        yield dict(row)


def _prepare(index: sqlite3.Connection) -> None:
    """Make the table, or give one of an earlier schema the columns that it lacks."""
    (version,) = index.execute("pragma user_version").fetchone()
    if version > SCHEMA:
        raise EngineError(f"The runs of this folder were written by a newer version (schema {version}, this one knows "
                          f"{SCHEMA}); update the project, or choose another folder.")
    index.execute(f"create table if not exists runs({', '.join(COLUMNS)}, primary key(key))")
    there = {name for _, name, *_ in index.execute("pragma table_info(runs)")}
    for name in COLUMNS:
        if name not in there:
            index.execute(f"alter table runs add column {name}")
    index.execute(f"pragma user_version={SCHEMA}")


def _execute(index: sqlite3.Connection, statement: str, values: dict[str, Any]) -> None:
    with index:
        index.execute(statement, values)


def _connect(folder: Path, read_only: bool = False) -> sqlite3.Connection:
    path = (folder / "index.db").as_uri()
    return sqlite3.connect(f"{path}?mode={'ro' if read_only else 'rwc'}", uri=True, timeout=5)
