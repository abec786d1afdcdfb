"""One page, one step Back: the address that a page writes on arrival takes the place of the bare one."""

from __future__ import annotations

import streamlit as st

SCRIPT = """
const once = Symbol.for("rnn-explorer.history")

export default () => {
  if (history[once]) return
  const push = history.pushState
  history[once] = true
  history.pushState = (state, title, url) => {
    const bare = !location.search && new URL(url, location.href).pathname === location.pathname
    const write = bare ? history.replaceState : push
    write.call(history, state, title, url)
  }
  document.documentElement.dataset.history = "kept"
}
"""

_mount = st.components.v2.component("rnn_history", js=SCRIPT)


def one_step_back() -> None:
    """Let Back lead to the page before in one step, also where it was left by a link of the menu."""
    _mount(key="history", height=0)
