"""The same race at several lengths: how long a memory can each learn?"""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.engine import engine, polling
from pages.shared.race_view import ACTIVE
from pages.shared.theme import mode
from pages.shared.watched import watched
from pages.shared.words import note, plain, say, table_twin
from rnn_core.jobs import EngineError
from rnn_core.race import Reach, at_lengths, axis_of, verdict

LENGTHS = (5, 10, 20, 40, 80, 160)
FIRST = (5, 10, 20, 40)


def how_far(race: rc.Race, owner: str) -> None:
    """Lengths to choose, the races in the engine, and the picture that grows while they are run."""
    st.subheader("How long a memory can each learn?", anchor=False)
    if not axis_of(race):
        note("No setting of this task says over how many steps something must be remembered.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.pills(
            f"The same race at {axis_of(race)}", LENGTHS, selection_mode="multi", default=FIRST, key="reach_lengths"
        )
        st.button(
            "Start them all",
            icon=":material/straighten:",
            key="reach_start",
            on_click=_start,
            args=(race, chosen, owner),
            disabled=len(chosen) < 2,
            help="One race a length, in line: some minutes in all.",
        )
    if sentence := st.session_state.pop("reach_trouble", None):
        st.error(plain(sentence), icon=":material/error:")
    ids = [one for one in str(st.session_state.get("reach") or "").split(".") if one]
    if ids:
        _shown(ids, owner)
    else:
        note("A seed counts as successful when its held-out loss ends below half of what can be had without memory.")


def _start(race: rc.Race, lengths: list[int], owner: str) -> None:
    try:
        races = at_lengths(race, lengths)
        st.session_state["reach"] = ".".join(engine().submit(one, owner=owner) for one in races)
    except (EngineError, ValueError) as error:
        st.session_state["reach_trouble"] = str(error)


def _shown(ids: list[str], owner: str) -> None:
    try:
        races = [engine().spec(one) for one in ids]
        looks = [watched(one).glance(age=0.0) for one in ids]
        alike = all(isinstance(one, rc.Race) and one.lanes == races[0].lanes and axis_of(one) for one in races)
    except EngineError as error:
        st.warning(plain(error), icon=":material/link_off:")
        return
    if not alike or len(races) < 2:
        st.warning("This link does not name one race at several lengths.", icon=":material/link_off:")
        return
    moving = any(look.status in ACTIVE for look in looks)

    @st.fragment(run_every=2 * polling(owner) if moving else None)
    def grown() -> None:
        seen = [watched(one) for one in ids]
        now = [one.glance() for one in seen]
        told = tuple(verdict(race, one.records) if one.records else None for race, one in zip(races, seen))
        result = Reach(tuple(races), told)
        done, all_of_them = sum(look.update for look in now), sum(look.target for look in now)
        st.progress(min(1.0, done / all_of_them), text=f"{done / all_of_them:.0%} of {len(ids)} races")
        figure = rc.figures.reach(result, theme=mode())
        show(figure, key="reach")
        say(result.says, result.says_not)
        table_twin(result.frame, "Success at each length as a table")
        if moving and not any(look.status in ACTIVE for look in now):
            st.rerun()

    grown()
