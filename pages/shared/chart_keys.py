"""The keyboard for the sliders and buttons in plotly's pictures; plotly itself gives them the mouse only."""

from __future__ import annotations

import streamlit as st

SCRIPT = """
const INSET = 10
const MOVES = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }

const state = group => {
  const plot = group.closest(".js-plotly-plot")
  const all = [...plot.querySelectorAll("g.slider-group")]
  const slider = plot._fullLayout.sliders.filter(s => s.visible)[all.indexOf(group)]
  return { plot, slider, steps: slider.steps.filter(s => s.visible) }
}

function tell(group) {
  const { slider, steps } = state(group)
  const at = steps[slider.active]?.label ?? ""
  group.setAttribute("aria-valuemin", 0)
  group.setAttribute("aria-valuemax", steps.length - 1)
  group.setAttribute("aria-valuenow", slider.active)
  group.setAttribute("aria-valuetext", `time step ${at}`)
}

function go(group, to) {
  const { plot, steps } = state(group)
  const rail = group.querySelector(".slider-rail-touch-rect")
  const box = rail.getBoundingClientRect()
  const share = steps.length > 1 ? to / (steps.length - 1) : 0
  const at = { bubbles: true, clientX: box.left + INSET + share * (box.width - 2 * INSET), clientY: box.top + 5 }
  rail.dispatchEvent(new MouseEvent("mousedown", { ...at, view: window }))
  plot.dispatchEvent(new MouseEvent("mouseup", { ...at, view: window }))
  tell(group)
}

function slide(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const group = event.currentTarget, { slider, steps } = state(group), last = steps.length - 1
  const step = (MOVES[event.key] ?? 0) * (event.shiftKey ? 10 : 1)
  const to = event.key === "Home" ? 0 : event.key === "End" ? last : slider.active + step
  if (!step && event.key !== "Home" && event.key !== "End") return
  event.preventDefault()
  event.stopPropagation()
  go(group, Math.min(last, Math.max(0, to)))
}

function press(event) {
  if (event.key !== "Enter" && event.key !== " ") return
  event.preventDefault()
  event.stopPropagation()
  event.currentTarget.dispatchEvent(new MouseEvent("click", { bubbles: true, view: window }))
}

function reach(node, role, name, key) {
  if (node.getAttribute("role") === role) return
  node.setAttribute("role", role)
  node.setAttribute("tabindex", "0")
  node.setAttribute("aria-label", name)
  node.addEventListener("keydown", key)
}

function all() {
  for (const group of document.querySelectorAll(".js-plotly-plot g.slider-group")) {
    reach(group, "slider", "Time step", slide)
    tell(group)
  }
  for (const button of document.querySelectorAll(".js-plotly-plot g.updatemenu-button")) {
    const name = { "▶": "Play", "❚❚": "Pause" }[button.textContent] ?? button.textContent
    reach(button, "button", name, press)
  }
}

export default () => {
  let due = 0
  const later = () => { due ||= requestAnimationFrame(() => { due = 0; all() }) }
  const watch = new MutationObserver(later)
  watch.observe(document.querySelector('[data-testid="stMain"]') ?? document.body, { childList: true, subtree: true })
  later()
  return () => watch.disconnect()
}
"""

_mount = st.components.v2.component("rnn_chart_keys", js=SCRIPT)


def chart_keys(key: str) -> None:
    """Let Tab reach the sliders and buttons inside plotly's pictures; arrows, Home, End, Enter and Space use them."""
    _mount(key=key, height=0)
