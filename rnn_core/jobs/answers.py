"""The answers to a page's questions about one run, whoever gives them: the desk, or the store alone."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rnn_core.jobs import files
from rnn_core.jobs.entry import Entry
from rnn_core.jobs.errors import EngineError, UnknownRun
from rnn_core.jobs.place import check_id, run_folder
from rnn_core.jobs.store import read_index, read_run

NO_SUCH_RUN = "There is no run with this id here; it may have been forgotten, or made elsewhere."
IN_THE_BIN = "This run is in the bin; take it out again first."


def summarise(entry: Entry, position: int = 0) -> dict[str, Any]:
    """One line of the list of runs."""
    return {"run_id": entry.id, "status": entry.status, "reason": entry.reason, "update": entry.high,
            "target": entry.target, "title": entry.title, "created": entry.created, "holders": len(entry.holders),
            "position": position, "spec": entry.spec, "name": entry.name, "held_out": entry.held_out,
            "metric": entry.metric, "seconds": entry.seconds}


def listed(entries: list[Entry], owner: str, position: Callable[[Entry], int]) -> list[dict[str, Any]]:
    """The list of runs as a visitor sees it: what others put into the bin is not on it."""
    return [{**summarise(entry, position(entry)), "mine": owner in entry.holders, "binned": bool(entry.binned)}
            for entry in entries if not entry.binned or owner in entry.holders]


def describe(entry: Entry, since: int, position: int = 0, trouble: str = "") -> dict[str, Any]:
    """A look at a run whose history is in memory."""
    return {**summarise(entry, position), "lines": entry.history.since(max(0, since)),
            "count": len(entry.history.lines), "kept": entry.kept, "log": _acted(entry), "waiting": len(entry.waiting),
            "notice": entry.notice, "speed": entry.speed, "stop": str(entry.stop or ""), "attempt": entry.attempt,
            "digest": entry.digest, "made_with": entry.made_with, "trouble": trouble}


def parts(entry: Entry, since: int = 0) -> dict[str, Any]:
    """All that a run is put together from, as of its checkpoint, without the tape and the first ``since`` lines."""
    return {"run_id": entry.id, "key": entry.key, "spec": entry.spec, "status": entry.status, "reason": entry.reason,
            "log": _acted(entry), "update": entry.kept, "checkpoint": entry.checkpoint and entry.checkpoint.data,
            "since": since, "lines": b"\n".join(entry.history.lines[since:entry.history.upto(entry.kept)])}


def find(entries: list[Entry], run_id: str) -> Entry:
    """The run that an id means: by its key, by the plain id, or by the plain id that it had last.

    Raises UnknownRun, or EngineError for one that is in the bin.
    """
    there = [entry for entry in entries if matches(entry, check_id(run_id))]
    live = [entry for entry in there if not entry.binned]
    if there and not live:
        raise EngineError(IN_THE_BIN)
    if not there:
        raise UnknownRun(NO_SUCH_RUN)
    named = [entry for entry in live if run_id in (entry.key, entry.id)]
    return named[0] if named else max(live, key=lambda entry: entry.created)


def matches(entry: Entry, run_id: str) -> bool:
    """Whether an id may mean this run; a fork's record leads to others only."""
    return run_id == entry.key or run_id == entry.record and entry.standing != "fork"


class Archive:
    """A store that is only read, for when no engine is there: looks, parts and the list of runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def answer(self, do: str, run_id: str = "", since: int = 0, after: int = -1, key: str = "",
               owner: str = "") -> dict[str, Any]:
        """Answer ``look``, ``fetch`` or ``runs`` as the desk would; raises UnknownRun."""
        entries = read_index(self.folder)
        if do == "runs":
            return {"runs": listed(entries, owner, lambda _: 0)}
        entry = read_run(self.folder, find(entries, check_id(run_id)))
        if do == "look":
            return describe(entry, since)
        after, since = (after, since) if entry.key == key else (-1, 0)
        tape = files.read_tape(run_folder(self.folder, entry.key), after, entry.kept)
        return {**parts(entry, since), "moments": {str(update): data for update, data in tape.items()}}


def _acted(entry: Entry) -> list[dict[str, Any]]:
    return [vars(command) for command in entry.log if command.update is not None]
