"""Runs: what have I tried?"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.shared.engine import polling
from pages.shared.frame import frame
from pages.shared.hand import Hand
from pages.shared.runs import MOVING, SHIPPED, Line, lines, pick, picked
from pages.shared.runs_bin import bin_of, undo
from pages.shared.runs_compare import Seen, curves, gather, settings
from pages.shared.runs_keep import keep, link
from pages.shared.runs_list import run_list
from pages.shared.words import note, plain

NOTICES = "runs_notices"
SLOWER = 6


def first(hand: Hand, found: Sequence[Line]) -> str:
    """What is shown to a visitor who has ticked nothing: the run in hand, or the one that ships."""
    ids = {line.id for line in found if line.known and not line.summary.binned}
    return hand.run_id if hand.run_id in ids else SHIPPED


def compared(hand: Hand, ids: list[str], found: Sequence[Line]) -> None:
    """Curves, what can be done with each run, what differs between them."""
    seen, notices = gather(ids, found)
    if notices:
        st.session_state[NOTICES] = notices
        pick([one.line.id for one in seen])
        st.rerun()
    if not seen:
        undo(hand.owner)
        st.info("Tick a run in the list, and its curve appears here.", icon=":material/check_box:")
        return
    curves(seen)
    undo(hand.owner)
    for one in seen:
        keep(hand, one, ids)
    st.subheader("What differs" if len(seen) > 1 else "What it was", anchor=False)
    settings(seen)
    if len(seen) > 1:
        note("A link to this comparison:")
        st.code(link("Runs", compare=".".join(ids)), language=None, wrap_lines=True)
    follow(hand, seen)


def follow(hand: Hand, seen: Sequence[Seen]) -> None:
    """Draw the page anew from time to time, while a run on it moves."""
    moving, rounds = any(one.line.summary.status in MOVING for one in seen), [0]

    @st.fragment(run_every=SLOWER * polling(hand.owner) if moving else None)
    def again() -> None:
        rounds[0] += 1
        if rounds[0] > 1:
            st.rerun()

    again()


hand = frame(
    "Runs",
    "What have I tried?",
    "Every run that is kept here. Tick some: their curves share one axis, and below stands only what differs.",
    keep=("compare",),
)
found, trouble = lines(hand.owner)
for sentence in filter(None, [*st.session_state.pop(NOTICES, []), trouble]):
    st.warning(plain(sentence), icon=":material/link_off:")
default = first(hand, found)
left, right = st.columns([3, 2], gap="large")
with left:
    compared(hand, picked(default), found)
with right:
    run_list(hand, found, default)
    bin_of(found, hand.owner)
