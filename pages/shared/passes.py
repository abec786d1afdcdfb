"""Which of a network's passes is looked at: the control, where there are several, and the pass itself."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.hand import Hand
from pages.shared.words import plain

STEPS = 10_000


def chosen_pass(hand: Hand, key: str) -> int:
    """The pass that is looked at; a control for networks that run along the sequence more than once."""
    names = hand.passes() if len(hand.run.network.cells) > 1 else []
    if not names:
        return 0
    return st.segmented_control(
        "Pass",
        range(len(names)),
        default=0,
        format_func=lambda k: plain(names[k]),
        required=True,
        key=f"pass_{key}_{len(names)}",
        help="This network runs along the sequence more than once; each pass has states of its own.",
    )


def enough(run: rc.Run, steps: int = STEPS) -> int:
    """How many held-out sequences to look at, so that long ones do not keep a visitor waiting; at least 8."""
    length = run.held_out.target.shape[1]
    return max(8, min(len(run.held_out.target), steps // length))


@st.cache_resource(max_entries=32, show_spinner=False)
def traced(key: str, rows: int, _run: rc.Run) -> rc.NetworkTrace:
    """The run's network over its first held-out sequences."""
    batch = _run.held_out.rows(slice(0, rows))
    return _run.network.trace(batch.x, mask=batch.mask)
