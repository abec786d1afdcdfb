"""What a page is told about a run."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rnn_core.jobs.history import read_records
from rnn_core.records import Command


@dataclass(frozen=True)
class Look:
    """One glance at a run.

    ``run_id`` is the id to go on with: it differs from the one asked for once a command has given the run a name of
    its own. ``status`` is queued (``position`` in the visitor's own line, from 1), running, paused, stopped, done,
    diverged or failed; ``reason`` is one sentence where it ended badly. ``update`` of ``target`` updates are done.
    ``records`` are those after the first ``since``, at most 20,000 at a time, and ``count`` is how many there are;
    ``kept`` is the update of the newest checkpoint, which is what ``Engine.fetch`` gives. ``log`` holds the
    commands that changed numbers, each with the update at which it acted; ``waiting`` counts commands that have not
    acted yet; ``notice`` says why the last one was refused, or why the run has paused by itself. ``speed`` is how many
    updates a second it may make, 0 for as fast as it can, and ``stop`` when it is to pause, as in "metric 0.01", or "".
    ``held_out``, ``metric`` and ``seconds`` are the last that were measured, where each is one number. ``spec`` is the
    record as JSON; ``name`` what its owner calls it, ``title`` what it is. ``holders`` counts the visitors who
    submitted it: a command by any of several makes a copy. ``attempt`` grows whenever another worker takes over,
    ``digest`` is the hash of a run that has ended, ``made_with`` the torch, threads and processor that it ran on, and
    ``trouble`` one sentence while the store cannot be written.
    """

    run_id: str
    status: str
    reason: str
    update: int
    target: int
    title: str
    created: float
    spec: str
    position: int = 0
    holders: int = 1
    name: str = ""
    held_out: float | None = None
    metric: float | None = None
    seconds: float = 0.0
    records: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0
    kept: int = 0
    log: tuple[Command, ...] = ()
    waiting: int = 0
    notice: str = ""
    attempt: int = 0
    digest: str = ""
    made_with: str = ""
    trouble: str = ""
    speed: float = 0.0
    stop: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come unless somebody asks for it."""
        return self.status in ("stopped", "done", "diverged", "failed")

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Look:
        """A look from the desk's answer."""
        facts = dict(answer)
        return cls(records=read_records(facts.pop("lines")), log=read_log(facts.pop("log")), **facts)


@dataclass(frozen=True)
class Summary:
    """One line of the list of runs.

    ``spec`` is the record as JSON, ``name`` what its owner calls it, or "". ``mine`` is true where the visitor who asks
    submitted it, ``binned`` where it is in that visitor's bin. ``held_out``, ``metric`` and ``seconds`` are the last
    that were measured.
    """

    run_id: str
    status: str
    reason: str
    update: int
    target: int
    title: str
    created: float
    spec: str
    position: int = 0
    holders: int = 1
    name: str = ""
    held_out: float | None = None
    metric: float | None = None
    seconds: float = 0.0
    mine: bool = False
    binned: bool = False


def read_log(log: Any) -> tuple[Command, ...]:
    """The commands that acted, in the order in which they did."""
    return tuple(Command(update=c["update"], name=c["name"], value=c["value"]) for c in log)
