"""What the network is as a machine: the automaton in its states, and its units that count."""

from __future__ import annotations

import streamlit as st

from pages.shared.asked import ask
from pages.shared.hand import Hand

SEQUENCES = 64


def which_machine(hand: Hand) -> None:
    """The section: an automaton read off the states, and how units climb and fall."""
    st.subheader("Which automaton is it?", anchor=False)
    ask(
        hand,
        "automaton",
        f"States of {SEQUENCES} held-out sequences, put into clusters; the moves between clusters are the arrows, and "
        "clusters that behave alike are one state.",
        "The automaton as a table",
        rows=SEQUENCES,
    )
    st.subheader("Which units count?", anchor=False)
    ask(
        hand,
        "counters",
        f"How much each unit climbs or falls with each symbol, the mean over {SEQUENCES} held-out sequences. A counter "
        "goes up by equal steps with one symbol and down with another.",
        "Every unit’s steps as a table",
        rows=SEQUENCES,
    )
