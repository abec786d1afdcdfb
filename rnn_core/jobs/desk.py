"""The desk: the one that knows every run, gives it to a worker, logs commands, writes the store and answers the pages.

It runs in the scheduler's process and imports no torch. Three rules keep the numbers right:

- *Catch up first.* A run taken over, or forked, is first advanced to the highest update that anybody saw; only then do
  commands act, so that nothing that was on a screen is ever contradicted.
- *Log first.* A command that changes numbers is written before it is obeyed; the worker stamps the update at which it acted.
- *Fence.* Every report carries the number of its attempt; older attempts are not believed.

And one rule keeps visitors apart: **a command acts in place only on a run that is yours alone**. If somebody else submitted the
same record too, or the run was never yours, the command acts on a copy that is yours from then on, whatever the command is.
"""
from __future__ import annotations

import asyncio
import math
import os
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from rnn_core.jobs import files
from rnn_core.jobs.answers import describe, find, parts, summarise
from rnn_core.jobs.entry import CONTROLS, ENDED, Entry, new_key
from rnn_core.jobs.errors import EngineError, UnknownRun
from rnn_core.jobs.place import VERSION, check_id, run_folder
from rnn_core.jobs.store import Store

QUOTA = 3
WAITING_LIMIT = 200
DEATHS = 3
HUNG_WITH_COMMAND, HUNG = 10.0, 60.0
FORGET_AFTER = 600.0
SETTING = re.compile(r"[a-z][a-z_]{0,39}")
CAN_GO_ON = ("paused", "stopped", "failed")


class Desk:
    """Runs, workers and visitors.

    ``send(worker, message)`` and ``restart(worker)`` reach the workers; ``visitors()`` counts the dashboards that are here.
    """

    def __init__(self, store: Store, send: Callable[[str, dict], None], restart: Callable[[str], None],
                 visitors: Callable[[], int]) -> None:
        self.store, self.send, self.restart, self.visitors = store, send, restart, visitors
        self.workers: dict[str, int] = {}
        self.heard: dict[str, float] = {}
        self.in_hand: dict[str, str] = {}
        self.runs: dict[str, Entry] = {}
        self.records: dict[str, list[Entry]] = {}
        for entry in store.load():
            self._add(entry if entry.status in ENDED else store.open(entry))
        self.retired, self.memory = False, 0
        self._answers = {"retire": self._retire, "hello": self._hello, "submit": self._submit, "look": self._look, "command": self._command,
                         "fetch": self._fetch, "runs": self._runs, "forget": self._forget}

    @property
    def busy(self) -> bool:
        """Whether any run wants to go on."""
        return any(entry.status in ("queued", "running") for entry in self.runs.values())

    # ---- visitors

    async def answer(self, do: str = "", **question: Any) -> dict[str, Any]:
        """Answer one question of a page; what cannot be done comes back as one sentence."""
        try:
            answer = self._answers[do](**question)
            return await answer if asyncio.iscoroutine(answer) else answer
        except UnknownRun as error:
            return {"error": str(error), "kind": "unknown"}
        except EngineError as error:
            return {"error": str(error), "kind": "refused"}
        except (KeyError, TypeError, ValueError):
            return {"error": "The engine does not understand this question.", "kind": "refused"}

    def _hello(self) -> dict[str, Any]:
        return {"version": VERSION, "pid": os.getpid(), "workers": dict(self.workers), "busy": self.busy,
                "runs": len(self.runs), "memory": self.memory, "trouble": self.store.trouble}

    def _retire(self) -> dict[str, Any]:
        """Make room for another version, unless something runs or somebody else is here."""
        self.retired = not self.busy and self.visitors() <= 1
        return {"retired": self.retired}

    def _submit(self, record: str, spec: str, owner: str, title: str, target: int, go: bool) -> dict[str, Any]:
        entry = self._plain(check_id(record))
        if entry is None:
            if sum(e.owner == owner and e.status == "queued" for e in self.runs.values()) >= WAITING_LIMIT:
                raise EngineError(f"{WAITING_LIMIT} of your runs wait already; let some of them end first.")
            entry = Entry(new_key(record), spec, owner, title, target, holders=[owner],
                          status="queued" if go else "paused")
            self._add(entry)
        elif go and entry.status in CAN_GO_ON:
            return self._command(entry.key, "resume", None, owner)
        elif owner not in entry.holders:
            entry.holders.append(owner)
        self.store.save(entry)
        self.assign()
        return {"run_id": entry.id}

    def _command(self, run_id: str, name: str, value: float | None, owner: str, seen: int = 0) -> dict[str, Any]:
        entry = self._find(run_id)
        if name not in CONTROLS and not (SETTING.fullmatch(name) and math.isfinite(float(value))):
            raise EngineError("This is not a command that a run understands.")
        if self._refuses_or_needs_nothing(entry, name, value):
            return {"run_id": entry.id}
        self.store.open(entry)
        entry.high = max(entry.high, min(seen, entry.target))
        if entry.holders != [owner]:
            entry = self._fork(entry, owner)
        if name not in CONTROLS and entry.standing == "plain":
            entry.standing = "moved"
        self._act(entry, name, value)
        self.store.save(entry)
        self.assign()
        return {"run_id": entry.id}

    def _refuses_or_needs_nothing(self, entry: Entry, name: str, value: float | None) -> bool:
        """True where the command changes nothing; raises where the run's end rules it out."""
        status = entry.status
        if name in ("pause", "stop") and status in ENDED or name == "resume" and status in ("queued", "running"):
            return True
        if status == "diverged":
            raise EngineError("This run diverged and stays as it is; start one with a lower learning rate or with clipping.")
        if status == "done" and not (name == "updates" and value > entry.target):
            raise EngineError("This run has made its last update; raise the number of updates to let it go on.")
        return False

    def _act(self, entry: Entry, name: str, value: float | None) -> None:
        """Let a command act: at the worker where there is one, else on what the desk intends."""
        if entry.status in ENDED:
            entry.status, entry.reason, entry.digest, entry.kills = "paused", "", "", 0
            if name == "updates":
                entry.status = "queued"
        if entry.worker is not None:
            if name == "resume" and self._going(entry.owner) >= QUOTA:
                self._release(entry)
            else:
                seq = entry.note(name, value)
                self._tell(entry, what="command", seq=seq, name=name, value=value)
                return
        if name == "once" or name not in CONTROLS:
            entry.note(name, value)
        if name == "resume":
            entry.status, entry.place = "queued", time.monotonic()
        elif name in ("pause", "once"):
            entry.status = "paused"
        elif name == "stop":
            entry.status, entry.high = "stopped", entry.kept
            self._drop_waiting(entry)

    def _fork(self, entry: Entry, owner: str) -> Entry:
        fork = entry.fork(owner)
        if owner in entry.holders:
            entry.holders.remove(owner)
            self.store.save(entry)
        self.store.copy(entry, fork)
        return self._add(fork)

    def _look(self, run_id: str, since: int = 0) -> dict[str, Any]:
        entry = self.store.open(self._find(run_id))
        entry.looked = time.monotonic()
        return describe(entry, since, self._position(entry), self.store.trouble)

    def _runs(self) -> dict[str, Any]:
        return {"runs": [summarise(entry, self._position(entry)) for entry in self.runs.values()]}

    def _position(self, entry: Entry) -> int:
        """The place in the visitor's own line, from 1; 0 for a run that does not wait."""
        if entry.status != "queued" or entry.worker is not None:
            return 0
        return 1 + sum(e.status == "queued" and e.owner == entry.owner and e.worker is None and e.place < entry.place
                       for e in self.runs.values())

    async def _fetch(self, run_id: str, after: int = -1) -> dict[str, Any]:
        entry = self.store.open(self._find(run_id))
        entry.looked, answer = time.monotonic(), parts(entry)
        await asyncio.to_thread(self.store.settle)
        tape = await asyncio.to_thread(files.read_tape, run_folder(self.store.folder, entry.key), after,
                                       answer["update"])
        return {**answer, "moments": {str(update): data for update, data in tape.items()}}

    def _forget(self, run_id: str, owner: str) -> dict[str, Any]:
        entry = self._find(run_id)
        if entry.holders != [owner]:
            raise EngineError("Only a run that is yours alone can be forgotten.")
        if entry.worker is not None:
            self._release(entry)
        del self.runs[entry.key]
        self.records[entry.record].remove(entry)
        self.store.remove(entry)
        self.assign()
        return {"run_id": entry.id}

    def _find(self, run_id: str) -> Entry:
        return find(self.records.get(check_id(run_id)[:16], []), run_id)

    def _plain(self, record: str) -> Entry | None:
        return next((entry for entry in self.records.get(record, ()) if entry.standing == "plain"), None)

    def _add(self, entry: Entry) -> Entry:
        self.runs[entry.key] = entry
        self.records.setdefault(entry.record, []).append(entry)
        return entry

    # ---- workers

    def worker_joined(self, worker: str, pid: int) -> None:
        """A worker is ready for runs."""
        self.workers[worker], self.heard[worker] = pid, time.monotonic()
        self.assign()

    def worker_left(self, worker: str) -> None:
        """A worker is gone: the run it had in hand is to blame, all its runs wait for another (call ``assign`` soon)."""
        self.workers.pop(worker, None)
        self.heard.pop(worker, None)
        blamed = self.in_hand.pop(worker, None)
        for entry in [e for e in self.runs.values() if e.worker == worker]:
            entry.worker = None
            if entry.key == blamed and entry.status != "paused":
                entry.kills, entry.killed_at = entry.kills + 1, entry.high
                if entry.kills >= DEATHS:
                    self._end(entry, "failed", f"The worker died {DEATHS} times while it advanced this run, so it is not "
                                               "tried again; it may need more memory than there is.")

    def assign(self) -> None:
        """Give every run that wants to go on to the worker with the least to do, at most ``QUOTA`` a visitor."""
        load, going = Counter(dict.fromkeys(self.workers, 0)), Counter()
        for entry in self.runs.values():
            if entry.worker in load:
                load[entry.worker] += 1
                going[entry.owner] += entry.status in ("queued", "running")
        for entry in sorted((e for e in self.runs.values() if e.wants_worker), key=lambda e: e.place) if load else ():
            if entry.status in ("queued", "running"):
                if going[entry.owner] >= QUOTA:
                    entry.status = "queued"
                    continue
                going[entry.owner] += 1
            entry.worker = min(load, key=load.__getitem__)
            load[entry.worker] += 1
            self._start(entry)

    def _start(self, entry: Entry) -> None:
        entry.attempt += 1
        entry.history.cut(entry.kept)
        story = [(c.update, c.seq, c.name, c.value) for c in entry.log
                 if c.update is not None and c.seq > entry.kept_command]
        self._tell(entry, what="start", spec=entry.spec, checkpoint=entry.checkpoint and entry.checkpoint.data,
                   command=entry.kept_command, go=entry.status != "paused", high=entry.high, story=story)
        for seq, (name, value, _) in list(entry.waiting.items()):
            entry.waiting[seq] = (name, value, time.monotonic())
            self._tell(entry, what="command", seq=seq, name=name, value=value)

    def report(self, worker: str, key: str, attempt: int, kind: str, **said: Any) -> None:
        """Take in what a worker says of one run."""
        self.heard[worker] = time.monotonic()
        entry = self.runs.get(key)
        if entry is None or entry.worker != worker or entry.attempt != attempt:
            return
        if kind == "hand":
            self.in_hand[worker] = key
        elif kind == "news":
            self._take_news(entry, **said)
        elif kind == "keep":
            self._take_checkpoint(entry, **said)
        elif kind == "stamped":
            self._take_stamp(entry, **said)
        elif kind == "refused":
            entry.log = [c for c in entry.log if c.seq != said["seq"]]
            entry.waiting.pop(said["seq"], None)
            entry.notice = said["why"]
            if not entry.log and entry.standing == "moved" and self._plain(entry.record) is None:
                entry.standing = "plain"
            self.store.save(entry)
        elif kind == "ended":
            self._end(entry, **said)
            self.assign()

    def _take_news(self, entry: Entry, update: int, status: str, lines: Any, acted: Any, made_with: str) -> None:
        entry.update, entry.high, entry.made_with = update, max(entry.high, update), made_with
        for number, line in lines:
            entry.history.add(number, line)
        for seq in acted:
            entry.waiting.pop(seq, None)
        if status != entry.status:
            entry.status = status
            self.store.save(entry)
            self.assign()

    def _take_checkpoint(self, entry: Entry, update: int, command: int, data: bytes, moments: Any) -> None:
        entry.checkpoint = files.Checkpoint(update, command, data)
        if update > entry.killed_at:
            entry.kills = 0
        self.store.keep(entry, {number: moment for number, moment in moments})

    def _take_stamp(self, entry: Entry, seq: int, update: int) -> None:
        for command in entry.log:
            if command.seq == seq:
                command.update = update
                if command.name == "updates":
                    entry.target = int(command.value)
        entry.waiting.pop(seq, None)
        entry.notice = ""
        self.store.save(entry)

    def _end(self, entry: Entry, status: str, reason: str, digest: str = "") -> None:
        entry.worker, entry.reason, entry.digest = None, reason, digest
        raised = any(name == "updates" and value > entry.update for name, value, _ in entry.waiting.values())
        entry.status = "queued" if status == "done" and raised else status
        if entry.status in ENDED:
            entry.update = entry.high = entry.kept
            self._drop_waiting(entry)
        self.store.save(entry)

    def _drop_waiting(self, entry: Entry) -> None:
        """A run has ended: what was asked and has not acted never will."""
        entry.waiting.clear()
        entry.log = [c for c in entry.log if c.update is not None]

    def _release(self, entry: Entry) -> None:
        self._tell(entry, what="drop")
        entry.worker, entry.attempt = None, entry.attempt + 1

    def _tell(self, entry: Entry, **message: Any) -> None:
        self.send(entry.worker, {"key": entry.key, "attempt": entry.attempt, **message})

    def _going(self, owner: str) -> int:
        return sum(e.owner == owner and e.worker is not None and e.status in ("queued", "running")
                   for e in self.runs.values())

    def keep_all(self) -> None:
        """Ask every worker for a checkpoint of every run, because the engine ends."""
        for entry in self.runs.values():
            if entry.worker is not None and entry.status == "running":
                self._tell(entry, what="keep")

    # ---- time

    def tick(self) -> None:
        """Once a second: replace hung workers, and leave to the files what nobody looks at."""
        now = time.monotonic()
        for worker in list(self.workers):
            mine = [e for e in self.runs.values() if e.worker == worker]
            asked = min((at for e in mine for _, _, at in e.waiting.values()), default=now)
            silent = now - self.heard[worker]
            if (silent > HUNG_WITH_COMMAND < now - asked) or (silent > HUNG and any(e.status != "paused" for e in mine)):
                self.heard[worker] = now
                self.restart(worker)
        for entry in self.runs.values():
            if now - entry.looked > FORGET_AFTER and entry.opened and not entry.wants_worker:
                if entry.worker is not None and entry.status == "paused":
                    self._release(entry)
                elif entry.status in ENDED and not self.store.trouble:
                    entry.close()
