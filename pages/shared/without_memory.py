"""Would a network without memory do? The run's architecture beside those that remember nothing, or only a window."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.hand import Hand, set_off
from pages.shared.race_draft import KEPT, RACE, propose
from pages.shared.words import note, plain

MEMORYLESS = ("window_mlp", "causal_cnn", "bag_of_words", "feed_forward", "pooled_cnn")
LANES = 4


def without_memory(hand: Hand) -> None:
    """The section: what such networks can know, and a race against them with as many weights for each."""
    rivals = [name for name in MEMORYLESS if name != hand.spec.architecture and hand.fits(architecture=name)]
    cards = rc.architectures()
    had = (
        f"What can be had without any network: {plain(hand.baseline.sentence)}, which scores "
        f"**{hand.baseline.value:.3g}**."
    )
    if not rivals:
        rule = plain(rc.learners()[hand.spec.learner].title)
        st.markdown(f"{had} {rule} teaches no network without memory, so there is none to race against here.")
        return
    st.markdown(f"{had} Whether memory is needed shows beside networks that have none:")
    st.dataframe(
        {
            "architecture": [cards[name].title for name in rivals],
            "what it is": [cards[name].summary for name in rivals],
            "good for": [cards[name].use for name in rivals],
        },
        hide_index=True,
        width="stretch",
    )
    if st.button("Race them", icon=":material/sports_score:", key="race_memoryless"):
        propose(hand.spec, [hand.spec.architecture, *rivals][:LANES])
        set_off(RACE, KEPT)
    note(
        "The race gives all of them the same sequences and seeds, as many weights, and the same effort to find each "
        "one’s learning rate."
    )
