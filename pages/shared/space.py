"""State space: all states seen along the directions in which they vary most, and one sequence's way through them."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.passes import chosen_pass, enough
from pages.shared.theme import mode
from pages.shared.views import chosen_row
from pages.shared.words import note, plain, say, table_twin

ALL = "the whole state"


@st.cache_resource(max_entries=64, show_spinner=False)
def _space(key: str, which: int, field: str | None, rows: int, _run: rc.Run) -> rc.Result:
    batch = _run.held_out.rows(slice(0, rows))
    return rc.state_space(_run.network, batch, which=which, field=field)


def where_it_goes(hand: Hand) -> None:
    """The section: the cloud of states with one path, and how it is looked at."""
    which, rows = chosen_pass(hand, "space"), enough(hand.then, 5_000)
    row = min(chosen_row(hand), rows - 1)
    whole = _space(hand.key, which, None, rows, hand.then)
    fields = list(dict.fromkeys(name.rpartition("[")[0] for name in whole.names))
    with st.container(horizontal=True, gap="medium"):
        colour = st.segmented_control("Coloured by", ["time", "answer"], default="time", required=True, key="space_ink")
        flat = st.segmented_control("Directions", [2, 3], default=2, required=True, key="space_dimensions")
        field = ALL
        if len(fields) > 1:
            field = st.segmented_control(
                "States of",
                [ALL, *fields],
                default=ALL,
                format_func=plain,
                required=True,
                key=f"space_field_{hand.spec.architecture}_{len(fields)}",
            )
    found = whole if field == ALL else _space(hand.key, which, field, rows, hand.then)
    story = hand.then.task.story(hand.then.held_out, row)
    figure = rc.figures.state_space(
        found,
        row=row,
        step=story.marks[0] if story.marks else 0,
        colour=colour,
        dimensions=flat,
        labels=story.inputs,
        words=hand.then.task.words,
        theme=mode(),
    )
    show(figure, key=f"space_{flat}")
    note(
        f"Every dot is the state of one step of one of {rows} held-out sequences; the line is sequence {row}, from its "
        "first step to its last. Move the slider to follow it in time. What explains little may still matter."
    )
    say(found.says, found.says_not)
    table_twin(found.frame, "The states along the components, as a table")
