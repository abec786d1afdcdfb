"""A swing of two: all units at once go to and fro for ever where one after the other comes to rest."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.drawing import play
from pages.shared.recalling import CELLS, FIRST, bits
from pages.shared.theme import mode
from pages.shared.words import note, say, table_twin
from rnn_core.records.glyphs import glyphs
from rnn_core.records.palette import tone

SWINGS = 12
WAYS = {True: "All units at once", False: "One unit after the other"}


@st.cache_resource(max_entries=16, show_spinner=False)
def _both(name: str) -> dict[bool, rc.Result]:
    picture = glyphs(name)
    cell = rc.make_cell("hopfield", 1, hidden_size=CELLS)
    cell.store(picture)
    cell.W.neg_()
    return {way: rc.recall(cell, picture[0], picture, names=[name], together=way) for way in WAYS}


def swinging() -> None:
    """The section: the same start and the same weights, moved in both ways, side by side."""
    note(
        "One letter is stored, and then every weight changes its sign: each unit now pushes the others away from the "
        "letter. Moved together they all turn round at once, and back again."
    )
    places = st.columns(2, gap="medium")
    name = st.segmented_control("Letter", list(FIRST), default=FIRST[0], required=True, key="swing")
    for place, (together, words) in zip(places, WAYS.items(), strict=True):
        result = _both(name)[together]
        frames = [bits(state) for state in result.states.tolist()]
        frames = [frames[k % 2] for k in range(SWINGS + 1)] if result.swings else frames
        with place:
            st.subheader(words, anchor=False)
            play(frames, words, tone("hidden", mode()), key=f"swing:{name}:{together}")
            show(rc.figures.recall(result, theme=mode()), key=f"swing_{together}")
            say(result.says, result.says_not)
            table_twin(result.frame, f"{words}, as a table")
