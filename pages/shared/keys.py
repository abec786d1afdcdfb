"""Keys that press buttons: only where nothing else on the page wants the key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

SCRIPT = """
const WANTED = "a, button, input, textarea, select, summary, canvas, svg, [contenteditable], [role], [tabindex]"
const GROUND = ["stMain", "stApp", "stAppViewContainer", "stMainBlockContainer"]
const held = globalThis[Symbol.for("rnn-explorer.keys")] ??= { map: {}, users: 0 }

function press(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
  const at = event.composedPath()[0]
  const ground = at === document.body || at === document.documentElement || GROUND.includes(at.dataset?.testid)
  if (!ground && at.closest?.(WANTED) && !GROUND.includes(at.closest(WANTED).dataset.testid)) return
  if (document.querySelector("[role=dialog]")) return
  for (const key of held.map[event.key] ?? []) {
    const button = document.querySelector(`.st-key-${key} button:not([disabled])`)
    if (button) {
      event.preventDefault()
      button.click()
      return
    }
  }
}

export default ({ data }) => {
  held.map = data
  if (!held.users) {
    document.addEventListener("keydown", press)
    held.users = 1
  }
  document.documentElement.dataset.keys = "heard"
}
"""

_mount = st.components.v2.component("rnn_keys", js=SCRIPT)


def keys(buttons: Mapping[str, Sequence[str]]) -> None:
    """Let a key press the first of some buttons that is there and can be pressed; buttons are named by their keys."""
    _mount(key="keys", data={key: list(names) for key, names in buttons.items()}, height=0)
