"""When a run is to pause by itself: at an update, at a metric, or when it no longer gets better.

A rule depends on nothing but the records since it was asked for, so that a run that is done again, by another worker or
after a crash, pauses at the same update.
"""
from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

BETTER = 0.01
LONGEST_PLATEAU = 1000
LAST_UPDATE = 1_000_000


@dataclass
class Stop:
    """Pause at update ``value``, at a held-out metric as good as ``value``, or after ``value`` measurements in vain.

    ``what`` is update, metric or plateau. It counts from update ``since``, when it was asked for. On a plateau, a
    measurement is in vain whose held-out loss is not 1 % below the last one that was not.
    """

    what: str
    value: float
    since: int
    _best: float = field(default=math.inf, repr=False)
    _in_vain: int = field(default=0, repr=False)
    _heard: int = field(default=-1, repr=False)

    def __str__(self) -> str:
        return f"{self.what} {self.value:g}" if self.what == "metric" else f"{self.what} {int(self.value)}"

    @classmethod
    def asked(cls, name: str, value: float | None, since: int) -> Stop | None:
        """The rule that a command asks for; None for ``stop_never``."""
        return None if name == "stop_never" else cls(name.removeprefix("stop_"), value, since)

    def to_text(self) -> str:
        """The rule as text, without what it has heard."""
        return json.dumps([self.what, self.value, self.since])

    @classmethod
    def from_text(cls, text: str) -> Stop | None:
        """The rule that ``to_text`` wrote, or None for ""."""
        return cls(*json.loads(text)) if text else None

    def hear(self, update: int, record: dict[str, Any], task: Any) -> str:
        """Take in an update with the newest record; why the run is to pause now, in one sentence, or "".

        A record that is told again is not heard again.
        """
        loss, metric = held_out(record) if record["update"] == update > self._heard else (None, None)
        self._heard = update
        if self.what == "plateau" and loss is not None:
            return self._hear_loss(update, loss)
        if update <= self.since:
            return ""
        if self.what == "update" and update >= self.value:
            return f"Paused at update {update}, as asked."
        if self.what == "metric" and self._reached(metric, task):
            return f"Paused: the held-out {task.metric_name} reached {metric:.3g} at update {update}, as asked."
        return ""

    def _hear_loss(self, update: int, loss: float) -> str:
        if update <= self.since or loss < self._best and loss <= self._best * (1 - BETTER):
            self._best, self._in_vain = loss, 0
            return ""
        self._in_vain += 1
        if self._in_vain < self.value:
            return ""
        times = "measurement" if self.value == 1 else "measurements"
        return (f"Paused: the held-out loss has not fallen by {BETTER:.0%} for {int(self.value)} {times}, up to update "
                f"{update}, as asked.")

    def _reached(self, metric: float | None, task: Any) -> bool:
        if metric is None:
            return False
        return metric >= self.value if task.metric_better == "higher" else metric <= self.value

    def passed(self, update: int, last: dict[str, Any], task: Any) -> str:
        """Why the run can no longer be stopped there, in one sentence, or ""; ``last`` is its last measured record."""
        if self.what == "update" and self.value <= update:
            return f"Update {int(self.value)} has passed already: the run is at update {update}."
        if self.what != "update" and task is None:
            return "A run of this kind stops at an update only."
        metric = held_out(last)[1]
        if self.what == "metric" and self._reached(metric, task):
            return f"The held-out {task.metric_name} is {metric:.3g} already."
        return ""


def check_stop(name: str, value: float | None) -> None:
    """Raise ValueError, in one sentence, for a rule that makes no sense for any run."""
    whole = value is not None and float(value).is_integer()
    if name == "stop_update" and not (whole and 1 <= value <= LAST_UPDATE):
        raise ValueError(f"A run can stop at update 1 to {LAST_UPDATE:,}.")
    if name == "stop_plateau" and not (whole and 1 <= value <= LONGEST_PLATEAU):
        raise ValueError(f"A plateau is 1 to {LONGEST_PLATEAU:,} measurements long.")


def held_out(record: dict[str, Any]) -> tuple[float | None, float | None]:
    """Loss and metric on held-out sequences, each None where it was not measured or is not one finite number."""
    loss, metric = record.get("held_out"), record.get("metric")
    return (loss if _finite(loss) else None), (metric if _finite(metric) else None)


def measured(lines: Iterable[bytes], since: int = 2**62) -> list[dict[str, Any]]:
    """The records with a held-out loss among lines given last first: the last up to ``since`` and all after it."""
    found = []
    for line in lines:
        record = orjson.loads(line)
        if "held_out" not in record:
            break
        if held_out(record)[0] is not None:
            found.append(record)
            if record["update"] <= since:
                break
    return found[::-1]


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
