"""How many patterns a network holds: the curve grows load by load before the visitor's eyes, and can be stopped."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.theme import mode
from pages.shared.words import note, say, table_twin
from rnn_core.analysis.capacity_curve import LOADS, growing

SIZES, HEIGHT, TURN, PAUSE = (100, 200, 300, 500, 700, 1000), 460, 0.8, 0.9


@st.cache_resource(show_spinner=False)
def _finished() -> dict[int, rc.Result]:
    """Whole curves by their number of units, for everybody."""
    return {}


def capacity() -> None:
    """The section: what is left of random patterns as more of them share the weights."""
    picture = st.container()
    units = st.select_slider("Units (N)", SIZES, SIZES[0], key="capacity_units")
    now = st.session_state.get("capacity_now")
    if now is None or now["units"] != units:
        now = st.session_state["capacity_now"] = _begun(units)
    was = now["moves"]

    @st.fragment(run_every=PAUSE if was else None)
    def grown() -> None:
        if now["moves"]:
            _advance(now)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(now["share"], text=_line(now))
            if now["share"] < 1:
                st.button("Stop here" if now["moves"] else "Go on", key="capacity_on", on_click=_turn, args=(now,))
        _draw(now["curve"])
        if now["moves"] != was:
            st.rerun()

    with picture:
        grown()


def _begun(units: int) -> dict[str, Any]:
    """A curve that has just been asked for, or the whole one where somebody has waited for it."""
    whole = _finished().get(units)
    loads = growing(rc.make_cell("hopfield", 1, hidden_size=units))
    return {"units": units, "curve": whole, "share": float(whole is not None), "moves": whole is None, "loads": loads}


def _turn(now: dict[str, Any]) -> None:
    now["moves"] = not now["moves"]


def _advance(now: dict[str, Any]) -> None:
    """Sweeps for most of a second, or one where that takes longer."""
    end = time.perf_counter() + TURN
    while now["share"] < 1 and time.perf_counter() < end:
        now["curve"], now["share"] = next(now["loads"])
    if now["share"] == 1:
        now["moves"] = False
        _finished()[now["units"]] = now["curve"]


def _line(now: dict[str, Any]) -> str:
    done = 0 if now["curve"] is None else now["curve"].alpha.shape[1]
    return f"{done} of {len(LOADS)} loads, N = {now['units']}"


def _draw(result: rc.Result | None) -> None:
    if result is None:
        st.skeleton(height=HEIGHT)
        return
    figure = rc.figures.capacity_curve(result, until=LOADS[-1], theme=mode(), height=HEIGHT)
    show(figure, key="capacity")
    note("Random patterns, summed outer products; a network of its own at each load.")
    say(result.says, result.says_not)
    table_twin(result.frame, "Capacity as a table")
