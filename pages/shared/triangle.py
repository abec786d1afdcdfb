"""Which loss reaches which step: the triangle of error sizes, and the losses whose errors they are."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.passes import chosen_pass
from pages.shared.theme import mode
from pages.shared.words import note, plain, say, table_twin

SAMPLE, SEQUENCES = 3, 16
VIEWS = {"Absolute size": False, "Share of its row": True}


@st.cache_resource(max_entries=64, show_spinner=False)
def _triangle(key: str, which: int, _run: rc.Run) -> rc.Result:
    return rc.error_triangle(_run, which=which, rows=SAMPLE)


@st.cache_resource(max_entries=64, show_spinner=False)
def _losses(key: str, _run: rc.Run) -> rc.Result:
    return rc.step_losses(_run, rows=SEQUENCES)


def which_loss_reaches(hand: Hand) -> None:
    """The section: how much of each step's loss arrives at each earlier step, and how large each loss is."""
    try:
        losses = _losses(hand.key, hand.then)
    except ValueError as error:
        st.info(plain(error), icon=":material/info:")
        return
    _triangle_of(hand)
    st.subheader("The losses themselves, and their sum", anchor=False)
    figure = rc.figures.step_losses(losses, theme=mode())
    show(figure, key="step_losses")
    note(
        f"The {plain(hand.then.task.loss_name)} of {SEQUENCES} held-out sequences, split by step. A step that this "
        "task does not score has no loss of its own, and none is made up for it."
    )
    say(losses.says, losses.says_not)
    table_twin(losses.frame, "The losses of all steps as a table")


def _triangle_of(hand: Hand) -> None:
    """The triangle, in absolute sizes first."""
    which = chosen_pass(hand, "triangle")
    try:
        found = _triangle(hand.key, which, hand.then)
    except (MemoryError, ValueError) as error:
        st.info(f"This triangle cannot be drawn. {plain(error)}", icon=":material/info:")
        return
    view = st.segmented_control(
        "Colour", list(VIEWS), default="Absolute size", required=True, key="triangle_view", label_visibility="collapsed"
    )
    figure = rc.figures.error_triangle(found, share=VIEWS[view], theme=mode())
    show(figure, key="triangle")
    rows = (
        "A row is the loss of one step"
        if len(found.steps) > 1
        else "This task scores one step only, so the triangle is one row"
    )
    how = (
        "Shares hide how small a signal is; look at the absolute sizes first. "
        if VIEWS[view]
        else "The scale is the same for every network. "
    )
    note(
        f"{rows}; read it as the error travels, from the step of the loss backwards. {how}"
        f"Medians of {SAMPLE} held-out sequences."
    )
    say(found.says, found.says_not)
    table_twin(found.frame, "The triangle as a table")
