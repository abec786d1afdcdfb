"""What the desk knows about one run.

A run has a *key* of its own, ``<record id>-<8 random digits>``, by which it can always be found. While it follows its
record without a command it may also answer to the *plain* id, the record's: that is how identical experiments are one
run. The first command that changes numbers takes the plain id away (standing ``moved``): the id leads to the moved run
until somebody submits the same record again. A fork never has the plain id.
"""
from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from rnn_core.jobs.errors import EngineError
from rnn_core.jobs.files import Checkpoint
from rnn_core.jobs.history import History
from rnn_core.jobs.stops import Stop

CONTROLS = ("pause", "resume", "once", "stop")
STOPS = ("stop_update", "stop_metric", "stop_plateau", "stop_never")
RULES = ("speed", *STOPS)
ENDED = ("stopped", "done", "diverged", "failed")
COLUMNS = ("key", "standing", "owner", "holders", "spec", "title", "target", "created", "status", "reason", "high",
           "log", "digest", "made_with", "name", "speed", "stop", "notice", "binned", "held_out", "metric", "seconds")
NAME_LIMIT = 80


@dataclass
class Logged:
    """A command that changes numbers: its number in the order of asking, when it acted (None: not yet), what."""

    seq: int
    update: int | None
    name: str
    value: float


@dataclass
class Entry:
    """One run: its record, its story, where it is being advanced.

    ``high`` is the highest update that was shown, ``held_out``, ``metric`` and ``seconds`` what was measured last,
    ``speed`` and ``stop`` how fast it may go and when it is to pause, ``binned`` the time at which it went into the
    bin, 0 outside.
    """

    key: str
    spec: str
    owner: str
    title: str
    target: int
    standing: str = "plain"
    holders: list[str] = field(default_factory=list)
    created: float = field(default_factory=time.time)
    status: str = "queued"
    reason: str = ""
    high: int = 0
    log: list[Logged] = field(default_factory=list)
    digest: str = ""
    made_with: str = ""
    name: str = ""
    speed: float = 0.0
    stop: Stop | None = None
    notice: str = ""
    binned: float = 0.0
    held_out: float | None = None
    metric: float | None = None
    seconds: float = 0.0

    checkpoint: Checkpoint | None = None
    history: History = field(default_factory=History)
    written: int = 0
    worker: str | None = None
    attempt: int = field(default_factory=lambda: int(time.time()))
    seq: int = 0
    waiting: dict[int, tuple[str, float | None, float]] = field(default_factory=dict)
    kills: int = 0
    killed_at: int = 0
    place: float = field(default_factory=time.monotonic)
    looked: float = field(default_factory=time.monotonic)
    opened: bool = True

    @property
    def record(self) -> str:
        """The id of the record, shared by all runs of it."""
        return self.key[:16]

    @property
    def id(self) -> str:
        """The id to show: the plain one while the run may use it."""
        return self.record if self.standing == "plain" and not self.binned else self.key

    @property
    def kept(self) -> int:
        """How many updates the newest checkpoint contains."""
        return self.checkpoint.update if self.checkpoint else 0

    @property
    def kept_command(self) -> int:
        """The last command that the newest checkpoint has obeyed."""
        return self.checkpoint.command if self.checkpoint else 0

    @property
    def wants_worker(self) -> bool:
        """Whether there is work to do that no worker does."""
        if self.worker is not None or self.status in ENDED or self.binned:
            return False
        return self.status in ("queued", "running") or bool(self.waiting) or self.kept < self.high

    def note(self, name: str, value: float | None) -> int:
        """Give a command its number; what changes numbers enters the log before anybody obeys it."""
        self.seq = max([self.seq, self.kept_command, *(c.seq for c in self.log)]) + 1
        self.waiting[self.seq] = (name, value, time.monotonic())
        if changes_numbers(name):
            self.log.append(Logged(self.seq, None, name, float(value)))
        return self.seq

    def fork(self, owner: str) -> Entry:
        """A copy for somebody else: same checkpoint, same story and rules so far, to be advanced to what was seen."""
        story = [Logged(**vars(c)) for c in self.log if c.update is not None]
        status = "queued" if self.status == "running" else self.status
        return Entry(new_key(self.record), self.spec, owner, self.title, self.target, "fork", [owner], status=status,
                     reason=self.reason, high=max(self.high, self.kept), log=story, digest=self.digest,
                     made_with=self.made_with, checkpoint=self.checkpoint, history=self.history.copy(self.high),
                     written=self.written, speed=self.speed, stop=self.stop, held_out=self.held_out,
                     metric=self.metric, seconds=self.seconds)

    def open(self, checkpoint: Checkpoint | None, history: History) -> None:
        """Take checkpoint and history back into memory."""
        self.checkpoint, self.history, self.opened = checkpoint, history, True
        self.written, self.high = len(history.lines), max(self.kept, self.high)

    def close(self) -> None:
        """Leave checkpoint and history to the files."""
        self.checkpoint, self.history, self.opened, self.written = None, History(), False, 0

    def to_row(self) -> dict[str, Any]:
        """What the index keeps."""
        row = {name: getattr(self, name) for name in COLUMNS}
        return row | {"holders": json.dumps(self.holders), "log": json.dumps([vars(c) for c in self.log]),
                      "stop": self.stop.to_text() if self.stop else ""}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Entry:
        """A run as the index remembers it, with neither worker nor files in memory yet.

        What an index of an earlier schema does not say has its default.
        """
        said = {name: row[name] for name in COLUMNS if row.get(name) is not None}
        lists = {"holders": json.loads(row["holders"]), "log": [Logged(**c) for c in json.loads(row["log"])],
                 "stop": Stop.from_text(said.get("stop", ""))}
        entry = cls(**{**said, **lists})
        entry.status = "queued" if entry.status == "running" else entry.status
        entry.waiting = {c.seq: (c.name, c.value, time.monotonic()) for c in entry.log if c.update is None}
        entry.close()
        return entry


def new_key(record: str) -> str:
    """A fresh key for a run of a record."""
    return f"{record}-{secrets.token_hex(4)}"


def changes_numbers(name: str) -> bool:
    """Whether a command is a setting, and so part of what the run computes."""
    return name not in CONTROLS and name not in RULES


def check_name(name: Any) -> str:
    """A run's name without the blanks around it; raises EngineError, in one sentence, for what cannot be one."""
    if not isinstance(name, str) or len(name) > NAME_LIMIT or not name.isprintable():
        raise EngineError(f"A name is one line of at most {NAME_LIMIT} characters.")
    return name.strip()
