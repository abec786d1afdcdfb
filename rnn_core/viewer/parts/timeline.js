// The timeline: rows over time under one cursor.
import { reader } from "./payload.js"
import { clamp, gradientLevel, nearest, spread, visible } from "./numbers.js"
import { FEWEST, fitSpan, followSpan, isWhole, keyStep, panSpan, zoomSpan } from "./time.js"
import { hit, nextUnit, startAt } from "./places.js"
import { html, icon } from "./dom.js"
import { BASE, CURSOR, QUIET, View } from "./view.js"
import { Zooming } from "./timeline_zoom.js"
import { Brushing } from "./timeline_brush.js"
import { TimelinePainting } from "./timeline_paint.js"
import { TimelineCard } from "./timeline_card.js"

const KEYS = "Left and right move in time, up and down from unit to unit, plus and minus magnify, space plays, enter reports the place."
const SLIDER = { tabindex: 0, role: "slider", "aria-label": "time cursor", "aria-valuemin": 0, "aria-description": KEYS, "data-lm-suppress-shortcuts": "true" }
const GRIP = 12, MOST_SERIES = 64

export class TimelineView extends TimelineCard(TimelinePainting(Brushing(Zooming(View)))) {
  constructor(box, host) {
    super(box, host)
    Object.assign(this, { moment: 0, moments: [], bitmaps: new Map(), drawn: new Map(), slots: [], span: [0, 1], fingers: new Map(), selecting: false })
    this.base = html("canvas", { class: "base", "aria-hidden": "true" })
    this.over = html("canvas", { class: "over", ...SLIDER })
    this.mini = html("canvas", { class: "mini", tabindex: 0, role: "scrollbar", "aria-label": "steps shown", "aria-orientation": "horizontal", "aria-valuemin": 0, hidden: true })
    this.stage.append(this.base, this.mini, this.over)
    this.makeTools()
    this.makeTape()
    this.makeBrushBox()
    this.listen(this.over, "keydown", event => this.key(event))
    this.listen(this.over, "pointerdown", event => this.pointerDown(event))
    this.listen(this.over, "pointermove", event => this.pointerMove(event))
    this.listen(this.over, "pointerup", event => this.pointerUp(event))
    this.listen(this.over, "pointercancel", event => this.pointerUp(event, false))
    this.listen(this.over, "wheel", event => this.wheel(event), { passive: false })
    this.listen(this.mini, "pointerdown", event => { this.mini.setPointerCapture?.(event.pointerId); this.miniTo(event) })
    this.listen(this.mini, "pointermove", event => { if (event.buttons) this.miniTo(event) })
    this.listen(this.mini, "keydown", event => this.miniKey(event))
    document.fonts?.ready.then(() => this.header && this.ask(BASE | CURSOR))
  }

  makeTools() {
    const tool = (name, label, act) => {
      const button = html("button", { type: "button", "aria-label": label, title: label }, icon(name))
      this.listen(button, "click", act)
      return button
    }
    this.zoom = { wider: tool("wider", "Wider: more steps", () => this.zoomBy(2)), closer: tool("closer", "Closer: fewer steps", () => this.zoomBy(.5)), whole: tool("whole", "The whole sequence", () => this.setSpan([0, this.T])) }
    this.zoomBox = html("div", { class: "joined", role: "group", "aria-label": "Zoom in time" }, ...Object.values(this.zoom))
    this.select = tool("select", "Select steps of a unit", () => this.startSelecting(!this.selecting))
    this.menu.before(this.zoomBox, this.select)
  }

  makeTape() {
    this.tape = html("input", { type: "range", min: 0, step: 1, "aria-label": "training moment" })
    this.tapeValue = html("b")
    this.tapeBox = html("label", { class: "tape" }, html("span", {}, "training tape", html("span", { class: "long", text: " · after update" })), this.tapeValue, this.tape)
    this.bar.append(this.tapeBox)
    this.listen(this.tape, "input", () => this.set({ moment: Number(this.tape.value) }))
    this.listen(this.tape, "change", () => {
      clearTimeout(this.released)
      this.released = setTimeout(() => this.pick({ tape: this.moment === this.last ? "newest" : this.moments[this.moment] }), QUIET)
    })
  }

  place() {
    const update = this.moments[this.moment]
    return { t: this.t, unit: this.unit, map: this.map, moment: this.moment, ...(update === undefined ? {} : { update }) }
  }

  memory() { return { ...this.place(), span: this.span, brush: this.brush, asked: this.asked, atEnd: this.moment === this.last } }

  get last() { return Math.max(0, this.moments.length - 1) }

  update({ header, arrays }) {
    const known = this.header?.key === header.key, from = known ? this.memory() : this.recall(header), start = header.start ?? {}
    this.header = header
    this.read = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, reader(array)]))
    this.moments = header.moments ?? []
    this.full = header.full ?? this.last
    this.maps = header.rows.filter(row => row.kind === "heatmap" && !row.plain)
    const sameLength = known && this.T === header.T || !known && from.span?.[1] <= header.T
    this.T = header.T
    this.span = fitSpan(sameLength && from.span ? from.span : [0, this.T], this.T)
    this.asked = start.moment === undefined || start.moment >= this.last ? "newest" : this.moments[start.moment]
    const led = from.asked !== undefined && from.asked !== this.asked
    const moment = led ? start.moment : from.atEnd ? this.last : from.update === undefined ? from.moment : nearest(this.moments, from.update)
    Object.assign(this, startAt({ ...from, moment }, { T: this.T, maps: this.maps, last: this.last }))
    this.brush = this.maps.some(row => row.array === from.brush?.map && row.order.includes(from.brush.unit)) && from.brush.last < this.T ? from.brush : undefined
    this.span = followSpan(this.span, this.T, this.t)
    this.tape.max = this.last
    this.tapeBox.hidden = this.moments.length < 2
    this.zoomBox.hidden = this.T <= FEWEST
    this.select.hidden = !header.brush || !this.maps.length
    this.over.setAttribute("aria-valuemax", this.T - 1)
    if (!known) this.told = undefined
    this.bitmaps.clear()
    this.drawn.clear()
    this.buildCard()
    this.retheme()
  }

  /** Set any of t, unit, map, moment. */
  set({ t, unit, map, moment }) {
    let bits = 0
    if (map !== undefined && map !== this.map || unit !== undefined && unit !== this.unit) {
      const changed = map !== undefined && map !== this.map
      this.map = map ?? this.map
      this.unit = unit ?? this.mapRow.order[0]
      if (changed) this.buildCard()
      bits |= BASE
    }
    if (moment !== undefined && moment !== this.moment) { this.moment = clamp(moment, 0, this.last); bits |= BASE }
    if (bits) { this.ask(bits | CURSOR); this.remember() }
    if (t !== undefined) this.setTime(t)
  }

  timeMoved() {
    const span = followSpan(this.span, this.T, this.t)
    if (span[0] !== this.span[0]) { this.span = span; this.ask(BASE) }
    if (this.anchor !== undefined) this.stretchBrush(this.anchor, this.t)
  }

  get mapRow() { return this.maps.find(row => row.array === this.map) }

  // what a row shows

  /** Rows of one unit belong to one heatmap and are shown while a unit of that heatmap is selected; a selection has a row of its own. */
  get visibleRows() {
    return this.header.rows.filter(row => !row.of || row.of === this.map).flatMap(row => {
      if (!this.brush || row.array !== this.brush.map || row.kind !== "heatmap") return [row]
      const strip = { kind: "line", unit: true, of: row.array, array: row.array, symbol: row.symbol, sub: row.sub, title: `unit ${this.brush.unit}`, short: "", tone: row.tone, range: this.brushRange(), brush: true }
      return [row, strip]
    })
  }

  /** Whether an array has numbers for the moment on the tape. */
  known(name) { return this.moments.length < 2 || this.moment === this.full || this.read[name]?.M > 1 }

  dimmed(row) { return !row.given && (row.array ? !this.known(row.array) : Array.isArray(row.labels?.[0]) ? false : !!row.labels && this.moment !== this.full) }

  value(name, t = this.t, unit = this.unit) {
    const read = this.read[name]
    return read && t >= 0 && t < read.T ? read.at(this.moment, t, unit) : undefined
  }

  column(row) { return row.brush ? this.brush.unit : row.unit ? this.unit : row.column ?? 0 }

  /** All steps of a quantity as they are drawn; the last few are kept, because cursor and picture ask for the same ones. */
  series(row, name = row.array) {
    const column = this.column(row), read = this.read[name], key = `${name} ${Math.min(this.moment, (read?.M ?? 1) - 1)} ${column} ${row.log ?? ""}`
    let values = this.drawn.get(key)
    if (values) return values
    const at = t => t < (read?.T ?? 0) ? read.at(this.moment, t, column) : NaN
    values = Array.from({ length: this.T }, row.log ? (_, t) => { const v = at(t); return Number.isNaN(v) ? NaN : gradientLevel(v) } : (_, t) => at(t))
    if (this.drawn.size >= MOST_SERIES) this.drawn.clear()
    this.drawn.set(key, values)
    return values
  }

  tokens(row) { return Array.isArray(row.labels[0]) ? row.labels[Math.min(this.moment, row.labels.length - 1)] : row.labels }

  token(row, t) { return visible(this.tokens(row)[t]) }

  rangeOf(row) { return row.log ? [0, 1] : row.range ?? spread([this.series(row), ...(row.over ?? []).map(o => this.series(row, o.array))]) }

  // events

  key(event) {
    const t = keyStep(event.key, this.t, this.T, event.shiftKey)
    const line = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (t !== null) { this.pause(); this.setTime(t) }
    else if (line && this.maps.length) this.set(nextUnit(this.maps, this.map, this.unit, line * (event.shiftKey ? 10 : 1)))
    else if (event.key === " ") this.playing ? this.pause() : this.play()
    else if (event.key === "Enter") this.selecting ? this.markEnd() : this.pick()
    else if (event.key === "Escape" && (this.brush || this.selecting)) this.clearBrush()
    else if (!this.zoomKey(event)) return
    event.preventDefault()
    event.stopPropagation()
  }

  local(event) {
    const box = this.over.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }

  under(event) { return hit(this.layout, this.T, ...this.local(event)) }

  /** A unit under the pointer, if it is one that can be selected. */
  unitUnder(event) {
    const found = this.under(event)
    return this.maps.some(row => row.array === found.map) ? found : { t: found.t }
  }

  /** What a press at this place is going to move: the threshold, a selection, the picture or the cursor. */
  gestureAt(event) {
    const [x, y] = this.local(event), { left, plot, bottom } = this.layout, strip = this.layout.rows.find(place => place.row.brush)
    if (strip && x > left && Math.abs(y - this.limitY(strip)) < GRIP) return "limit"
    if (this.header.brush && (event.shiftKey || this.selecting) && this.unitUnder(event).map) return "brush"
    const grip = Math.max(event.pointerType === "touch" ? 2 * GRIP : GRIP, this.layout.cell / 2), onCursor = Math.abs(x - this.x(this.t)) < grip || y < 22 || y > bottom
    return isWhole(this.span, this.T) || onCursor || x < left || x > left + plot ? "cursor" : "pan"
  }

  pointerDown(event) {
    if (event.button || !this.layout) return
    this.pause()
    this.over.setPointerCapture?.(event.pointerId)
    this.fingers.set(event.pointerId, this.local(event))
    if (this.fingers.size === 2) {
      this.pressed = { kind: "pinch", span: this.span, from: [...this.fingers.values()] }
      return
    }
    const kind = this.gestureAt(event)
    this.pressed = { kind, at: this.local(event), span: this.span, moved: false }
    if (kind === "cursor") this.set(this.unitUnder(event))
    if (kind === "brush") this.beginBrush(this.unitUnder(event))
  }

  pointerMove(event) {
    const { pressed } = this, [x, y] = this.local(event)
    if (!pressed) return
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, [x, y])
    if (pressed.kind === "pinch") return this.pinch()
    pressed.moved ||= Math.hypot(x - pressed.at[0], y - pressed.at[1]) >= 4
    if (pressed.kind === "cursor") this.setTime(this.under(event).t)
    else if (pressed.kind === "brush") this.setTime(this.under(event).t)
    else if (pressed.kind === "limit") this.setLimit(this.limitAt(y))
    else if (pressed.moved) this.setSpan(panSpan(pressed.span, this.T, (pressed.at[0] - x) / this.layout.cell))
  }

  pinch() {
    const [a, b] = [...this.fingers.values()], { from: [c, d], span } = this.pressed, { left, plot } = this.layout
    const gap = (one, two) => Math.max(10, Math.abs(one[0] - two[0])), middle = (one, two) => ((one[0] + two[0]) / 2 - left) / plot
    const at = span[0] + middle(c, d) * (span[1] - span[0]), closer = zoomSpan(span, this.T, gap(c, d) / gap(a, b), at)
    this.setSpan(panSpan(closer, this.T, (middle(c, d) - middle(a, b)) * (closer[1] - closer[0])))
  }

  pointerUp(event, done = true) {
    const { pressed } = this
    this.fingers.delete(event.pointerId)
    if (!pressed || pressed.kind === "pinch" && this.fingers.size) return
    this.pressed = undefined
    if (!done && pressed.kind !== "brush") return
    if (pressed.kind === "brush") this.endBrush()
    else if (pressed.kind === "limit") this.tellBrush()
    else if (pressed.kind !== "pinch" && !pressed.moved) {
      if (pressed.kind === "pan") this.set(this.unitUnder(event))
      this.pick()
    }
    this.ask(CURSOR)
  }

  destroy() {
    clearTimeout(this.released)
    super.destroy()
  }
}
