"""The two thin wrappers: a notebook's widget and a page's component."""

from __future__ import annotations

import importlib
import sys

import pytest
from streamlit.testing.v1 import AppTest

from rnn_core.viewer import pack


def test_the_widget_carries_the_payload_and_the_shipped_module():
    from rnn_core.viewer.widget import Viewer

    payload = pack({}, view="timeline", T=1, rows=[])
    widget = Viewer.of(payload)
    assert widget.packed == payload and widget.pick == {}
    assert "export default" in str(widget._esm) and ".rnn-viewer" in str(widget._css)
    widget.close()


def test_without_anywidget_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "rnn_core.viewer.widget", raising=False)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError, match="pip install anywidget"):
        importlib.import_module("rnn_core.viewer.widget")


def page():
    """A page with one viewer."""
    import streamlit as st

    from pages.shared.viewer import viewer
    from rnn_core.viewer import pack

    st.write(viewer(pack({}, view="timeline", T=1, rows=[], key="k"), key="v") or "nothing picked")


def test_the_page_sends_the_payload_and_picks_nothing_by_itself():
    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.exception
    (component,) = at.get("bidi_component")
    assert component.proto.bytes == pack({}, view="timeline", T=1, rows=[], key="k")
    assert at.markdown[0].value == "nothing picked"


def following():
    """A page whose tape follows a pick."""
    import streamlit as st

    from pages.shared.hand import Hand
    from pages.shared.viewer import follow
    from rnn_core.shipped import shipped_spec

    hand = Hand(shipped_spec(), None, "somebody", st.session_state.get("moment"))
    follow(hand, st.session_state.pop("picked", None))
    st.write(str(hand.moment))


@pytest.mark.parametrize(
    ("pick", "stands"),
    [
        ({"tape": 64}, "64"),
        ({"tape": "newest"}, "None"),
        ({"t": 3, "update": 64}, "None"),
        (None, "None"),
        ("64", "None"),
        ({"tape": True}, "None"),
        ({"tape": "<b>"}, "None"),
        ({"tape": [64]}, "None"),
    ],
)
def test_a_page_follows_the_tape_that_was_let_go(pick, stands):
    at = AppTest.from_function(following, default_timeout=60)
    at.session_state["picked"] = pick
    at.run()
    assert not at.exception and at.markdown[0].value == stands and not at.warning


def test_a_moment_that_is_not_on_the_tape_gets_one_sentence():
    at = AppTest.from_function(following, default_timeout=60)
    at.session_state["picked"] = {"tape": 70}
    at.run()
    assert not at.exception and at.markdown[0].value == "64"
    assert at.warning[0].value.startswith("The tape has no update 70")
