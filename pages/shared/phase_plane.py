"""The plane of two units: where each stands still, where both do, and where the state drifts."""

from __future__ import annotations

import streamlit as st

from pages.shared.asked import ask, found
from pages.shared.hand import Hand
from pages.shared.words import plain

SEQUENCES = 16
HELD = {
    "step": "at the last step of one held-out sequence",
    "mean": "at its mean over all steps",
    "rest": "at a fixed point of the whole network",
}


def phase_plane(hand: Hand) -> None:
    """The section: nullclines and vector field of two chosen units, all else frozen."""
    names = found(hand, "fixed_points", rows=SEQUENCES).names
    if len(names) < 2:
        st.info("A plane needs two units; this state is a single number, see Cobweb.", icon=":material/info:")
        return
    picture, controls = st.columns([3, 1], gap="large")
    with controls:
        first = st.selectbox("Across", names, 0, key=f"plane_across_{len(names)}_{names[0]}")
        second = st.selectbox("Upward", names, 1, key=f"plane_up_{len(names)}_{names[0]}")
        freeze = st.selectbox("All else is held", list(HELD), format_func=HELD.get, key="plane_held")
    with picture:
        ask(
            hand,
            "nullclines",
            f"Two units, all else held {HELD[freeze]}. On a unit’s line it stands still; where the lines cross, both "
            f"do; arrows show the drift of one step. The path is where {plain(first)} and {plain(second)} really went.",
            "The plane as a table",
            units=(first, second),
            freeze=freeze,
            rows=SEQUENCES,
        )
