"""Pairs of letters in a bidirectional memory: damage one half, and watch the other come back."""

from __future__ import annotations

from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.drawing import draw_on
from pages.shared.recalling import CELLS, NOTHING_DRAWN, begun, signs
from pages.shared.theme import mode
from pages.shared.words import note, say, table_twin
from rnn_core.records.glyphs import CAPITALS, glyphs

FIRST = "ABKXY"
WAYS = {False: "Capital → small", True: "Small → capital"}
NO_PAIR = "No pair is stored: choose one at least."


@st.cache_resource(max_entries=16, show_spinner=False)
def _memory(names: tuple[str, ...]) -> Any:
    cell = rc.make_cell("bam", CELLS, hidden_size=CELLS)
    cell.store(glyphs(names), glyphs(name.lower() for name in names))
    return cell


@st.cache_resource(max_entries=128, show_spinner=False)
def _recalled(names: tuple[str, ...], start: str, backwards: bool) -> rc.Result:
    z, y = glyphs(names), glyphs(name.lower() for name in names)
    told = [f"{name} and {name.lower()}" for name in names]
    return rc.pair_recall(_memory(names), signs(start), z, y, names=told, backwards=backwards)


def pairs() -> None:
    """The section: a half to draw or damage, and both halves turn by turn."""
    note("Each capital is stored with its small letter. Two layers recall each other over one set of weights.")
    pictures, controls = st.container(), st.container()
    names = tuple(st.pills("Stored pairs", list(CAPITALS), default=list(FIRST), selection_mode="multi", key="pairs"))
    if not names:
        pictures.info(NO_PAIR, icon=":material/info:")
        return
    left, right = pictures.columns([1, 3], gap="medium")
    with controls:
        backwards = st.segmented_control(
            "Recall", list(WAYS), default=False, format_func=WAYS.get, required=True, key="pair_way"
        )
        halves = [name.lower() for name in names] if backwards else list(names)
        begin, _ = begun(halves, 8, "pair_")
    with left:
        start = draw_on(begin, "One half of a pair", key=f"pair:{begin}")
    if "1" not in start:
        right.info(NOTHING_DRAWN, icon=":material/info:")
        return
    result = _recalled(names, start, backwards)
    with right:
        show(rc.figures.pair_recall(result, theme=mode()), key="pair_recall")
        note("*z* is the capital, *y* the small letter. Grey: what you gave. Blue: what a turn computed; pale: kept.")
    say(result.says, result.says_not)
    table_twin(result.frame, "The recall of the pair as a table")
