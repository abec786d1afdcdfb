"""Race: which one learns it better?"""

import streamlit as st

import rnn_core as rc
from pages.shared.engine import engine
from pages.shared.frame import frame
from pages.shared.race_draft import KEPT, draft, sizes
from pages.shared.race_reach import how_far
from pages.shared.race_view import found, show_race, show_shipped
from pages.shared.words import plain
from rnn_core.jobs import EngineError
from rnn_core.race.shipped import shipped_race

hand = frame(
    "Race",
    "Which one learns it better?",
    "Same sequences, same seeds, as many weights for each, the same effort to find each one’s learning rate. Only then "
    "may two architectures be compared, and only by their bands.",
    keep=KEPT,
)


def start(race: rc.Race) -> None:
    try:
        st.session_state["race"] = engine().submit(race, owner=hand.owner)
    except (EngineError, ValueError) as error:
        st.session_state["race_trouble"] = str(error)


picture, controls = st.columns([3, 1], gap="large")
with picture:
    if (sentence := st.session_state.pop("race_trouble", None)) is not None:
        st.error(plain(sentence), icon=":material/error:")
    try:
        race = found(st.session_state.get("race"))
    except EngineError as error:
        st.warning(plain(error), icon=":material/link_off:")
        st.button("Look again", icon=":material/refresh:", key="race_again")
        race = None
    if race is None:
        show_shipped()
    else:
        show_race(race, st.session_state["race"], hand.owner)
    how_far(race or shipped_race().race, hand.owner)


@st.fragment
def new_race() -> None:
    st.subheader("A race of your own", anchor=False)
    wanted = draft()
    if isinstance(wanted, str):
        st.info(plain(wanted), icon=":material/info:")
    else:
        sizes(wanted)
    off = isinstance(wanted, str)
    if st.button("Start the race", icon=":material/sports_score:", type="primary", key="race_start", disabled=off):
        start(wanted)
        st.rerun()


with controls:
    new_race()
