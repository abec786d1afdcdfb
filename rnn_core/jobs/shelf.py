"""The shelf: what visitors have of their runs when they do not train them. The list, the names, the bin.

A run in the bin rests, is on nobody's list but its owner's, and gives its plain id free. It can be taken out again for
an hour, or until the engine ends.
"""
from __future__ import annotations

import time
from typing import Any

from rnn_core.jobs.answers import find, listed, matches
from rnn_core.jobs.entry import Entry, check_name
from rnn_core.jobs.errors import EngineError
from rnn_core.jobs.foreman import Foreman
from rnn_core.jobs.place import check_id

BIN_KEEPS = 3600.0


class Shelf(Foreman):
    """A foreman who also keeps the list of runs in order."""

    def _runs(self, owner: str = "") -> dict[str, Any]:
        return {"runs": listed(list(self.runs.values()), owner, self._position)}

    def _position(self, entry: Entry) -> int:
        """The place in the visitor's own line, from 1; 0 for a run that does not wait."""
        if entry.status != "queued" or entry.worker is not None:
            return 0
        return 1 + sum(e.status == "queued" and e.owner == entry.owner and e.worker is None and e.place < entry.place
                       for e in self.runs.values())

    def _rename(self, run_id: str, name: str, owner: str) -> dict[str, Any]:
        entry = self._mine(run_id, owner, "renamed")
        entry.name = check_name(name)
        self.store.save(entry)
        return {"run_id": entry.id}

    def _forget(self, run_id: str, owner: str) -> dict[str, Any]:
        entry = self._mine(run_id, owner, "forgotten")
        if entry.worker is not None:
            self.release(entry)
        if entry.status in ("queued", "running"):
            entry.status = "paused"
        entry.binned = time.time()
        self.store.save(entry)
        self.assign()
        return {"run_id": entry.id}

    def _restore(self, run_id: str, owner: str) -> dict[str, Any]:
        """Take a run out of the bin; where its record has been submitted again it keeps a name of its own."""
        there = [e for e in self.records.get(check_id(run_id)[:16], ()) if matches(e, run_id) and owner in e.holders]
        binned = [e for e in there if e.binned]
        if not there:
            raise EngineError("This run is not in your bin; it may have been deleted for good.")
        if not binned:
            return {"run_id": there[0].id}
        entry = max(binned, key=lambda e: e.binned)
        if entry.standing == "plain" and self.plain(entry.record) is not None:
            entry.standing = "fork"
        entry.binned = 0.0
        self.store.save(entry)
        self.assign()
        return {"run_id": entry.id}

    def empty_bin(self, older_than: float = 0.0) -> None:
        """Delete for good what has been in the bin for so many seconds."""
        for entry in [e for e in self.runs.values() if e.binned and time.time() - e.binned >= older_than]:
            del self.runs[entry.key]
            self.records[entry.record].remove(entry)
            self.store.remove(entry)

    def tick(self) -> None:
        """Once a second: the foreman's round, and what has been in the bin for an hour goes."""
        super().tick()
        self.empty_bin(BIN_KEEPS)

    def _mine(self, run_id: str, owner: str, done: str) -> Entry:
        entry = self._find(run_id)
        if entry.holders != [owner]:
            raise EngineError(f"Only a run that is yours alone can be {done}.")
        return entry

    def _find(self, run_id: str) -> Entry:
        return find(self.records.get(check_id(run_id)[:16], []), run_id)
