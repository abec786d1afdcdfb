"""How many patterns a network holds: the curve grows load by load before the visitor's eyes, and can be stopped."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.theme import mode
from pages.shared.words import note, say, table_twin
from rnn_core.analysis.capacity_curve import growing

SIZES, TURN, PAUSE = (100, 200, 300, 500, 700, 1000), 0.35, 0.15


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

    @st.fragment(run_every=PAUSE if now["moves"] else None)
    def grown() -> None:
        if now["moves"]:
            _advance(now)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(now["share"], text=_line(now))
            if now["moves"] and st.button("Stop", icon=":material/stop:", key="capacity_stop"):
                now["moves"] = False
                st.rerun()
            if not now["moves"] and now["share"] < 1 and st.button("Go on", key="capacity_on"):
                now["moves"] = True
                st.rerun()
        _draw(now["curve"])
        if not now["moves"] and now["share"] == 1 and not now["told"]:
            now["told"] = True
            st.rerun()

    with picture:
        grown()


def _begun(units: int) -> dict[str, Any]:
    """A curve that has just been asked for, or the whole one where somebody has waited for it."""
    whole = _finished().get(units)
    network = rc.make_cell("hopfield", 1, hidden_size=units)
    return {"units": units, "curve": whole, "share": 0.0 if whole is None else 1.0, "moves": whole is None,
            "told": whole is not None, "loads": growing(network)}  # fmt: skip


def _advance(now: dict[str, Any]) -> None:
    """Sweeps for a third of a second, or one where that takes longer."""
    end = time.perf_counter() + TURN
    while now["moves"] and time.perf_counter() < end:
        step = next(now["loads"], None)
        if step is None:
            now["moves"] = False
            _finished()[now["units"]] = now["curve"]
        else:
            now["curve"], now["share"] = step


def _line(now: dict[str, Any]) -> str:
    done = 0 if now["curve"] is None else now["curve"].alpha.shape[1]
    state = "" if now["share"] == 1 else ", relaxing …" if now["moves"] else ", stopped"
    return f"{done} {'load' if done == 1 else 'loads'} of N = {now['units']} done{state}"


def _draw(result: rc.Result | None) -> None:
    if result is None:
        st.skeleton(height=460)
        return
    show(rc.figures.capacity_curve(result, theme=mode()), key="capacity")
    note("Random patterns, summed outer products; a network of its own at each load.")
    say(result.says, result.says_not)
    table_twin(result.frame, "Capacity as a table")
