"""The dashboard's one connection to the engine."""

from __future__ import annotations

import time

import streamlit as st

from rnn_core.jobs import Engine, connect

WATCHERS = 30


@st.cache_resource(show_spinner="Starting the engine …")
def _connected() -> Engine:
    return connect()


def engine() -> Engine:
    """The connection, made at the first need; raises EngineError, in one sentence, when there can be none."""
    return _connected()


@st.cache_resource(show_spinner=False)
def _watching() -> dict[str, float]:
    return {}


def polling(owner: str) -> float:
    """Seconds between two looks: half a second for a class of thirty, longer when more are watching."""
    watching, now = _watching(), time.monotonic()
    watching[owner] = now
    recent = sum(now - seen < 10 for seen in watching.values())
    if len(watching) > 4 * WATCHERS:
        for gone in [w for w, seen in list(watching.items()) if now - seen > 60]:
            watching.pop(gone, None)
    return 0.5 * max(1.0, recent / WATCHERS)
