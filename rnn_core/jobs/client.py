"""The pages' side of the engine."""
from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from distributed import Client

from rnn_core.jobs.answers import Archive
from rnn_core.jobs.entry import changes_numbers, check_name
from rnn_core.jobs.errors import EngineError, NotThere, TooLarge, UnknownRun
from rnn_core.jobs.kinds import kind_of, read
from rnn_core.jobs.known import Known
from rnn_core.jobs.launcher import ask, elsewhere, find_or_start, leave, reach
from rnn_core.jobs.look import Look, Summary, read_log
from rnn_core.jobs.place import check_id
from rnn_core.jobs.preflight import refusal
from rnn_core.records.given import data_folder

SILENCE = "The engine does not answer; try again in a moment."
REST = 5.0


def connect(folder: str | os.PathLike[str] | None = None, workers: int | None = None) -> Engine:
    """The engine of a folder, started if none answers, or the one that ``RNN_EXPLORER_SCHEDULER`` points to."""
    engine = Engine(Path(folder) if folder is not None else data_folder(), workers)
    engine.hello()
    return engine


class Engine:
    """Submit runs, look at them, command them. Safe to share between threads; finds its engine again by itself.

    ``owner`` is any token that stands for one visitor. A command acts in place on a run that only this visitor
    submitted, and on a copy otherwise; ``submit`` and ``command`` return the id to go on with. Everything raises
    ``EngineError`` (``UnknownRun``, ``TooLarge``, ``NotThere``) with one sentence. Where no engine can be had, runs are
    read from the store.
    """

    def __init__(self, folder: Path, workers: int | None = None) -> None:
        self.folder, self._workers = folder, workers
        self._archive = Archive(folder)
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._not_before = 0.0
        self._seen: dict[str, int] = {}
        self._known = Known()

    def hello(self) -> dict[str, Any]:
        """Version, process, workers (address to process), whether anything runs, and trouble with the store if any."""
        return self._ask("hello")

    def submit(self, record: Any, *, owner: str, go: bool = True) -> str:
        """Carry out a record, or join the run of the same record; with ``go=False`` it waits at update 0.

        The record is an Experiment, or of another kind that ``rnn_core.jobs.kinds`` knows.
        """
        kind, memory = kind_of(record), self.hello()["memory"]
        if memory and (why := refusal(record, memory)):
            raise TooLarge(why)
        answer = self._ask("submit", record=record.id, spec=record.to_json(), owner=_token(owner), go=bool(go),
                           title=kind.title(record), target=record.updates)
        return answer["run_id"]

    def look(self, run_id: str, since: int = 0) -> Look:
        """How a run stands, with its records after the first ``since``."""
        look = Look.of(self._read("look", run_id=check_id(run_id), since=int(since)))
        self._seen[run_id] = self._seen[look.run_id] = max(look.update, self._seen.get(look.run_id, 0))
        return look

    def command(self, run_id: str, name: str, value: float | None = None, *, owner: str) -> str:
        """Pause, resume, once (one update, then rest), stop, change a rule of the run, or a setting of its learner.

        Rules change no number: ``speed`` (updates a second, 0 for as fast as it can), and when the run is to pause by
        itself, of which the last that was asked for holds: ``stop_update`` (at an update), ``stop_metric`` (held-out
        metric at least as good as ``value``), ``stop_plateau`` (``value`` measurements without a held-out loss 1 %
        lower), ``stop_never``. Raises ValueError, with one sentence, for a setting or value that the learner does not
        have.
        """
        if changes_numbers(name):
            if value is None:
                raise ValueError(f"A new value for {str(name)[:40].replace('_', ' ')} is needed.")
            kind, record = self._record(run_id)
            kind.check(record, name, value)
        answer = self._ask("command", again=name != "once", run_id=check_id(run_id), name=name, owner=_token(owner),
                           value=None if value is None else float(value), seen=self._seen.get(run_id, 0))
        return answer["run_id"]

    def spec(self, run_id: str) -> Any:
        """The record that a run carries out."""
        return self._record(run_id)[1]

    def _record(self, run_id: str) -> tuple[Any, Any]:
        return read(self._read("look", run_id=check_id(run_id), since=2**62)["spec"])

    def fetch(self, run_id: str) -> Any:
        """The run itself, as of its last checkpoint: at most some two seconds old."""
        known = self._known.part(check_id(run_id))
        answer = self._read("fetch", run_id=run_id, **known.question())
        kind, record = read(answer["spec"])
        if answer["checkpoint"] is None:
            return kind.run(record)
        known = known.with_(answer)
        self._known.keep(run_id, known)
        ended = answer["status"] in ("done", "diverged")
        return kind.run.assemble(record, answer["checkpoint"], known.records, known.moments, read_log(answer["log"]),
                                 answer["status"] if ended else None, answer["reason"])

    def runs(self, owner: str | None = None) -> list[Summary]:
        """Every run, oldest first; what an ``owner`` has in the bin is among them, of others' bins nothing is."""
        return [Summary(**facts) for facts in self._read("runs", owner="" if owner is None else _token(owner))["runs"]]

    def rename(self, run_id: str, name: str, *, owner: str) -> str:
        """Give a run that is this visitor's alone a name of at most 80 characters, or none with ""."""
        return self._ask("rename", run_id=check_id(run_id), name=check_name(name), owner=_token(owner))["run_id"]

    def forget(self, run_id: str, *, owner: str) -> str:
        """Put a run that is this visitor's alone into the bin, for an hour or until the engine ends."""
        return self._ask("forget", run_id=check_id(run_id), owner=_token(owner))["run_id"]

    def restore(self, run_id: str, *, owner: str) -> str:
        """Take a run out of the bin again."""
        return self._ask("restore", run_id=check_id(run_id), owner=_token(owner))["run_id"]

    def close(self) -> None:
        """Leave; the engine goes on while anything runs, and for a minute more."""
        with self._lock:
            self._leave()

    def _read(self, do: str, **question: Any) -> dict[str, Any]:
        """A question that the store alone can answer too."""
        try:
            return self._ask(do, **question)
        except NotThere:
            if elsewhere():
                raise
            return self._archive.answer(do, **question)

    def _ask(self, do: str, *, again: bool = True, **question: Any) -> dict[str, Any]:
        """A question to the desk; a lost engine is found or started again, and asked again where that does no harm."""
        answer = self._ask_once(do, question)
        if answer is None and again:
            answer = self._ask_once(do, question)
        if answer is None:
            raise NotThere(SILENCE)
        if "error" in answer:
            raise (UnknownRun if answer["kind"] == "unknown" else EngineError)(answer["error"])
        return answer

    def _ask_once(self, do: str, question: dict[str, Any]) -> dict[str, Any] | None:
        client = self._connected()
        try:
            return ask(client, do=do, **question)
        except (OSError, TimeoutError):
            with self._lock:
                if self._client is client:
                    self._leave()
            return None

    def _connected(self) -> Client:
        with self._lock:
            if self._client is None:
                if time.monotonic() < self._not_before:
                    raise NotThere(SILENCE)
                there = elsewhere()
                try:
                    self._client = reach(*there) if there else find_or_start(self.folder, self._workers)
                except (OSError, TimeoutError, NotThere) as error:
                    self._not_before = time.monotonic() + REST
                    raise NotThere(str(error) if isinstance(error, NotThere) else SILENCE) from None
            return self._client

    def _leave(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            leave(client)


def _token(owner: str) -> str:
    if not isinstance(owner, str) or not 0 < len(owner) <= 100:
        raise EngineError("A visitor's token is a text of 1 to 100 characters.")
    return owner
