"""Gradients: why does it forget?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

import rnn_core as rc
from pages.shared.asked import ask
from pages.shared.charts import show
from pages.shared.every_step import every_step
from pages.shared.frame import frame
from pages.shared.hand import Hand
from pages.shared.lab import lab
from pages.shared.optimisers import what_the_optimiser_makes
from pages.shared.passes import chosen_pass
from pages.shared.phases import gain_and_length
from pages.shared.sections import sections
from pages.shared.surface import on_the_surface
from pages.shared.theme import mode
from pages.shared.triangle import which_loss_reaches
from pages.shared.words import note, say, table_twin

SEQUENCES = 16
LAYERS = (
    "How large the error signal is in each layer, lowest on the left. Wire cells as a deep stack under “All settings” "
    "on the page Train, with and without residual."
)


@st.cache_resource(max_entries=64, show_spinner=False)
def _norms(key: str, which: int, _run: rc.Run) -> tuple[rc.Result | None, rc.Result]:
    """Size of the error signal of one pass: at the first moment of the tape, if it was trained since, and now."""
    now = rc.gradient_norms(_run, which=which, rows=SEQUENCES)
    before = rc.gradient_norms(_run, which=which, rows=SEQUENCES, update=0) if _run.update and 0 in _run.tape else None
    return before, now


@st.fragment
def error_signal(hand: Hand) -> None:
    """The error signal of the run in hand, before training and where its tape stands."""
    which = chosen_pass(hand, "norms")
    before, now = _norms(hand.key, which, hand.then)
    figure = rc.figures.gradient_norms(before=before, after=now, theme=mode())
    show(figure, key="norms")
    trained = "These are fresh weights. " if before is None else "Dashed: the same network before training. "
    note(
        f"Thick: the median of {len(now.norms)} sequences that were never trained on; thin: some of them. {trained}"
        "The state *s*ₜ is all that the net carries from one step to the next."
    )
    say(now.says, now.says_not)

    def table() -> pd.DataFrame:
        found = now.frame()
        if before is None:
            return found
        return found.rename(columns={"norm": "now"}).assign(**{"before training": before.frame()["norm"]})

    table_twin(table, "The error signal as a table")


hand = frame(
    "Gradients",
    "Why does it forget?",
    "Error flows backward, right to left. Below the **floor line** an early step no longer hears it.",
    transport=True,
)
error_signal(hand)
sections(
    "gradients",
    {
        "Which loss reaches which step": lambda: which_loss_reaches(hand),
        "Every step": lambda: every_step(hand),
        "Layer by layer": lambda: ask(hand, "layer_gradients", LAYERS, "Every layer as a table"),
        "The lab": lambda: lab(hand),
        "Gain × length": lambda: gain_and_length(hand),
        "What the optimiser makes of it": lambda: what_the_optimiser_makes(hand),
        "On the loss surface": lambda: on_the_surface(hand),
    },
)
