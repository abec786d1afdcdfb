"""Three numbers side by side: what a guess scores, what the best window reached, and what this model does."""

from __future__ import annotations

import math

import streamlit as st

from pages.shared.hand import Hand
from pages.shared.words import note, plain
from rnn_core.race.without_memory import best_window


def three_numbers(hand: Hand) -> None:
    """One line under the task; of the window nothing is said where nobody measured it."""
    task = hand.run.task
    last = next((one for one in reversed(hand.run.records) if one["metric"] is not None), None)
    model = "not measured yet"
    if last is not None and math.isfinite(last["metric"]):
        model = f"{last['metric']:.3g}** at update **{last['update']:,}"
    window, why = None, ""
    try:
        window = best_window(hand.spec.task)
    except ValueError as error:
        why = str(error)
    parts = [f"guess without memory **{hand.baseline.value:.3g}**"]
    if window is not None and window.fits(hand.spec):
        parts.append(
            f"best window of {window.window} steps, tuned: **{window.median:.3g}** ({len(window.seeds)} seeds)"
        )
        why = f"The window: {window.says} It does not show {window.says_not}"
    elif window is not None:
        why = (
            "The best window net was measured on this task’s default settings only; “Would it do without memory?” "
            "offers a race against one on these settings."
        )
    parts.append(f"this model **{model}**")
    st.markdown(f"{plain(task.metric_name.capitalize())} ({task.metric_better} is better): {' · '.join(parts)}")
    if why:
        note(plain(why))
