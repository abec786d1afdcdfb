"""Whose weights a page asks about: those in hand, or those that the same network began with."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.shared.hand import Hand
from pages.shared.words import note

NOW, FRESH = "as they are", "as they were drawn"


def seen(hand: Hand) -> Hand:
    """The run in hand where its tape stands, or with its fresh random weights, as the visitor chooses."""
    if hand.then.update == 0:
        note("These are fresh random weights, nothing learnt yet. **New start** draws others, **Play** trains them.")
        return hand
    if hand.moments[0] != 0:
        return hand
    chosen = st.segmented_control(
        "Weights",
        [NOW, FRESH],
        default=NOW,
        required=True,
        key="dynamics_weights",
        help="The random weights that this network began with, before anything was learnt; for all sections below.",
    )
    return hand if chosen == NOW else replace(hand, moment=0)
