"""Sections below a page's main picture: only the open one is computed, and it is remembered from page to page."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import streamlit as st

from pages.shared.hand import set_off

HEAD_START = 0.15


def sections(key: str, parts: Mapping[str, Callable[[], None]]) -> None:
    """Tabs with the titles of ``parts``; the function behind the open one draws it, in a fragment of its own.

    ``key`` names the page's set of sections for ``go_to``. Where the whole page is drawn, the browser first gets a
    moment for the picture above: drawn together, it waits for the charts of the section, twice as long in all.
    """

    slot, widget = f"open:{key}", f"sections:{key}"
    whole_page = [True]

    @st.fragment
    def drawn() -> None:
        wanted = st.session_state.get(slot)
        if wanted in parts and widget not in st.session_state:
            st.session_state[widget] = wanted
        tabs = st.tabs(list(parts), key=widget, on_change=_remember, args=(slot, widget))
        if whole_page:
            time.sleep(HEAD_START)
            whole_page.clear()
        for tab, draw in zip(tabs, parts.values(), strict=True):
            if tab.open:
                with tab, st.spinner("Computing …"):
                    draw()

    drawn()


def go_to(label: str, page: str, key: str, title: str, *, slot: str = "") -> None:
    """A button that opens a page, such as ``pages/3_Gradients.py``, with the section ``title`` of its set ``key`` open.

    ``slot`` tells buttons apart that lead to the same place.
    """
    if st.button(label, icon=":material/arrow_forward:", type="tertiary", key=f"go:{slot}:{page}:{title}"):
        st.session_state[f"open:{key}"] = title
        st.session_state.pop(f"sections:{key}", None)
        set_off(page)


def _remember(slot: str, widget: str) -> None:
    st.session_state[slot] = st.session_state[widget]
