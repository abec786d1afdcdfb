"""The foreman: gives runs to workers, takes in what they report, and survives their death.

Three rules keep the numbers right:

- *Catch up first.* A run taken over, or forked, is first advanced to the highest update that anybody saw; only then do
  commands act, so that nothing that was on a screen is ever contradicted.
- *Log first.* A command that changes numbers is written before it is obeyed; the worker stamps the update at which it
  acted, and the stamp is written before any number that comes after it is shown.
- *Fence.* Every report carries the number of its attempt; older attempts are not believed.
"""
from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from rnn_core.jobs import files
from rnn_core.jobs.entry import ENDED, Entry
from rnn_core.jobs.stops import Stop, measured
from rnn_core.jobs.store import Store

QUOTA = 3
DEATHS = 3
HUNG_WITH_COMMAND, HUNG = 10.0, 60.0
LEAVE_TO_FILES = 600.0
DIED = (f"The worker died or hung {DEATHS} times while it advanced this run, so it is not tried again; "
        "a smaller network, batch or sequence may fit.")


class Foreman:
    """Runs and workers; ``send(worker, message)`` and ``restart(worker)`` reach the workers."""

    def __init__(self, store: Store, send: Callable[[str, dict], None], restart: Callable[[str], None]) -> None:
        self.store, self.send, self.restart = store, send, restart
        self.workers: dict[str, int] = {}
        self.heard: dict[str, float] = {}
        self.in_hand: dict[str, str] = {}
        self.runs: dict[str, Entry] = {}
        self.records: dict[str, list[Entry]] = {}
        for entry in store.load():
            self.add(entry if entry.status in ENDED else store.open(entry))

    @property
    def busy(self) -> bool:
        """Whether any run wants to go on."""
        return any(entry.status in ("queued", "running") for entry in self.runs.values())

    def add(self, entry: Entry) -> Entry:
        """Take a run in."""
        self.runs[entry.key] = entry
        self.records.setdefault(entry.record, []).append(entry)
        return entry

    def plain(self, record: str) -> Entry | None:
        """The run that answers to the id of its record."""
        return next((entry for entry in self.records.get(record, ()) if entry.id == record), None)

    def worker_joined(self, worker: str, pid: int) -> None:
        """A worker is ready for runs."""
        self.workers[worker], self.heard[worker] = pid, time.monotonic()
        self.assign()

    def worker_left(self, worker: str) -> None:
        """A worker is gone: the run it had in hand is to blame, and all its runs wait for ``assign``."""
        self.workers.pop(worker, None)
        self.heard.pop(worker, None)
        blamed = self.in_hand.pop(worker, None)
        for entry in [e for e in self.runs.values() if e.worker == worker]:
            entry.worker = None
            if entry.key == blamed and entry.status != "paused":
                entry.kills, entry.killed_at = entry.kills + 1, entry.high
                if entry.kills >= DEATHS:
                    self._end(entry, "failed", DIED)

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
        story = [(c.update, c.seq, c.name, c.value) for c in entry.log
                 if c.update is not None and c.seq > entry.kept_command]
        past = entry.history.lines[:entry.history.upto(entry.kept)] if entry.checkpoint else []
        self.tell(entry, what="start", spec=entry.spec, checkpoint=entry.checkpoint and entry.checkpoint.data,
                  command=entry.kept_command, go=entry.status != "paused", high=entry.high, story=story,
                  speed=entry.speed, stop=entry.stop.to_text() if entry.stop else "",
                  measured=measured(reversed(past), entry.stop.since if entry.stop else 2**62))
        for seq, (name, value, _) in list(entry.waiting.items()):
            entry.waiting[seq] = (name, value, time.monotonic())
            self.pass_on(entry, seq, name, value)

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
        elif kind == "ruled":
            self._take_rule(entry, **said)
        elif kind == "fired":
            self._take_pause(entry, **said)
        elif kind == "refused":
            self._take_refusal(entry, **said)
        elif kind == "ended":
            self._end(entry, **said)
            self.assign()

    def _take_news(self, entry: Entry, update: int, status: str, lines: Any, acted: Any, measured: Any,
                   seconds: float | None, made_with: str) -> None:
        entry.high, entry.made_with = max(entry.high, update), made_with
        entry.held_out, entry.metric = (new if new is not None else old
                                        for new, old in zip(measured, (entry.held_out, entry.metric)))
        entry.seconds = seconds if seconds is not None else entry.seconds
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
        entry.notice, entry.high = "", max(entry.high, update)
        self.store.save(entry)
        self.store.settle()

    def _take_rule(self, entry: Entry, seq: int, stop: str) -> None:
        entry.stop, entry.notice = Stop.from_text(stop), ""
        entry.waiting.pop(seq, None)
        self.store.save(entry)
        self.store.settle()

    def _take_pause(self, entry: Entry, update: int, why: str) -> None:
        """The run came to where it was asked to stop; this is on disk before it is shown."""
        entry.status, entry.stop, entry.notice, entry.high = "paused", None, why, max(entry.high, update)
        self.store.save(entry)
        self.store.settle()
        self.assign()

    def _take_refusal(self, entry: Entry, seq: int, why: str) -> None:
        entry.log = [command for command in entry.log if command.seq != seq]
        entry.waiting.pop(seq, None)
        entry.notice = why
        if not entry.log and entry.standing == "moved" and self.plain(entry.record) is None:
            entry.standing = "plain"
        self.store.save(entry)

    def _end(self, entry: Entry, status: str, reason: str, digest: str = "") -> None:
        entry.worker, entry.reason, entry.digest = None, reason, digest
        raised = any(name == "updates" and value > entry.high for name, value, _ in entry.waiting.values())
        entry.status = "queued" if status == "done" and raised else status
        if entry.status in ENDED:
            self.drop_waiting(entry)
        self.store.save(entry)

    def drop_waiting(self, entry: Entry) -> None:
        """A run has ended: what was asked and has not acted never will."""
        entry.waiting.clear()
        entry.log = [c for c in entry.log if c.update is not None]

    def pass_on(self, entry: Entry, seq: int, name: str, value: float | None) -> None:
        """Hand a command to the run's worker, with the update before which it must not act."""
        self.tell(entry, what="command", seq=seq, name=name, value=value, high=entry.high)

    def release(self, entry: Entry) -> None:
        """Take a run away from its worker."""
        self.tell(entry, what="drop")
        entry.worker, entry.attempt = None, entry.attempt + 1

    def tell(self, entry: Entry, **message: Any) -> None:
        """Send a message about a run to its worker."""
        self.send(entry.worker, {"key": entry.key, "attempt": entry.attempt, **message})

    def going(self, owner: str) -> int:
        """How many runs of a visitor are being advanced."""
        return sum(e.owner == owner and e.worker is not None and e.status in ("queued", "running")
                   for e in self.runs.values())

    def keep_all(self) -> None:
        """Ask every worker for a checkpoint of every run, because the engine ends."""
        for entry in self.runs.values():
            if entry.worker is not None and entry.status == "running":
                self.tell(entry, what="keep")

    def tick(self) -> None:
        """Once a second: replace hung workers, and leave to the files what nobody looks at."""
        now = time.monotonic()
        for worker in list(self.workers):
            mine = [e for e in self.runs.values() if e.worker == worker]
            asked = min((at for e in mine for _, _, at in e.waiting.values()), default=now)
            silent = now - self.heard[worker]
            moving = any(e.status != "paused" for e in mine)
            if (silent > HUNG_WITH_COMMAND and now - asked > HUNG_WITH_COMMAND) or (silent > HUNG and moving):
                self.heard[worker] = now
                self.restart(worker)
        for entry in self.runs.values():
            if now - entry.looked > LEAVE_TO_FILES and entry.opened and not entry.wants_worker:
                if entry.worker is not None and entry.status == "paused":
                    self.release(entry)
                elif entry.status in ENDED and not self.store.trouble:
                    entry.close()
