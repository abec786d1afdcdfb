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
    at = AppTest.from_function(page).run()
    assert not at.exception
    (component,) = at.get("bidi_component")
    assert component.proto.bytes == pack({}, view="timeline", T=1, rows=[], key="k")
    assert at.markdown[0].value == "nothing picked"
