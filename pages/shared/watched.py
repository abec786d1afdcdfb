"""Runs that are looked at: one glance at the engine serves everybody who watches the same run."""
from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.engine import engine

GLANCE = 0.4
PICTURE = 2.0
KEPT = 64


class Watched:
    """What the dashboard knows of one run: its last look, all its records, and the run itself a little later."""

    def __init__(self, run_id: str) -> None:
        self.run_id, self.lock = run_id, threading.RLock()
        self.records: list[dict[str, Any]] = []
        self.look: Any = None
        self.drawn: dict[Any, Any] = {}
        self._run: rc.Run | None = None
        self._looked = self._fetched = float("-inf")

    def glance(self, age: float = GLANCE) -> Any:
        """How the run stands, no older than ``age`` seconds; raises EngineError, in one sentence."""
        with self.lock:
            if time.monotonic() - self._looked > age:
                look = engine().look(self.run_id, since=len(self.records))
                if look.count < len(self.records):
                    self.records, look = [], engine().look(self.run_id, since=0)
                self.records.extend(look.records)
                while len(self.records) < look.count and look.records:
                    look = engine().look(self.run_id, since=len(self.records))
                    self.records.extend(look.records)
                self.look, self._looked = look, time.monotonic()
            return self.look

    def run(self, age: float = PICTURE) -> rc.Run:
        """The run itself; while it moves, no older than ``age`` seconds and a checkpoint."""
        with self.lock:
            look = self.glance()
            still = self._run is not None and self._run.update == look.update and look.status != "running"
            if self._run is None or not still and time.monotonic() - self._fetched > age:
                self._run, self._fetched = engine().fetch(self.run_id), time.monotonic()
            return self._run

    def picture(self, name: Any, make: Any) -> Any:
        """Something drawn from the records, made once for each state of them."""
        with self.lock:
            state, made = self.drawn.get(name, (None, None))
            if state != (len(self.records), self.look.log):
                made = make()
                self.drawn[name] = ((len(self.records), self.look.log), made)
            return made


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
