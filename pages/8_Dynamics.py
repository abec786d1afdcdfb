"""Dynamics: what does it do when left alone?"""

from __future__ import annotations

import streamlit as st

from pages.shared.asked import ask
from pages.shared.bifurcations import bifurcation, cobweb
from pages.shared.frame import frame
from pages.shared.hand import Hand
from pages.shared.left_alone import left_alone
from pages.shared.lyapunov import lyapunov
from pages.shared.phase_plane import phase_plane
from pages.shared.reservoir import reservoir_lab
from pages.shared.rests import modes, rests, trajectories
from pages.shared.sections import sections
from pages.shared.weights_seen import seen


def chaos(hand: Hand) -> None:
    """Random networks as large as the one in hand, over their gain."""
    ask(
        hand,
        "chaos_transition",
        "Not the network in hand, but random tanh networks with as many units as its state has numbers, with no "
        "input: simulated, beside what mean-field theory says of endless ones.",
        "The networks as a table",
    )


hand = frame(
    "Dynamics",
    "What does it do when left alone?",
    "Where the whole state could **come to rest**, whether it would stay there, and how that changes.",
    transport=True,
)
looked_at = seen(hand)
st.fragment(rests)(looked_at)
sections(
    "dynamics",
    {
        "Modes": lambda: modes(looked_at),
        "Trajectories": lambda: trajectories(looked_at),
        "Phase plane": lambda: phase_plane(looked_at),
        "Bifurcation": lambda: bifurcation(looked_at),
        "Cobweb": lambda: cobweb(looked_at),
        "Left alone": lambda: left_alone(looked_at),
        "Lyapunov spectrum": lambda: lyapunov(looked_at),
        "The onset of chaos": lambda: chaos(looked_at),
        "An echo state network": reservoir_lab,
    },
)
