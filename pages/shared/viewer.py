"""The viewer on a page."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.errors import StreamlitAPIException

from pages.shared.hand import Hand
from pages.shared.words import plain
from rnn_core.viewer import HERE

component = st.components.v2.component
try:
    _mount = component("rnn-core.viewer", js="viewer.js", css="viewer.css")
except StreamlitAPIException:
    _mount = component("rnn_viewer", js=(HERE / "viewer.js").read_text(), css=(HERE / "viewer.css").read_text())


def viewer(
    payload: bytes, *, key: str, height: int | None = None, on_pick: Callable[[], None] | None = None
) -> dict | None:
    """Show a payload of `rnn_core.viewer` and return what was clicked in this rerun, else None.

    A pick of a timeline is {"t", "unit", "map", "moment", "update"}, one of a graph {"t", "node", "rolled"}. A timeline
    adds "tape", an update or "newest", when its tape is let go, and "brush", {"map", "unit", "first", "last",
    "threshold"} or None, when a stretch of a unit's steps is selected or the selection cleared; a graph adds "edit"
    when a number is set. It comes from the browser: check it before use. height is in pixels; by default the viewer is
    as tall as its rows. on_pick is called before the page reruns.
    """
    size = "content" if height is None else height
    return _mount(key=key, data=payload, height=size, on_pick_change=on_pick or _nothing).pick


def follow(hand: Hand, picked: dict | None) -> None:
    """Let every page show the moment at which the tape in a viewer was let go, and draw the page again."""
    tape = picked.get("tape") if isinstance(picked, dict) else None
    if tape == "newest":
        tape = hand.moments[-1]
    if type(tape) is not int:
        return
    before = hand.moment
    if sentence := hand.seek(tape):
        st.warning(plain(sentence), icon=":material/history:")
    elif hand.moment != before:
        st.rerun()


def _nothing() -> None:
    """Registers the pick without doing anything about it."""
