"""The desk: answers the pages, keeps the rules between visitors, and hands the work to the foreman it is built on.

One rule keeps visitors apart: **a command acts in place only on a run that is yours alone**. If somebody else submitted
the same record too, or the run was never yours, the command acts on a copy that is yours from then on, whatever the
command is. A command that would change nothing (to pause what has ended, to resume what runs) makes no copy.
"""
from __future__ import annotations

import asyncio
import math
import os
import re
import time
from collections.abc import Callable
from typing import Any

from rnn_core.jobs import files
from rnn_core.jobs.answers import describe, parts
from rnn_core.jobs.entry import CONTROLS, ENDED, RULES, STOPS, Entry, changes_numbers, new_key
from rnn_core.jobs.errors import EngineError, UnknownRun
from rnn_core.jobs.foreman import QUOTA
from rnn_core.jobs.kinds import read
from rnn_core.jobs.pace import check_speed
from rnn_core.jobs.place import ENGINE_VERSION, check_id, run_folder, source
from rnn_core.jobs.shelf import Shelf
from rnn_core.jobs.stops import Stop, check_stop, measured
from rnn_core.jobs.store import Store

WAITING_LIMIT = 200
SETTING = re.compile(r"[a-z][a-z_]{0,39}")
CAN_GO_ON = ("paused", "stopped", "failed")


class Desk(Shelf):
    """Runs, workers and visitors; ``visitors()`` counts the dashboards that are connected."""

    def __init__(self, store: Store, send: Callable[[str, dict], None], restart: Callable[[str], None],
                 visitors: Callable[[], int]) -> None:
        super().__init__(store, send, restart)
        self.visitors, self.retired, self.memory = visitors, False, 0
        self.source = source()
        self._answers = {"hello": self._hello, "retire": self._retire, "submit": self._submit, "look": self._look,
                         "command": self._command, "fetch": self._fetch, "runs": self._runs, "rename": self._rename,
                         "forget": self._forget, "restore": self._restore}

    async def answer(self, do: str = "", **question: Any) -> dict[str, Any]:
        """Answer one question of a page; what cannot be done comes back as one sentence.

        What a page caused is on disk before it is told, and so is what it sees while a command still waits: after a
        crash the command acts no earlier than that.
        """
        try:
            answer = self._answers[do](**question)
            if do in ("submit", "command", "rename", "forget", "restore"):
                await asyncio.to_thread(self.store.settle)
            return await answer if asyncio.iscoroutine(answer) else answer
        except UnknownRun as error:
            return {"error": str(error), "kind": "unknown"}
        except EngineError as error:
            return {"error": str(error), "kind": "refused"}
        except (KeyError, TypeError, ValueError):
            return {"error": "The engine does not understand this question.", "kind": "refused"}

    def _hello(self) -> dict[str, Any]:
        return {"version": ENGINE_VERSION, "source": self.source, "pid": os.getpid(), "workers": dict(self.workers),
                "busy": self.busy, "runs": len(self.runs), "memory": self.memory, "trouble": self.store.trouble}

    def _retire(self) -> dict[str, Any]:
        """Make room for another version, unless something runs or somebody else is here."""
        self.retired = not self.busy and self.visitors() <= 1
        return {"retired": self.retired}

    def _submit(self, record: str, spec: str, owner: str, title: str, target: int, go: bool) -> dict[str, Any]:
        entry = self.plain(check_id(record))
        if entry is None:
            if sum(e.owner == owner and e.status == "queued" for e in self.runs.values()) >= WAITING_LIMIT:
                raise EngineError(f"{WAITING_LIMIT} of your runs wait already; let some of them end first.")
            entry = Entry(new_key(record), spec, owner, title, target, holders=[owner],
                          status="queued" if go else "paused")
            self.add(entry)
        elif go and entry.status in CAN_GO_ON:
            return self._command(entry.key, "resume", None, owner)
        elif owner not in entry.holders:
            entry.holders.append(owner)
        self.store.save(entry)
        self.assign()
        return {"run_id": entry.id}

    def _command(self, run_id: str, name: str, value: float | None, owner: str, seen: int = 0) -> dict[str, Any]:
        entry = self._find(run_id)
        if changes_numbers(name) and not (SETTING.fullmatch(name) and math.isfinite(float(value))):
            raise EngineError("This is not a command that a run understands.")
        if self._refuses_or_needs_nothing(entry, name, value):
            return {"run_id": entry.id}
        self.store.open(entry)
        if name in RULES:
            self._check_rule(entry, name, value, seen)
        entry.high = max(entry.high, min(seen, entry.target))
        if entry.holders != [owner]:
            entry = self._fork(entry, owner)
        if changes_numbers(name) and entry.standing == "plain":
            entry.standing = "moved"
        self._act(entry, name, value)
        self.store.save(entry)
        self.assign()
        return {"run_id": entry.id}

    def _refuses_or_needs_nothing(self, entry: Entry, name: str, value: float | None) -> bool:
        """True where the command changes nothing; raises where the run's end rules it out."""
        status, asked = entry.status, {name for name, _, _ in entry.waiting.values()}
        controlled = not asked.isdisjoint(CONTROLS)
        if name == "resume" and status in ("queued", "running") and not controlled:
            return True
        if name == "pause" and status == "paused" and not controlled or name in ("pause", "stop") and status in ENDED:
            return True
        if name == "speed" and value == entry.speed:
            return True
        if name == "stop_never" and not entry.stop and asked.isdisjoint(STOPS):
            return True
        if status == "diverged":
            raise EngineError("This run diverged and stays as it is; start one with a lower learning rate or clipping.")
        if status == "done" and name not in RULES and not (name == "updates" and value > entry.target):
            raise EngineError("This run has made its last update; raise the number of updates to let it go on.")
        return False

    def _check_rule(self, entry: Entry, name: str, value: float | None, seen: int) -> None:
        """Raise, in one sentence, for a rule that makes no sense, or that the run has passed already."""
        if name == "stop_never":
            return
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise EngineError(f"A number is needed for “{name.replace('_', ' ')}”.")
        try:
            if name == "speed":
                check_speed(value)
                return
            check_stop(name, value)
        except ValueError as error:
            raise EngineError(str(error)) from None
        kind, record = read(entry.spec)
        update, last = max(entry.high, min(seen, entry.target)), measured(reversed(entry.history.lines))
        if why := Stop.asked(name, value, update).passed(update, last[-1] if last else {}, kind.task(record)):
            raise EngineError(why)

    def _act(self, entry: Entry, name: str, value: float | None) -> None:
        """Let a command act: at the worker where there is one, else on what the desk intends."""
        entry.notice = ""
        if name == "speed":
            entry.speed = value
        elif entry.status in ENDED and name not in RULES:
            entry.status, entry.reason, entry.digest, entry.kills = "paused", "", "", 0
            if name == "updates":
                entry.status = "queued"
        if entry.worker is not None:
            if name == "resume" and self.going(entry.owner) >= QUOTA:
                self.release(entry)
            else:
                seq = entry.note(name, value)
                if changes_numbers(name):
                    self.store.save(entry)
                    self.store.settle()
                self.pass_on(entry, seq, name, value)
                return
        if name == "once" or changes_numbers(name):
            entry.note(name, value)
        elif name in STOPS:
            entry.stop = Stop.asked(name, value, entry.high)
            entry.waiting = {seq: asked for seq, asked in entry.waiting.items() if asked[0] not in STOPS}
        if name == "resume":
            entry.status, entry.place = "queued", time.monotonic()
        elif name in ("pause", "once"):
            entry.status = "paused"
        elif name == "stop":
            entry.status, entry.high = "stopped", entry.kept
            self.drop_waiting(entry)

    def _fork(self, entry: Entry, owner: str) -> Entry:
        fork = entry.fork(owner)
        if owner in entry.holders:
            entry.holders.remove(owner)
            self.store.save(entry)
        self.store.copy(entry, fork)
        return self.add(fork)

    def _look(self, run_id: str, since: int = 0) -> dict[str, Any]:
        entry = self.store.open(self._find(run_id))
        entry.looked = time.monotonic()
        if any(command.update is None for command in entry.log):
            self.store.save(entry)
            self.store.settle()
        return describe(entry, since, self._position(entry), self.store.trouble)

    async def _fetch(self, run_id: str, key: str = "", after: int = -1, since: int = 0) -> dict[str, Any]:
        """All of a run, but of the run ``key`` only the moments after ``after`` and the lines after ``since``."""
        entry = self.store.open(self._find(run_id))
        after, since = (after, max(0, since)) if entry.key == key else (-1, 0)
        entry.looked, answer = time.monotonic(), parts(entry, since)
        await asyncio.to_thread(self.store.settle)
        tape = await asyncio.to_thread(files.read_tape, run_folder(self.store.folder, entry.key), after,
                                       answer["update"])
        return {**answer, "moments": {str(update): data for update, data in tape.items()}}
