"""A grid of black and white cells that is drawn on by mouse, finger or keys, and the same grid playing a recall."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

CSS = """
:host { display: block }
canvas { width: 100%; max-width: 260px; aspect-ratio: 1; touch-action: none; display: block;
  border: 1px solid var(--st-border-color); border-radius: 4px }
canvas:focus-visible { outline: 2px solid var(--st-primary-color) }
input { width: 100%; max-width: 260px; accent-color: var(--st-primary-color) }
p { font: 14px var(--st-font); color: var(--st-text-color); margin: 4px 0 }
"""

SCRIPT = """
export default ({ data, parentElement, setStateValue }) => {
  const root = parentElement.querySelector(".grid")
  const canvas = root.querySelector("canvas"), slider = root.querySelector("input"), told = root.querySelector("p")
  const side = data.side, frames = data.frames, drawn = frames.length === 1
  let cells = [...frames[0]], at = 0, pen = null, cursor = 0
  canvas.width = canvas.height = side * 32
  canvas.tabIndex = 0
  canvas.setAttribute("role", "img")
  slider.hidden = drawn
  slider.max = frames.length - 1
  slider.setAttribute("aria-label", "change")

  function paint() {
    const ctx = canvas.getContext("2d"), style = getComputedStyle(canvas)
    const paper = style.getPropertyValue("--st-background-color"), ink = style.getPropertyValue("--st-text-color")
    const line = style.getPropertyValue("--st-border-color")
    cells.forEach((cell, k) => {
      ctx.fillStyle = cell === "1" ? (drawn ? ink : data.colour) : paper
      ctx.fillRect((k % side) * 32, Math.floor(k / side) * 32, 32, 32)
      ctx.strokeStyle = line
      ctx.strokeRect((k % side) * 32, Math.floor(k / side) * 32, 32, 32)
    })
    if (drawn && root.getRootNode().activeElement === canvas) {
      ctx.strokeStyle = style.getPropertyValue("--st-primary-color")
      ctx.lineWidth = 4
      ctx.strokeRect((cursor % side) * 32 + 2, Math.floor(cursor / side) * 32 + 2, 28, 28)
      ctx.lineWidth = 1
    }
    const row = Math.floor(cursor / side) + 1, column = cursor % side + 1
    const here = `; arrows move, space flips; row ${row}, column ${column} is ${cells[cursor] === "1" ? "on" : "off"}`
    canvas.setAttribute("aria-label", `${data.label}, ${cells.filter((c) => c === "1").length} of ${cells.length} on` +
      (drawn ? here : ""))
    told.textContent = drawn ? "" : `change ${at} of ${frames.length - 1}`
  }

  function where(event) {
    const box = canvas.getBoundingClientRect()
    const column = Math.floor((event.clientX - box.left) / box.width * side)
    const row = Math.floor((event.clientY - box.top) / box.height * side)
    return column >= 0 && row >= 0 && column < side && row < side ? row * side + column : null
  }
  function mark(event) {
    const k = where(event)
    if (k === null) return
    cursor = k
    cells[k] = pen
    paint()
  }
  const send = () => setStateValue("cells", cells.join(""))
  const show = (k) => { at = k; cells = [...frames[k]]; slider.value = k; paint() }

  canvas.onfocus = canvas.onblur = paint
  if (drawn) {
    canvas.onpointerdown = (event) => {
      const k = where(event)
      if (k === null) return
      pen = cells[k] === "1" ? "0" : "1"
      canvas.setPointerCapture(event.pointerId)
      mark(event)
    }
    canvas.onpointermove = (event) => { if (pen !== null) mark(event) }
    canvas.onpointerup = canvas.onpointercancel = () => { if (pen !== null) { pen = null; send() } }
    canvas.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -side, ArrowDown: side }[event.key]
      if (step) cursor = (cursor + step + cells.length) % cells.length
      else if (event.key === " ") { cells[cursor] = cells[cursor] === "1" ? "0" : "1"; send() }
      else return
      event.preventDefault()
      paint()
    }
    paint()
    return
  }
  slider.oninput = () => { clearInterval(timer); show(Number(slider.value)) }
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches
  let timer = 0
  show(still ? frames.length - 1 : 0)
  if (!still) timer = setInterval(() => at < frames.length - 1 ? show(at + 1) : clearInterval(timer),
    Math.max(30, 2000 / frames.length))
  return () => clearInterval(timer)
}
"""

HTML = '<div class="grid"><canvas></canvas><input type="range" min="0" value="0"><p></p></div>'
_mount = st.components.v2.component("rnn_drawing", html=HTML, css=CSS, js=SCRIPT)


def draw_on(cells: str, label: str, *, key: str) -> str:
    """A square grid to draw on, begun with ``cells`` of 0 and 1, row by row; returns what stands there now."""
    data = {"side": round(len(cells) ** 0.5), "frames": [cells], "label": label, "colour": ""}
    drawn = _mount(key=key, data=data, on_cells_change=_nothing).cells
    fits = isinstance(drawn, str) and len(drawn) == len(cells) and set(drawn) <= {"0", "1"}
    return drawn if fits else cells


def play(frames: Sequence[str], label: str, colour: str, *, key: str) -> None:
    """A square grid that plays ``frames`` once, with a slider; at rest on the last where motion is not wanted."""
    side = round(len(frames[0]) ** 0.5)
    shown = [*frames, frames[0]] if len(frames) == 1 else list(frames)
    _mount(key=key, data={"side": side, "frames": shown, "label": label, "colour": colour})


def _nothing() -> None:
    pass
