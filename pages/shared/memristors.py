"""A memristive circuit: drawn, with the pinched loop of one branch beside a capacitor's."""

from __future__ import annotations

from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.theme import mode
from pages.shared.words import note, say, table_twin
from rnn_core.analysis.circuit import driven

SIZES, STEPS, ROUNDS = (1, 2, 6, 12, 24), (10, 20, 50, 100), 3


@st.cache_resource(max_entries=64, show_spinner=False)
def _traced(units: int, size: float, period: int, seed: int) -> Any:
    cell = rc.make_cell("memristive", 1, hidden_size=units, beta=0.3, seed=seed)
    return driven(cell, size, period, ROUNDS)


@st.cache_resource(max_entries=128, show_spinner=False)
def _answers(units: int, size: float, period: int, seed: int, branch: int) -> tuple[rc.Result, rc.Result]:
    trace = _traced(units, size, period, seed)
    return rc.circuit(trace), rc.hysteresis(trace, branch=branch)


def memristors() -> None:
    """The section: the circuit, its memories, and voltage and current of one branch."""
    picture = st.container()
    left, middle, right = st.columns(3, gap="medium")
    on = left.toggle("Source on", True, key="source_on", help="Off: what is left of each memory by itself.")
    size = left.slider("Size of the source", 0.5, 10.0, 4.0, 0.5, key="source_size", disabled=not on)
    period = middle.select_slider("Steps of one swing", STEPS, 50, key="source_period", disabled=not on)
    units = middle.select_slider("Memristors", SIZES, 12, key="memristors")
    seed = int(right.number_input("Draw", 0, 999, 0, key="circuit_draw", help="Which circuit, and where sources sit."))
    branch = right.selectbox("Branch", list(range(units)), key="branch", format_func=lambda k: f"branch {k}")
    step = st.slider("Step", 0, ROUNDS * period - 1, ROUNDS * period - 1, key=f"circuit_step:{period}")
    drawn, loop = _answers(units, size if on else 0.0, period, seed, branch)
    with picture:
        one, other = st.columns(2, gap="medium")
        with one:
            show(rc.figures.circuit(drawn, step=step, theme=mode()), key="circuit")
            note("A branch with w = 1 conducts worst. Arrows: the way of the current.")
            say(drawn.says, drawn.says_not)
        with other:
            show(rc.figures.hysteresis(loop, theme=mode()), key="hysteresis")
            note("Both circuits have the same branches and sources. The capacitor’s loop is drawn to the same size.")
            say(loop.says, loop.says_not)
    table_twin(drawn.frame, "The circuit as a table")
    table_twin(loop.frame, "The loop as a table")
