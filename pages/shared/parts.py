"""The small parts of every network, each on the run in hand: functions, softmax, clipping, embedding, nearest words."""

from __future__ import annotations

import streamlit as st

from pages.shared.asked import draw, found
from pages.shared.hand import Hand

TEMPERATURES = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
LIMITS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
EXAMPLE = (2.0, 1.0, 0.0, -1.0)
SEQUENCES = 16


def parts(hand: Hand) -> None:
    """All of them, one below the other."""
    for title, section in (
        ("What bends a sum", bending),
        ("Probabilities out of numbers", probabilities),
        ("A gradient that is too long", too_long),
        ("A vector for each symbol", looked_up),
        ("Words out of vectors", decoded),
    ):
        with st.container(border=True):
            st.subheader(title, anchor=False)
            section(hand)


@st.fragment
def bending(hand: Hand) -> None:
    """Activation functions beside their slopes."""
    result = found(hand, "activations")
    used = "Solid lines: what the network in hand bends with. " if result.used else ""
    draw(
        result,
        "activations",
        f"{used}Above, what comes out of a unit; below, the slope there: an error on its way back is multiplied by it, "
        "once in every step.",
        "The functions as a table",
    )


@st.fragment
def probabilities(hand: Hand) -> None:
    """The softmax with its temperature."""
    chosen = st.select_slider(
        "Temperature", TEMPERATURES, value=1.0, format_func="{:g}".format, key="softmax_temperature"
    )
    if hand.then.task.words is None:
        result = found(hand, "temperature", temperature=chosen, scores=EXAMPLE)
        scores = ", ".join(f"{s:g}" for s in EXAMPLE)
        whose = f"An example, because this task asks for quantities: the scores {scores}. "
    else:
        result = found(hand, "temperature", temperature=chosen)
        whose = "The network's last answer in the first held-out sequence. "
    draw(
        result,
        "temperature",
        f"{whose}Below 1 the likeliest gains, above 1 all become more alike; the order never changes.",
        "The probabilities as a table",
    )


@st.fragment
def too_long(hand: Hand) -> None:
    """What clipping does to one gradient."""
    length = found(hand, "clipping", rows=SEQUENCES).norm
    usual = max((limit for limit in LIMITS if 2 * limit < length), default=LIMITS[0])
    chosen = st.select_slider("Longest that is let through", LIMITS, value=usual, format_func="{:g}".format,
                              key=f"clip_limit_{usual:g}")
    draw(
        found(hand, "clipping", limit=chosen, rows=SEQUENCES),
        "clipping",
        f"Every dot is one entry of the gradient of {SEQUENCES} held-out sequences. On a straight line through 0, all "
        "shrank alike and the direction is kept; crosses bend away from it.",
        "The lengths as a table",
    )


@st.fragment
def looked_up(hand: Hand) -> None:
    """One-hot times matrix is a row."""
    last = hand.then.held_out.target.shape[1] - 1
    step = st.slider("Time step", 0, max(last, 1), 0, key=f"read_step_{last}")
    draw(
        found(hand, "embedding", step=min(step, last)),
        "embedding",
        "What the first cell makes of its input at this step of the first held-out sequence, bias left out. Beside "
        "each row its number in x; framed: the row that is looked up, and the product.",
        "The matrix as a table",
    )


@st.fragment
def decoded(hand: Hand) -> None:
    """The nearest rows of the readout."""
    draw(
        found(hand, "nearest_words", rows=SEQUENCES),
        "nearest_words",
        "Each answer is a vector before the readout makes scores of it. Filled: the nearest row of the readout's "
        "table, by the angle between them; open: the next two.",
        "The nearest rows as a table",
    )
