"""The Lyapunov spectrum of a run: along its sequences, or left alone."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.asked import ask, draw
from pages.shared.hand import Hand
from pages.shared.words import plain

SEQUENCES, LONG, SHORT, WIDE = 16, 1000, 200, 64
HEARS = {"sequences": "its held-out sequences", "nothing": "nothing"}


@st.cache_resource(max_entries=64, show_spinner=False)
def _alone(key: str, steps: int, _run: rc.Run) -> rc.Result:
    return rc.lyapunov_spectrum(_run.network.cells[0], steps=steps)


def lyapunov(hand: Hand) -> None:
    """The section: the spectrum under the run's input, or of the network by itself."""
    heard = st.segmented_control(
        "It hears", list(HEARS), default="sequences", format_func=HEARS.get, required=True, key="lyapunov_heard"
    )
    if heard == "sequences":
        ask(
            hand,
            "lyapunov_spectrum",
            f"Along {SEQUENCES} held-out sequences, under their own input: above the line neighbouring states part, "
            "below it they close up.",
            "The exponents as a table",
            rows=SEQUENCES,
        )
        return
    wide = hand.then.network.cells[0].settings.hidden_size > WIDE
    steps = SHORT if wide else LONG
    try:
        with st.spinner(f"Following {steps:,} steps …"):
            result = _alone(hand.key, steps, hand.then)
    except (MemoryError, ValueError) as error:
        st.info(plain(error), icon=":material/info:")
        return
    draw(
        result,
        "lyapunov_spectrum",
        f"Left alone from a random state, with no input, over {steps:,} steps after 200 to settle: above the line "
        "neighbouring states part, below it they close up.",
        "The exponents as a table",
    )
