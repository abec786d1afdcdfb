"""Pairs of letters in a bidirectional memory: damage one half, and watch the other come back."""

from __future__ import annotations

from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.drawing import draw_on
from pages.shared.recalling import CELLS, NOTHING_DRAWN, bits, damaged, signs
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
    note(
        "Each capital is stored with its small letter. Two layers recall each other over one set of weights."
    )
    pictures = st.container()
    names = tuple(st.pills("Stored pairs", list(CAPITALS), default=list(FIRST), selection_mode="multi", key="pairs"))
    if not names:
        pictures.info(NO_PAIR, icon=":material/info:")
        return
    left, right = pictures.columns([1, 2], gap="medium")
    board = left.container()
    with left:
        backwards = st.segmented_control(
            "Recall", list(WAYS), default=False, format_func=WAYS.get, required=True, key="pair_way"
        )
        begun = st.selectbox("Start from", names, key="pair_begun", format_func=lambda n: n.lower() if backwards else n)
        damage = st.slider("Damage", 0, CELLS // 2, 8, format=f"%d of {CELLS} cells", key="pair_damage")
        seed = int(st.number_input("Draw", 0, 999, 0, key="pair_draw", help="Which cells are flipped."))
    begin = damaged(bits(glyphs(begun.lower() if backwards else begun)[0]), damage, seed)
    with board:
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
