"""A run without a network: one number that is mixed at every update, so that any slip shows in the digest."""

from __future__ import annotations

import json
from types import SimpleNamespace

import torch

from rnn_core.jobs.kinds import Kind

SPEC = "0123456789abcdef"
EVERY = 3


class Record:
    """The toy's record: ``<id>:<updates>``."""

    @staticmethod
    def from_json(text):
        name, _, updates = text.partition(":")
        return SimpleNamespace(id=name, updates=int(updates))


class Task:
    """The toy's task: a small metric is a good one."""

    metric_name, metric_better = "wobble", "lower"


def toys(run):
    """A reader of toys' records, for hands that carry them out with this class."""
    kind = Kind(Record, run, lambda _: "toy", lambda *_: None, lambda _: [], lambda _: Task)
    return lambda text: (kind, Record.from_json(text))


def mix(number: int, rate: float) -> int:
    """One update of the toy's only weight."""
    return (number * 6364136223846793005 + int(rate * 1000) + 1442695040888963407) % 2**64


class ToyRun:
    """A stand-in for rnn_core.run.Run with the same face; ``breaths`` is how often it rests inside an update."""

    breaths = 0
    fails_at: int | None = None

    def __init__(self, spec, log=()):
        self.spec, self.log, self.update, self.status, self.reason = spec, list(log), 0, "ready", ""
        self.weight, self.rate, self.updates = 1, 0.5, spec.updates
        self.records, self.tape, self.told = [], {}, 0

    def training(self):
        """Yield once where it stands, then once for each update, None for each breath."""
        if not self.records:
            self.record()
        yield self.records[-1]
        while self.update < self.updates:
            self.status = "running"
            for _ in range(self.breaths):
                yield None
            if self.update == self.fails_at:
                raise RuntimeError("it broke")
            self.weight, self.update = mix(self.weight, self.rate), self.update + 1
            if self.update >= self.updates:
                self.status = "done"
            self.record()
            yield self.records[-1]
        self.status = "done"

    def record(self):
        wobble = 1 - (self.weight >> 20) % 1000 / 1000 if self.update % EVERY == 0 else None
        self.records.append({"update": self.update, "loss": float(self.weight % 1000), "held_out": wobble,
                             "metric": wobble})
        if self.update & (self.update - 1) == 0:
            self.tape[self.update] = {"weight": torch.tensor([self.weight % 1000])}

    def obey(self, name, value):
        """Change the rate or the number of updates; 13 is refused."""
        if name not in ("rate", "updates") or value == 13:
            raise ValueError(f"“{name}” cannot become {value:g}.")
        setattr(self, name, value)
        self.log.append((self.update, name, value))
        if self.status == "done" and self.update < self.updates:
            self.status = "running"

    def fresh_moments(self):
        moments = sorted(self.tape)[self.told :]
        self.told += len(moments)
        return {moment: self.tape[moment] for moment in moments}

    def checkpoint(self):
        return json.dumps([self.update, self.weight, self.rate, self.updates, self.status, self.log]).encode()

    @classmethod
    def resume(cls, spec, checkpoint, log=None):
        run = cls(spec)
        run.update, run.weight, run.rate, run.updates, run.status, run.log = json.loads(checkpoint)
        return run

    def digest(self):
        return f"{self.update}-{self.weight}-{self.rate:g}-{len(self.log)}"


def records(updates):
    """What an uninterrupted toy writes down."""
    run = ToyRun(SimpleNamespace(updates=updates))
    for _ in run.training():
        pass
    return run.records


def alone(updates, log=()):
    """The digest of an uninterrupted toy fed the commands (update, name, value)."""
    run, log = ToyRun(SimpleNamespace(updates=updates)), list(log)
    work = run.training()
    for _ in work:
        while log and log[0][0] <= run.update:
            run.obey(*log.pop(0)[1:])
    return run.digest()
