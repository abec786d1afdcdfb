"""Runs that are looked at: one glance at the engine serves everybody who watches the same run."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.engine import engine

GLANCE = 0.4
PICTURE = 2.0
KEPT = 64


class Watched:
    """What the dashboard knows of one run: its last look, all its records, and the run itself a little later.

    Whoever finds these too old renews them; meanwhile all others go on with what there is, and nobody waits in line.
    """

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.records: list[dict[str, Any]] = []
        self.look: Any = None
        self._drawn: dict[Any, tuple[Any, Any]] = {}
        self._run: rc.Run | None = None
        self._looking, self._fetching, self._drawing = (threading.Lock() for _ in range(3))
        self._looked = self._fetched = float("-inf")

    def glance(self, age: float = GLANCE) -> Any:
        """How the run stands, no older than ``age`` seconds or being renewed; raises EngineError, in one sentence."""
        if time.monotonic() - self._looked > age:
            with claimed(self._looking, wait=self.look is None or age == 0.0) as mine:
                if mine:
                    self._renew()
        return self.look

    def _renew(self) -> None:
        records = self.records
        look = engine().look(self.run_id, since=len(records))
        if look.count < len(records):
            records, look = [], engine().look(self.run_id, since=0)
        fresh = list(look.records)
        while len(records) + len(fresh) < look.count and look.records:
            look = engine().look(self.run_id, since=len(records) + len(fresh))
            fresh += look.records
        self.records = records
        records.extend(fresh)
        self.look, self._looked = look, time.monotonic()

    def run(self, age: float = PICTURE) -> rc.Run:
        """The run itself; while it moves, no older than ``age`` seconds and a checkpoint, or being renewed."""
        look, now = self.glance(), self._run
        moves = look.status in ("queued", "running")
        old = time.monotonic() - self._fetched > age
        if now is None or (old if moves else now.update != look.update):
            with claimed(self._fetching, wait=now is None) as mine:
                if mine and (self._run is now):
                    self._run, self._fetched = engine().fetch(self.run_id), time.monotonic()
        return self._run

    def picture(self, name: Any, make: Callable[[], Any]) -> Any:
        """Something drawn from the records, made once for each state of them."""
        state, (then, made) = (len(self.records), self.look.log), self._drawn.get(name, (None, None))
        if state != then:
            with claimed(self._drawing, wait=then is None) as mine:
                if mine:
                    made = make()
                    self._drawn[name] = (state, made)
                made = self._drawn[name][1]
        return made


@contextmanager
def claimed(lock: threading.Lock, wait: bool) -> Iterator[bool]:
    """Take a lock if nobody has it, or wait for it; tells whether it is ours."""
    mine = lock.acquire(blocking=wait)
    try:
        yield mine
    finally:
        if mine:
            lock.release()


@st.cache_resource(show_spinner=False)
def _all() -> tuple[threading.Lock, OrderedDict[str, Watched]]:
    return threading.Lock(), OrderedDict()


def watched(run_id: str) -> Watched:
    """The one Watched of a run; the least recently asked for are forgotten."""
    lock, known = _all()
    with lock:
        if run_id not in known:
            known[run_id] = Watched(run_id)
        known.move_to_end(run_id)
        while len(known) > KEPT:
            known.popitem(last=False)
        return known[run_id]
