"""Hidden states: what does it remember?"""

import streamlit as st

from pages.shared.forgetting import why_forgotten
from pages.shared.frame import frame
from pages.shared.interventions import what_if
from pages.shared.sections import sections
from pages.shared.viewer import viewer
from pages.shared.views import chosen_row, row_control, state_table, timeline_of
from pages.shared.words import note, say, table_twin

hand = frame(
    "Hidden states",
    "What does it remember?",
    "One time cursor through everything: what went in, every state and gate, and what the net would say at that step.",
)


@st.fragment
def picture() -> None:
    """All that depends on which sequence is looked at."""
    row = chosen_row(hand)
    viewer(timeline_of(hand, row=row), key="hidden_states")
    row_control(hand)
    if hand.run.update == 0:
        note("These are fresh, untrained weights: what you see is what the start was drawn to be.")
    say(
        "this network, on this sequence, held these values at these steps.",
        "that a unit “is” the memory of something: rotate the units and the same information looks different.",
    )
    table_twin(lambda: state_table(hand.key, row, hand.run), "States, gates and prediction as a table")


picture()
sections(
    "states",
    {
        "Why did it forget this?": lambda: why_forgotten(hand),
        "What if?": lambda: what_if(hand),
    },
)
