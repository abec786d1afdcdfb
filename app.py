"""Home: see a network remember."""

import streamlit as st

import rnn_core as rc
from pages.shared.frame import frame
from pages.shared.viewer import follow, viewer
from pages.shared.views import chosen_row, timeline_of
from pages.shared.words import say

hand = frame(
    "Home",
    "See a network remember",
    "Press **Play**, or click any square: below is every step of the network in hand, computed from its own weights.",
)
follow(hand, viewer(timeline_of(hand, row=chosen_row(hand), compact=True), key="home"))
say(
    "this very network holds these values while it reads this sequence.",
    "what a single unit means: others carry the same information, and another seed would spread it differently.",
)
st.space("small")
WAYS = [
    (
        "play_circle",
        "Play",
        "Train a net of your own in ten seconds; pause it, change one thing, see it learn.",
        "pages/1_Train.py",
        "Open Train",
    ),
    (
        "school",
        "Look",
        "What does it keep, at which step, and which gate decided so? One cursor through everything.",
        "pages/2_Hidden_states.py",
        "Open Hidden states",
    ),
    (
        "category",
        "Compare",
        f"{len(rc.architectures())} architectures, their equations and the graph of their step, side by side.",
        "pages/5_Architectures.py",
        "Open the gallery",
    ),
]
for column, (icon, title, text, page, label) in zip(st.columns(3, gap="medium", border=True), WAYS):
    with column:
        st.subheader(f":material/{icon}: {title}", anchor=False)
        st.markdown(text)
        st.page_link(page, label=label, icon=":material/arrow_forward:")
