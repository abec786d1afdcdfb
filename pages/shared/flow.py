"""The flow graph and its transpose: reverse every arrow, and what computed the answer computes the gradient."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.passes import chosen_pass
from pages.shared.theme import mode
from pages.shared.words import note, plain, say, table_twin

ROWS, STEPS = 8, 2000
WAYS = ("Forward", "Transposed", "Side by side")


@st.cache_resource(max_entries=64, show_spinner=False)
def _graph(key: str, which: int, _run: rc.Run) -> rc.Result:
    return rc.flow_graph(_run, which=which, rows=max(1, min(ROWS, STEPS // _run.held_out.target.shape[1])))


def flow_graph_and_transpose(hand: Hand) -> None:
    """The section: the step as sums, branch points, gains and functions, and the same with all arrows reversed."""
    st.markdown(
        "Reverse every arrow; make each sum a **branch point** and each branch point a **sum**; turn each function "
        "into a multiplication by its slope and each matrix over. What comes out is backpropagation through time."
    )
    way = st.segmented_control("Draw", WAYS, default=WAYS[0], required=True, key="flow_way")
    found = _graph(hand.key, chosen_pass(hand, "flow"), hand.then)
    graphs = {WAYS[0]: [found], WAYS[1]: [found.transpose()]}.get(way, [found, found.transpose()])
    for k, (column, graph) in enumerate(zip(st.columns(len(graphs), gap="medium"), graphs, strict=True)):
        with column:
            show(rc.figures.flow_graph(graph, theme=mode()), key=f"flow_graph_{k}")
    gains = ", ".join(f"∂L/∂{name} {float(g.norm()):.2g}" for name, g in found.gradients.items())
    note(
        "⊕ adds, a dot hands on the same signal to several readers, ⊗ multiplies, a bar cuts a vector into blocks or "
        "joins them. Transposed, ⊗ is a dot whose two ways multiply by the other factor."
    )
    note(f"Lengths of what the transposed graph gives, summed over all steps: {plain(gains)}.")
    say(graphs[0].says, graphs[0].says_not)
    table_twin(graphs[0].frame, "The flow graph as a table")
