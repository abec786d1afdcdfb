"""The viewer on a page."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.errors import StreamlitAPIException

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

    A pick of a timeline is {"t", "unit", "map", "moment"}, one of a graph {"t", "node", "rolled"}. height is in pixels;
    by default the viewer is as tall as its rows. on_pick is called before the page reruns.
    """
    size = "content" if height is None else height
    return _mount(key=key, data=payload, height=size, on_pick_change=on_pick or _nothing).pick


def _nothing() -> None:
    """Registers the pick without doing anything about it."""
