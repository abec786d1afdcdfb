"""Dynamics: what does it do when left alone?"""

from __future__ import annotations

import streamlit as st

from pages.shared.asked import ask
from pages.shared.frame import frame
from pages.shared.hand import Hand
from pages.shared.reservoir import reservoir_lab
from pages.shared.sections import sections

SEQUENCES = 16


@st.fragment
def rests(hand: Hand) -> None:
    """Fixed points of the run in hand, in the plane of its states."""
    ask(
        hand,
        "fixed_points",
        "The input is held at zero. Searches start near states of held-out sequences, whose paths are faint; the axes "
        "are the two directions in which these states vary most.",
        "The points as a table",
        rows=SEQUENCES,
    )


hand = frame(
    "Dynamics",
    "What does it do when left alone?",
    "Where the whole state could **come to rest**, and whether it would stay there.",
    transport=True,
)
rests(hand)
sections(
    "dynamics",
    {
        "Lyapunov spectrum": lambda: ask(
            hand,
            "lyapunov_spectrum",
            f"Along {SEQUENCES} held-out sequences, under their own input: above the line neighbouring states part, "
            "below it they close up.",
            "The exponents as a table",
            rows=SEQUENCES,
        ),
        "The onset of chaos": lambda: ask(
            hand,
            "chaos_transition",
            "Not the network in hand, but random tanh networks with as many units as its state has numbers, with no "
            "input: simulated, beside what mean-field theory says of endless ones.",
            "The networks as a table",
        ),
        "An echo state network": reservoir_lab,
    },
)
