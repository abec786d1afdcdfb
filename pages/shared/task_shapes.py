"""Four shapes of a task, the last of them in two forms: the same cell reads and says, and only the shape differs."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.asked import found
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.runs import lines
from pages.shared.theme import mode
from pages.shared.words import note, plain, say, table_twin

TASK, SEQUENCES, SHORT = "four_shapes", 200, 8
KNOWN_AS = {
    "one to one": "No memory is needed: what is said hangs on what was just read.",
    "one to many": "Read once, then speak: a picture's caption, a melody from its first note.",
    "many to one": "Read all, then one answer: the tone of a review, the class of a series.",
    "many to many": "An answer at every step: tags for words, the next letter, a forecast.",
    "many, then many": "Read all before the first word is said: translation, a summary.",
}


def task_shapes(hand: Hand) -> None:
    """One card a shape, with the visitor's cell in it: as far as it was trained there, or untrained."""
    note(
        "The cell and its settings are those in hand, in a network of its own for each shape. Below stands what is "
        "read, above what is said; a wrong answer is struck through, with the right one over it."
    )
    runs, trouble = _trained(hand)
    if trouble:
        st.warning(plain(trouble), icon=":material/cloud_off:")
    shapes = list(KNOWN_AS)
    for start in range(0, len(shapes), 2):
        for column, shape in zip(st.columns(2, gap="medium"), shapes[start : start + 2], strict=False):
            with column.container(border=True, height="stretch"):
                _card(hand, shape, runs.get(shape))
    say(
        "the same cell, with the same equations, can be used in each of these shapes; how well it does is written "
        "under each picture.",
        "that one training serves all: each shape is a network of its own. And at steps that do not count it says "
        "something too; nobody has told it what.",
    )


def _card(hand: Hand, shape: str, run_id: str | None) -> None:
    st.subheader(shape.capitalize(), anchor=False)
    st.markdown(plain(KNOWN_AS[shape]))
    try:
        spec = hand.spec.with_(**_changes(hand, shape))
        shown = Hand(spec, run_id, hand.owner)
        result = found(shown, "read_and_said", rows=SEQUENCES)
    except ValueError as error:
        st.info(plain(error), icon=":material/info:")
        return
    show(rc.figures.read_and_said(result, theme=mode()), key=f"shape_{shape}")
    when = f"After {shown.run.update:,} updates" if shown.run.update else "Untrained"
    note(plain(f"{when}: {result.says}"))
    table_twin(result.frame, f"{shape.capitalize()}, as a table")
    if st.button("Train it in this shape", icon=":material/play_arrow:", key=f"shape_train_{shape}"):
        hand.change(**_changes(hand, shape))


def _changes(hand: Hand, shape: str) -> dict[str, str | int]:
    """What puts this shape in hand; another task's length may be far too long to be drawn."""
    there = hand.spec.task == TASK
    return {"task": TASK, "shape": shape} | ({} if there else {"length": SHORT})


def _trained(hand: Hand) -> tuple[dict[str, str], str]:
    """The visitor's furthest run of this cell in each shape."""
    found_lines, trouble = lines(hand.owner)
    best: dict[str, tuple[int, str]] = {}
    for line in found_lines:
        facts, mine = line.facts, line.known and line.summary.mine
        if mine and (facts["architecture"], facts["task"]) == (hand.spec.architecture, TASK):
            mark = (line.summary.update, line.id)
            best[facts["shape"]] = max(best.get(facts["shape"], mark), mark)
    return {shape: run_id for shape, (_, run_id) in best.items()}, trouble
