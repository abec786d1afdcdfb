// The selection of a stretch of one unit's steps.
import { clamp, fixed, mix, spread } from "./numbers.js"
import { halfway, onRuns } from "./stretch.js"
import { html, write } from "./dom.js"
import { BASE, CURSOR } from "./view.js"

/** Selects a stretch of one unit's steps, with a threshold above which the unit is on. */
export const Brushing = Base => class extends Base {
  makeBrushBox() {
    this.limit = html("input", { type: "range", "aria-label": "threshold" })
    this.limitValue = html("b")
    this.brushSay = html("p", { class: "say" })
    const clear = html("button", { type: "button", class: "link", text: "Clear the selection" })
    this.brushBox = html("div", { class: "brush", hidden: true }, html("b", { class: "title", text: "Selected" }), this.brushSay, html("label", {}, "on from ", this.limit, this.limitValue), clear)
    this.listen(this.limit, "input", () => this.setLimit(Number(this.limit.value)))
    this.listen(this.limit, "change", () => this.tellBrush())
    this.listen(clear, "click", () => this.clearBrush())
  }

  startSelecting(on) {
    this.selecting = on
    this.anchor = undefined
    this.ask(CURSOR)
    if (!on) return
    this.over.focus({ preventScroll: true })
    this.announce("Drag along a unit, or press Enter at the first and at the last step.")
  }

  beginBrush({ map, unit, t }) {
    if (map !== undefined) this.set({ map, unit })
    this.anchor = t
    this.brush = { map: this.map, unit: this.unit, first: t, last: t }
    this.setTime(t)
    this.stretchBrush(t, t)
    this.ask(BASE)
  }

  stretchBrush(from, to) {
    if (this.brush === undefined) return
    Object.assign(this.brush, { first: Math.min(from, to), last: Math.max(from, to) })
    this.brush.threshold = halfway(this.brushSeries(), this.brush.first, this.brush.last, this.brushRange())
    this.ask(CURSOR)
  }

  brushSeries() { return this.series({ array: this.brush.map, brush: true }) }

  brushRange() { return spread([this.brushSeries()]) }

  /** Enter while selecting: the first time here it begins, the second time it ends. */
  markEnd() {
    if (this.anchor === undefined) {
      this.beginBrush({ t: this.t })
      this.announce(`Selecting from step ${this.t}. Move on and press Enter again.`)
    } else this.endBrush()
  }

  endBrush() {
    this.anchor = undefined
    this.selecting = false
    this.fillBrush()
    this.tellBrush()
  }

  tellBrush() {
    if (!this.brush) return
    this.remember()
    this.pick({ brush: { ...this.brush } })
    this.announce(this.brushText())
  }

  clearBrush() {
    const had = this.brush !== undefined
    Object.assign(this, { brush: undefined, anchor: undefined, selecting: false })
    this.brushBox.hidden = true
    this.ask(BASE | CURSOR)
    this.remember()
    if (had) this.pick({ brush: null })
  }

  setLimit(value) {
    if (!this.brush) return
    this.brush.threshold = Number(clamp(value, ...this.brushRange()).toFixed(2))
    this.ask(CURSOR)
  }

  limitY({ row, y, h }) { return y + h - clamp((this.brush.threshold - row.range[0]) / (row.range[1] - row.range[0]), 0, 1) * h }

  limitAt(y) {
    const strip = this.layout.rows.find(place => place.row.brush)
    return strip ? mix(strip.row.range[0], strip.row.range[1], (strip.y + strip.h - y) / strip.h) : this.brush.threshold
  }

  brushText() {
    const { unit, first, last } = this.brush
    return `unit ${unit}, ${first === last ? `step ${first}` : `steps ${first} to ${last}`}`
  }

  fillBrush() {
    const { brush, anchor } = this
    this.brushBox.hidden = !brush || anchor !== undefined
    this.select.setAttribute("aria-pressed", String(this.selecting))
    if (!brush) return
    const [min, max] = this.brushRange(), steps = onRuns(this.brushSeries(), brush.threshold).reduce((sum, [a, b]) => sum + b - a + 1, 0)
    if (Number(this.limit.max) !== max) Object.assign(this.limit, { step: "any", min, max })
    if (Number(this.limit.value) !== brush.threshold) this.limit.value = brush.threshold
    write(this.limitValue, fixed(brush.threshold))
    write(this.brushSay, `${this.brushText()[0].toUpperCase()}${this.brushText().slice(1)}; it is on at ${steps} of ${this.T} steps.`)
  }
}
