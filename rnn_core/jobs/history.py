"""The history of a run as lines of JSON: kept as it came, sent on without being read."""
from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

import orjson

LOOK_LIMIT = 20_000


@dataclass
class History:
    """Lines of JSON, one a record, in the order of their updates."""

    lines: list[bytes] = field(default_factory=list)
    updates: array[int] = field(default_factory=lambda: array("q"))

    @classmethod
    def from_bytes(cls, data: bytes, last: int) -> History:
        """Read a file's lines up to update ``last``; a torn line and whatever goes back in time are left out."""
        history = cls()
        for line in data.split(b"\n"):
            try:
                update = orjson.loads(line)["update"]
            except (ValueError, KeyError, TypeError):
                continue
            if isinstance(update, int) and update <= last:
                history.add(update, line)
        return history

    def add(self, update: int, line: bytes) -> None:
        """Append one record; one that is here already, because a worker did its update again, is not said twice."""
        if not self.updates or update > self.updates[-1]:
            self.updates.append(update)
            self.lines.append(line)

    def upto(self, update: int) -> int:
        """How many records belong to the first ``update`` updates."""
        return bisect_right(self.updates, update)

    def copy(self, update: int) -> History:
        """The records up to an update."""
        keep = self.upto(update)
        return History(self.lines[:keep], self.updates[:keep])

    def since(self, count: int) -> bytes:
        """The lines after the first ``count``, at most ``LOOK_LIMIT`` of them."""
        return b"\n".join(self.lines[count:count + LOOK_LIMIT])


def write_record(record: dict[str, Any]) -> bytes:
    """One record as one line; what is not finite becomes null."""
    return orjson.dumps(record, option=orjson.OPT_SERIALIZE_NUMPY)


def read_records(lines: bytes) -> list[dict[str, Any]]:
    """The records in some lines."""
    return [orjson.loads(line) for line in lines.split(b"\n") if line]
