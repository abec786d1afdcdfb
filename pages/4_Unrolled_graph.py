"""Unrolled graph: what is really computed?"""

import streamlit as st

from pages.shared.asked import ask
from pages.shared.flow import flow_graph_and_transpose
from pages.shared.frame import frame
from pages.shared.graphs import edits, picture_of, take
from pages.shared.sections import sections
from pages.shared.viewer import viewer
from pages.shared.views import chosen_row, row_control
from pages.shared.words import note, plain, say, table_twin

CONTINUOUS = (
    "A continuous-time network has a differential equation, and its gradient has one too, which runs backward. "
    "Backpropagation follows the steps of the solver instead: how far apart the two are, for finer and finer steps. "
    "Dashed: falling with the first and with the fourth power of the step."
)

hand = frame(
    "Unrolled graph",
    "What is really computed?",
    "Read off one real step while it ran: its inputs, states and named quantities. Unrolled, the same step stands "
    "side by side in time, and the weights are drawn once, because they are shared.",
    transport=True,
)
passes = hand.passes()


@st.fragment
def picture() -> None:
    """All that depends on which sequence, which pass and which edited numbers are looked at."""
    which, row = 0, chosen_row(hand)
    if len(passes) > 1:
        which = st.segmented_control(
            "Pass", range(len(passes)), format_func=passes.__getitem__, default=0, key="pass", required=True
        )

    def obey() -> None:
        st.session_state["graph_trouble"] = take(hand, row, which, st.session_state["graph"].pick)

    _, gone = edits(hand)
    with st.container():
        for sentence in filter(None, (gone, st.session_state.pop("graph_trouble", ""))):
            st.warning(plain(sentence), icon=":material/edit_off:")
    with st.spinner("Computing …"):
        drawn = picture_of(hand, row, which)
    viewer(drawn.payload, key="graph", on_pick=obey)
    row_control(hand)
    note(
        "Values are those of this sequence at each step; gradients are of its own loss. Click a node for its equation, "
        "its sum and its numbers; set an input or a weight and see what follows from it; slow motion shows one update."
    )
    say(drawn.graph.says, drawn.graph.says_not)
    if drawn.asked is None:
        note("These sequences are too long, or this network too wide, to tell apart what each step asks of a weight.")
    else:
        say(drawn.asked.says, drawn.asked.says_not)
        table_twin(drawn.asked.frame, "What each step asks of each shared weight, as a table")
    table_twin(drawn.graph.frame, "The graph as a table")


picture()
sections(
    "unrolled",
    {
        "As a flow graph, and its transpose": lambda: flow_graph_and_transpose(hand),
        "In continuous time": lambda: ask(hand, "adjoint_ode", CONTINUOUS, "The gaps as a table", rows=4),
    },
)
