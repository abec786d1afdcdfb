"""What the network does by itself: what an impulse leaves, and how slowly each unit forgets."""

from __future__ import annotations

import streamlit as st

from pages.shared.asked import ask
from pages.shared.hand import Hand

SEQUENCES = 64


def left_alone(hand: Hand) -> None:
    """The section: impulse response and time constants."""
    st.subheader("What does one impulse leave?", anchor=False)
    ask(
        hand,
        "impulse_response",
        "The first input is 1 at the first step and 0 ever after, less the same without it. What is still there is "
        "memory.",
        "The response as a table",
    )
    st.subheader("How slowly does each unit forget?", anchor=False)
    ask(
        hand,
        "time_constants",
        f"Measured on {SEQUENCES} held-out sequences: after how many steps a unit’s values resemble themselves only "
        "to 1/e.",
        "The time constants as a table",
        rows=SEQUENCES,
    )
