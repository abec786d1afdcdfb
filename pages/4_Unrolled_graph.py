"""Unrolled graph: what is really computed?"""

import streamlit as st

from pages.shared.frame import frame
from pages.shared.viewer import viewer
from pages.shared.views import chosen_row, graph_of, row_control
from pages.shared.words import note, say, table_twin

hand = frame(
    "Unrolled graph",
    "What is really computed?",
    "Read off one real step while it ran: its inputs, states and named quantities. Unrolled, the same step stands "
    "side by side in time, and the weights are drawn once, because they are shared.",
)
passes = hand.passes()


@st.fragment
def picture() -> None:
    """All that depends on which sequence and which pass are looked at."""
    which = 0
    if len(passes) > 1:
        which = st.segmented_control(
            "Pass", range(len(passes)), format_func=passes.__getitem__, default=0, key="pass", required=True
        )
    payload, drawn = graph_of(hand, chosen_row(hand), which)
    viewer(payload, key="graph")
    row_control(hand)
    note(
        "Values are those of this sequence at each step; gradients are of its own loss. Click a node for its equation."
    )
    say(drawn.says, drawn.says_not)
    table_twin(drawn.frame, "The graph as a table")


picture()
