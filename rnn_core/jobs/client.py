"""The pages' side of the engine."""
from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import safetensors.torch
from distributed import Client

from rnn_core.experiment import Experiment
from rnn_core.jobs.answers import Archive
from rnn_core.jobs.entry import CONTROLS
from rnn_core.jobs.errors import EngineError, NotThere, TooLarge, UnknownRun
from rnn_core.jobs.history import read_records
from rnn_core.jobs.launcher import ask, elsewhere, find_or_start, leave, reach
from rnn_core.jobs.look import Look, Summary, read_log
from rnn_core.jobs.place import check_id, data_folder
from rnn_core.jobs.preflight import refusal
from rnn_core.run import Run

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
        self._moments: dict[str, dict[int, Any]] = {}

    def hello(self) -> dict[str, Any]:
        """Version, process, workers (address to process), whether anything runs, and trouble with the store if any."""
        return self._ask("hello")

    def submit(self, spec: Experiment, *, owner: str, go: bool = True) -> str:
        """Run an experiment, or join the run of the same record; with ``go=False`` it waits at update 0."""
        memory = self.hello()["memory"]
        if memory and (why := refusal(spec, memory)):
            raise TooLarge(why)
        answer = self._ask("submit", record=spec.id, spec=spec.to_json(), owner=_token(owner), go=bool(go),
                           title=f"{spec.architecture} · {spec.task} · {spec.learner}", target=spec.updates)
        return answer["run_id"]

    def look(self, run_id: str, since: int = 0) -> Look:
        """How a run stands, with its records after the first ``since``."""
        look = Look.of(self._read("look", run_id=check_id(run_id), since=int(since)))
        self._seen[run_id] = self._seen[look.run_id] = max(look.update, self._seen.get(look.run_id, 0))
        return look

    def command(self, run_id: str, name: str, value: float | None = None, *, owner: str) -> str:
        """Pause, resume, once (one update, then rest), stop, or change a setting of the learner.

        Raises ValueError, with one sentence, for a setting or value that the learner does not have.
        """
        if name not in CONTROLS:
            _check_setting(self.spec(run_id), name, value)
        answer = self._ask("command", again=name != "once", run_id=check_id(run_id), name=name, owner=_token(owner),
                           value=None if value is None else float(value), seen=self._seen.get(run_id, 0))
        return answer["run_id"]

    def spec(self, run_id: str) -> Experiment:
        """The record that a run carries out."""
        return Experiment.from_json(self._read("look", run_id=check_id(run_id), since=2**62)["spec"])

    def fetch(self, run_id: str) -> Run:
        """The run itself, as of its last checkpoint: at most some two seconds old."""
        known = self._moments.get(check_id(run_id), {})
        answer = self._read("fetch", run_id=run_id, after=max(known, default=-1))
        spec = Experiment.from_json(answer["spec"])
        if answer["checkpoint"] is None:
            return Run(spec)
        fresh = {int(update): safetensors.torch.load(data) for update, data in answer["moments"].items()}
        if answer["key"] == run_id:
            self._moments[run_id] = known | fresh
        ended = answer["status"] in ("done", "diverged")
        return Run.assemble(spec, answer["checkpoint"], read_records(answer["lines"]), known | fresh,
                            read_log(answer["log"]), answer["status"] if ended else None, answer["reason"])

    def runs(self) -> list[Summary]:
        """Every run, oldest first."""
        return [Summary(**facts) for facts in self._read("runs")["runs"]]

    def forget(self, run_id: str, *, owner: str) -> None:
        """Delete a run that is this visitor's alone."""
        self._ask("forget", run_id=check_id(run_id), owner=_token(owner))

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


def _check_setting(spec: Experiment, name: str, value: float | None) -> None:
    if name not in type(spec.learner_settings).model_fields:
        raise ValueError(f"The learner {spec.learner} has no setting “{name[:40]}”.")
    if value is None:
        raise ValueError(f"A new value for {name.replace('_', ' ')} is needed.")
    spec.with_(**{name: value})
