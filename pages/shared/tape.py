"""The tape of training: where it stands is where every picture on every page stands."""

from __future__ import annotations

import streamlit as st

from pages.shared.controls import steady_slider
from pages.shared.engine import polling
from pages.shared.hand import Hand
from pages.shared.watched import watched

RARELY, NOW = 6, "now"


def tape(hand: Hand) -> None:
    """A slider over the recorded moments, with a step back and a step on; nothing where there is only one moment.

    It grows while the run moves; a move of it draws the whole page again.
    """
    shown, period = hand.moment, RARELY * polling(hand.owner) if hand.live else None

    @st.fragment(run_every=period)
    def drawn() -> None:
        if st.session_state.get("moment") != shown:
            st.rerun()
        if hand.live:
            hand.run = watched(hand.run_id).run()
        _bar(hand, hand.moments)

    drawn()


def _bar(hand: Hand, moments: list[int]) -> None:
    if len(moments) < 2:
        return
    last, places = len(moments) - 1, [*moments[:-1], NOW]  # the newest end has one name, however far the tape grows
    here = last if hand.moment is None else moments.index(hand.moment)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="tape"):
        _step(hand, "tape_back", "Back on the tape", "chevron_left", moments[max(here - 1, 0)], here == 0)
        how = {"format_func": lambda place: place if place == NOW else f"update {place:,}", "width": 280}
        chosen = steady_slider("Tape of training", places, places[here], f"tape_{hand.run_id}", **how)
        _step(hand, "tape_on", "Forward on the tape", "chevron_right", moments[min(here + 1, last)], here == last)
        if hand.moment is None:
            st.markdown(":small[:gray[Tape: every picture shows the network as it is now.]]", width="stretch")
        else:
            st.markdown(
                f":small[**Every picture shows update {hand.moment:,}** :gray[of {hand.run.update:,}.]]",
                width="content",
            )
            st.button("Now", key="tape_now", type="tertiary", on_click=hand.seek, args=(moments[-1],))
    if chosen != places[here]:
        hand.seek(moments[places.index(chosen)])
        st.rerun()


def _step(hand: Hand, key: str, label: str, icon: str, moment: int, off: bool) -> None:
    st.button(
        "",
        icon=f":material/{icon}:",
        type="tertiary",
        key=key,
        help=f"{label}; the arrow keys do the same.",
        on_click=hand.seek,
        args=(moment,),
        disabled=off,
    )
