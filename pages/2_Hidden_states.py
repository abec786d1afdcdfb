"""Hidden states: what does it remember?"""

import streamlit as st

from pages.shared.forgetting import why_forgotten
from pages.shared.frame import frame
from pages.shared.interventions import what_if
from pages.shared.looked_at import what_counted
from pages.shared.machine import which_machine
from pages.shared.matches import TITLE as AGAIN
from pages.shared.matches import brush, come_again
from pages.shared.memory import how_long
from pages.shared.sections import go_to, sections
from pages.shared.space import where_it_goes
from pages.shared.viewer import follow, viewer
from pages.shared.views import chosen_row, row_control, state_table, timeline_of
from pages.shared.words import note, plain, say, table_twin

hand = frame(
    "Hidden states",
    "What does it remember?",
    "One time cursor through everything: what went in, every state and gate, and what the net would say at that step.",
    transport=True,
)
shown = chosen_row(hand)


def picked() -> None:
    """A stretch that was brushed on the timeline is looked for below."""
    pick = st.session_state["hidden_states"].pick
    if isinstance(pick, dict) and pick.get("brush"):
        st.session_state["brush_trouble"] = trouble = brush(hand, pick["brush"])
        if not trouble:
            st.session_state["open:states"] = AGAIN
            st.session_state.pop("sections:states", None)
        st.session_state["brushing"] = True


@st.fragment
def picture() -> None:
    """All that depends on which sequence is looked at; where that changes, the sections below follow."""
    row = chosen_row(hand)
    if row != shown or st.session_state.pop("brushing", False):
        st.rerun()
    if trouble := st.session_state.pop("brush_trouble", ""):
        st.warning(plain(trouble), icon=":material/gesture_select:")
    follow(hand, viewer(timeline_of(hand, row=row), key="hidden_states", on_pick=picked))
    row_control(hand)
    if hand.then.update == 0:
        note("These are fresh, untrained weights: what you see is what the start was drawn to be.")
    say(
        "this network, on this sequence, held these values at these steps.",
        "that a unit “is” the memory of something: rotate the units and the same information looks different.",
    )
    table_twin(lambda: state_table(hand.key, row, hand.then), "States, gates and prediction as a table")


picture()
sections(
    "states",
    {
        "How long does it remember?": lambda: how_long(hand),
        AGAIN: lambda: come_again(hand),
        "What did it look at?": lambda: what_counted(hand),
        "State space": lambda: where_it_goes(hand),
        "Which machine is it?": lambda: which_machine(hand),
        "Why did it forget this?": lambda: why_forgotten(hand),
        "What if?": lambda: what_if(hand),
    },
)
go_to("Where would it go if left alone?", "pages/8_Dynamics.py", "dynamics", "Phase plane")
