"""Watch it act: an episode of the network in hand, in a world that answers, and what it gets from many starts."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.asked import draw, found
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.theme import mode
from pages.shared.words import note

STARTS = 64


def acting(hand: Hand) -> None:
    """The section: one episode step by step, and how the returns of all are spread."""
    row = int(st.number_input("Start", 0, STARTS - 1, 0, key="episode_row", width=160,
                              help=f"Which of {STARTS} held-out starts to play from."))
    result = found(hand, "episode", rows=STARTS, row=row)
    draw(result, "episode",
         "The network acts itself, nothing left to chance, from a start that training never saw. Dotted: "
         "the way that was gone; a star: the goal. Press play or drag the slider.", "The episode as a table")
    figure = rc.figures.returns(result, hand.baseline, theme=mode())
    show(figure, key="returns")
    note(f"The same network from {STARTS} starts.")
