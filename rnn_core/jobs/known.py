"""What a client has already fetched of its runs, so that it is not sent twice."""
from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import safetensors.torch

from rnn_core.jobs.history import read_records

KEPT = 64


@dataclass(frozen=True)
class Part:
    """The moments of a run's tape, and its records, as far as they are known; what was kept once never changes."""

    key: str = ""
    moments: dict[int, Any] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)

    def question(self) -> dict[str, Any]:
        """What to ask for: the rest."""
        return {"key": self.key, "after": max(self.moments, default=-1), "since": len(self.records)}

    def with_(self, answer: dict[str, Any]) -> Part:
        """All that is known with an answer to that question."""
        past = self if answer["key"] == self.key else Part()
        fresh = {int(update): safetensors.torch.load(data) for update, data in answer["moments"].items()}
        return Part(answer["key"], past.moments | fresh,
                    past.records[:answer["since"]] + read_records(answer["lines"]))


class Known:
    """The parts of the runs that were asked for last; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: OrderedDict[str, Part] = OrderedDict()

    def part(self, run_id: str) -> Part:
        """What is known of a run under the id by which it was asked for."""
        with self._lock:
            return self._parts.get(run_id, Part())

    def keep(self, run_id: str, part: Part) -> None:
        """Remember what is known now; of the least recently asked for nothing is known any more."""
        with self._lock:
            old = self._parts.pop(run_id, part)
            behind = old.key == part.key and len(old.records) > len(part.records)
            self._parts[run_id] = old if behind else part
            while len(self._parts) > KEPT:
                self._parts.popitem(last=False)
