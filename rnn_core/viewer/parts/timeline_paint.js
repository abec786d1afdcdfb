// The timeline's picture, on the screen and as a file.
import { clamp, fixed, scientific, visible } from "./numbers.js"
import { pixels } from "./colours.js"
import { FEWEST, isSeen, isWhole, ticks } from "./time.js"
import { onRuns } from "./stretch.js"
import { layoutRows } from "./places.js"
import { describe, shorten } from "./words.js"
import { html, write } from "./dom.js"
import { SvgPen } from "./pen.js"
import { BASE, BITMAP } from "./view.js"
import { CURSORS, PAINTERS } from "./timeline_rows.js"

const MINI = 18, MARGIN = 12, LONG = 6

/** Paints the rows, the axis and the cursor. */
export const TimelinePainting = Base => class extends Base {
  paint(bits) {
    if (!this.stage.isConnected || !this.theme) return
    if (bits & BITMAP) this.bitmaps.clear()
    if (bits & (BASE | BITMAP)) {
      if (bits & BITMAP || !this.width) this.width = this.stage.clientWidth
      this.measure()
      if (!this.layout) return
      const g = this.base.getContext("2d")
      g.clearRect(0, 0, this.width, this.layout.height)
      this.paintBase(g)
      this.fillTools()
    }
    if (!this.layout) return
    const g = this.over.getContext("2d")
    g.clearRect(0, 0, this.width, this.layout.height)
    this.paintCursor(g)
    if (!isWhole(this.span, this.T)) this.paintMini()
    this.tell()
    this.fillCard()
    this.fillBrush()
  }

  measure() {
    if (!this.width) return
    this.layout = layoutRows(this.visibleRows, this.T, { width: this.width, small: this.width < 560, short: innerHeight < 800, span: this.span })
    for (const canvas of [this.base, this.over]) this.resize(canvas, this.layout.height)
    this.mini.hidden = isWhole(this.span, this.T)
    if (!this.mini.hidden) this.resize(this.mini, MINI + 4)
  }

  resize(canvas, height) {
    const ratio = globalThis.devicePixelRatio || 1, w = Math.round(this.width * ratio), h = Math.round(height * ratio)
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; canvas.style.height = height + "px" }
    canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0)
  }

  /** Where a step begins. */
  edge(t) { return this.layout.left + (t - this.layout.first) * this.layout.cell }

  x(t) { return this.edge(t + .5) }

  get right() { return this.layout.left + this.layout.plot }

  /** The steps that are at least partly seen. */
  eachStep(act) {
    const end = Math.min(this.T, Math.ceil(this.layout.last))
    for (let t = Math.max(0, Math.floor(this.layout.first)); t < end; t++) act(t)
  }

  /** Nothing of a magnified picture may stick out at its sides. */
  inPlot(g, draw) {
    if (isWhole(this.span, this.T)) return draw()
    g.save()
    g.beginPath()
    g.rect(this.layout.left, 0, this.layout.plot, this.layout.height)
    g.clip()
    draw()
    g.restore()
  }

  paintBase(g) {
    const { layout, theme, header } = this
    g.lineJoin = "round"
    g.fillStyle = theme.ink
    g.globalAlpha = theme.mode === "dark" ? .08 : .055
    this.inPlot(g, () => { for (const t of header.marks ?? []) g.fillRect(this.edge(t), layout.top, layout.cell, layout.bottom - layout.top) })
    for (const place of layout.rows) {
      g.globalAlpha = this.dimmed(place.row) ? .25 : 1
      this.paintLabel(g, place)
      PAINTERS[place.row.kind]?.call(this, g, place)
    }
    g.globalAlpha = 1
    this.paintAxis(g)
  }

  font(size, family = "sans", weight = 400, slant = "") { return `${slant} ${weight} ${size}px ${this.theme[family]}`.trim() }

  text(g, text, x, y, { font, colour, align = "left", halo = false }) {
    g.font = font
    g.textAlign = align
    g.textBaseline = "alphabetic"
    if (halo) { g.strokeStyle = this.theme.paper; g.lineWidth = 4; g.strokeText(text, x, y) }
    g.fillStyle = colour
    g.fillText(text, x, y)
  }

  rule(g, y) {
    g.fillStyle = this.theme.line
    g.fillRect(this.layout.left, Math.round(y), this.layout.plot, 1)
  }

  middle({ row, y, h }) { return row.kind === "heatmap" ? y + h / 2 : row.expect ? y + .75 * h : y + Math.min(h / 2, 34) }

  /** Symbol, subscript and title at the left; a title steps aside for the label of the selected unit. */
  paintLabel(g, place) {
    const { row } = place, { small, left } = this.layout, theme = this.theme
    const title = small ? row.short ?? "" : row.title ?? ""
    let y = this.middle(place) + 5
    g.font = this.font(14)
    const line = this.chosen(row) && !row.twin ? this.unitLine(place) : undefined
    if (line && (small || 26 + g.measureText(title).width > left - 60) && Math.abs(line.y + line.h / 2 + 4 - y) < 17) y = line.y + line.h / 2 + (line.y - place.y > place.h / 2 ? -14 : 24)
    this.text(g, row.symbol ?? "", 0, y, { font: this.font(18, "serif", 600, "italic"), colour: theme.text(row.tone) })
    const width = g.measureText(row.symbol ?? "").width
    if (row.sub) this.text(g, row.sub, width + 1, y + 4, { font: this.font(12, "serif", 400, "italic"), colour: theme.text(row.tone) })
    const start = Math.max(small ? 25 : 26, row.symbol ? width + (row.sub ? g.measureText(row.sub).width : 0) + 7 : 0)
    if (title) this.text(g, title, start, y, { font: this.font(small ? 12 : 14), colour: theme.ink2 })
  }

  /** Whether a heatmap, or the one whose units it shares, has the selected unit. */
  chosen(row) { return row.kind === "heatmap" && this.map !== undefined && (row.twin ?? row.array) === this.map }

  unitLine({ row, y, h }) {
    const size = h / row.order.length
    return { y: y + row.order.indexOf(this.unit) * size, h: size }
  }

  paintAxis(g) {
    const { small, bottom } = this.layout, font = this.font(13), colour = this.theme.ink2
    this.rule(g, bottom + 2)
    for (const t of ticks(this.layout, small ? 52 : 46)) this.text(g, String(t), this.x(t), bottom + 18, { font, colour, align: "center" })
    this.text(g, this.header.axis ?? "time step t →", this.right, bottom + 35, { font, colour, align: "right" })
    if (this.moments.length && this.moment !== this.last) this.text(g, this.momentText(), this.layout.left, bottom + 35, { font, colour })
  }

  momentText() { return `after update ${this.moments[this.moment].toLocaleString("en")}` }

  /** Trace a series as steps or as a line, with gaps where it is missing; returns value → y. */
  trace(g, { y, h }, values, [low, high], { colour, steps = true, area = false, width = 1.75 }) {
    const Y = v => y + h - clamp((v - low) / (high - low), -.05, 1.05) * h
    const start = Math.max(0, Math.floor(this.layout.first) - 1), stop = Math.min(values.length, Math.ceil(this.layout.last) + 1)
    const path = ground => {
      let end
      g.beginPath()
      for (let t = start; t < stop; t++) {
        const v = values[t]
        if (!Number.isFinite(v)) {
          if (end !== undefined && ground !== undefined) g.lineTo(end, ground)
          end = undefined
          continue
        }
        const [from, to] = steps ? [this.edge(t), this.edge(t + 1)] : [this.x(t), this.x(t)]
        if (end === undefined) g.moveTo(from, ground ?? Y(v))
        g.lineTo(from, Y(v))
        if (to !== from) g.lineTo(to, Y(v))
        end = to
      }
      if (end !== undefined && ground !== undefined) g.lineTo(end, ground)
    }
    this.inPlot(g, () => {
      if (area) {
        const alpha = g.globalAlpha
        g.fillStyle = colour
        g.globalAlpha = alpha * (this.theme.mode === "dark" ? .32 : .22)
        path(Y(clamp(0, low, high)))
        g.fill()
        g.globalAlpha = alpha
      }
      path()
      g.strokeStyle = colour
      g.lineWidth = width
      g.stroke()
    })
    return Y
  }

  barScale({ row: { range: [low, high] }, y, h }) { return v => y + h - (v - low) / (high - low) * (h - 4) }

  /** One pixel a step and unit; kept until the tape brings other numbers. */
  bitmap(row) {
    const read = this.read[row.array], moment = Math.min(this.moment, read.M - 1)
    let kept = this.bitmaps.get(row.array)
    if (kept?.moment === moment) return kept.canvas
    if (!kept) {
      const canvas = html("canvas", { width: this.T, height: row.order.length }), g = canvas.getContext("2d", { willReadFrequently: true })
      kept = { canvas, g, image: g.createImageData(this.T, row.order.length) }
      this.bitmaps.set(row.array, kept)
    }
    kept.moment = moment
    pixels(read, moment, row.order, row.range, this.theme.scale[row.scale ?? "div"], { out: new Uint32Array(kept.image.data.buffer), log: row.log })
    kept.g.putImageData(kept.image, 0, 0)
    return kept.canvas
  }

  paintCursor(g) {
    const { layout, theme } = this, x = this.x(this.t), seen = isSeen(this.span, this.t)
    if (this.brush) this.paintBrush(g)
    if (seen) {
      g.fillStyle = theme.ink
      g.fillRect(x - .6, 20, 1.25, layout.bottom + 2 - 20)
    }
    for (const place of layout.rows) {
      const { row } = place
      g.globalAlpha = this.dimmed(row) ? .3 : 1
      if (seen || row.kind === "bars") CURSORS[row.kind]?.call(this, g, place, x)
      g.globalAlpha = 1
      const { text, y } = this.cursorValue(place)
      if (text !== undefined) this.text(g, text, this.width, y, { font: this.font(13, "mono", 500), colour: theme.text(row.tone), align: "right" })
    }
    this.paintFlag(g, x)
  }

  /** The selected stretch as a band, the steps at which the unit is on, and the threshold with its handle. */
  paintBrush(g) {
    const { brush, layout, theme } = this, strip = layout.rows.find(place => place.row.brush), map = layout.rows.find(place => place.row.array === brush.map)
    const accent = theme.text("hidden")
    this.inPlot(g, () => {
      const from = this.edge(brush.first), width = this.edge(brush.last + 1) - from
      g.fillStyle = accent
      g.globalAlpha = .12
      g.fillRect(from, layout.top, width, layout.bottom - layout.top)
      g.globalAlpha = 1
      if (map) {
        const h = map.h / map.row.order.length
        g.strokeStyle = accent
        g.lineWidth = 2
        g.strokeRect(from, map.y + map.row.order.indexOf(brush.unit) * h - 1, width, Math.max(h, 4) + 2)
      }
      if (!strip || brush.threshold === undefined) return
      const y = this.limitY(strip)
      g.fillStyle = accent
      for (const [a, b] of onRuns(this.series(strip.row), brush.threshold)) g.fillRect(this.edge(a), strip.y + strip.h + 1, this.edge(b + 1) - this.edge(a), 3)
      g.strokeStyle = theme.ink
      g.lineWidth = 1.25
      g.setLineDash([5, 4])
      g.beginPath()
      g.moveTo(layout.left, y)
      g.lineTo(this.right, y)
      g.stroke()
      g.setLineDash([])
      g.fillStyle = theme.ink
      g.beginPath()
      g.arc(this.right - 8, y, 5, 0, 7)
      g.fill()
    })
    if (strip && brush.threshold !== undefined) this.text(g, `on ≥ ${fixed(brush.threshold)}`, layout.left + 4, this.limitY(strip) - 4, { font: this.font(12, "mono", 600), colour: theme.ink, halo: true })
  }

  /** The whole sequence, small, with a window over what is seen; drawn only while magnified. */
  paintMini() {
    const g = this.mini.getContext("2d"), { left, plot } = this.layout, { theme, T } = this, row = this.mapRow ?? this.header.rows.find(one => one.kind === "heatmap")
    const at = t => left + t / T * plot, [from, to] = this.span
    g.clearRect(0, 0, this.width, MINI + 4)
    if (row) g.drawImage(this.bitmap(row), 0, 0, T, row.order.length, left, 2, plot, MINI)
    else { g.fillStyle = theme.surface; g.fillRect(left, 2, plot, MINI) }
    g.fillStyle = theme.paper
    g.globalAlpha = .68
    g.fillRect(left, 2, at(from) - left, MINI)
    g.fillRect(at(to), 2, left + plot - at(to), MINI)
    g.globalAlpha = 1
    g.fillStyle = theme.ink
    for (const t of this.header.marks ?? []) g.fillRect(at(t + .5) - .5, 2, 1, 4)
    g.fillRect(at(this.t + .5) - .75, 0, 1.5, MINI + 4)
    g.strokeStyle = theme.ink
    g.lineWidth = 1.5
    g.strokeRect(at(from) + .5, 1.5, Math.max(4, at(to) - at(from) - 1), MINI + 1)
    if (!this.layout.small) this.text(g, "the whole sequence", left - 8, MINI - 2, { font: this.font(13), colour: theme.ink2, align: "right" })
  }

  /** Buttons and their words, as far as they depend on what is shown. */
  fillTools() {
    const whole = isWhole(this.span, this.T)
    this.zoom.wider.disabled = this.zoom.whole.disabled = whole
    this.zoom.closer.disabled = this.span[1] - this.span[0] <= Math.min(FEWEST, this.T)
    this.over.classList.toggle("near", !whole)
    for (const [name, value] of [["aria-valuenow", Math.round(this.span[0])], ["aria-valuemax", Math.round(this.T - this.span[1] + this.span[0])], ["aria-valuetext", this.spanText()]]) this.mini.setAttribute(name, value)
    write(this.tapeValue, this.moments.length ? this.moments[this.moment].toLocaleString("en") : "")
    if (Number(this.tape.value) !== this.moment) this.tape.value = this.moment
    this.tape.setAttribute("aria-valuetext", `update ${this.moments[this.moment] ?? ""}`)
  }

  /** What a screen reader hears: the place whenever it changes, not every number that training changes there. */
  tell() {
    const map = this.mapRow, first = map ?? this.header.rows.find(row => row.array)
    const text = describe({
      t: this.t, T: this.T, unit: this.unit, value: first && this.value(first.array, this.t, map ? this.unit : 0), label: this.header.labels?.[this.t],
      mapTitle: first?.title ?? "", update: this.moment === this.last ? undefined : this.moments[this.moment],
    })
    this.over.setAttribute("aria-valuenow", this.t)
    this.over.setAttribute("aria-valuetext", text)
    const place = [this.t, this.unit, this.map, this.moment === this.last ? "" : this.moment].join()
    if (this.playing || this.pressed || place === this.told) return
    this.told = place
    this.announce(text)
  }

  paintFlag(g, x) {
    const token = visible(this.header.labels?.[this.t]), { left } = this.layout, [from, to] = this.span
    const said = (this.t + .5 < from ? "‹ " : "") + `t = ${this.t}` + (token ? ` · ${token}` : ""), after = this.t + .5 > to ? " ›" : ""
    g.font = this.font(13, "mono", 600)
    const room = this.layout.plot - 14, wide = g.measureText("0").width, text = shorten(said, Math.floor(room / wide) - after.length) + after
    const w = g.measureText(text).width + 14, at = clamp(x - w / 2, left, Math.max(left, this.right - w))
    g.fillStyle = this.theme.ink
    g.beginPath()
    g.roundRect(at, 1, w, 20, 4)
    g.fill()
    this.text(g, text, at + 7, 15.5, { font: g.font, colour: this.theme.paper })
  }

  /** The number in the right gutter of a row, and its height. */
  cursorValue(place) {
    const { row } = place, y = this.middle(place) + 5, shown = row.log ? scientific : fixed
    if (this.dimmed(row)) return { text: "—", y }
    if (row.kind === "tokens") return this.token(row, this.t).length > LONG ? {} : { text: this.token(row, this.t), y }
    if (row.kind === "heatmap") {
      if (!this.chosen(row)) return {}
      const line = this.unitLine(place)
      return { text: shown(this.value(row.array)), y: line.y + line.h / 2 + 4 }
    }
    return { text: shown(this.value(row.array, this.t, this.column(row))), y }
  }

  // the picture as a file

  paintFile(g) {
    this.paintBase(g)
    this.paintCursor(g)
  }

  drawing() {
    const ruler = this.base.getContext("2d"), pen = new SvgPen(this.width, this.layout.height, (text, font) => { ruler.font = font; return ruler.measureText(text).width })
    this.paintFile(pen)
    return pen.drawing(this.theme.paper, MARGIN)
  }

  async pixels() {
    const width = this.width + 2 * MARGIN, height = this.layout.height + 2 * MARGIN
    const canvas = html("canvas", { width: 2 * width, height: 2 * height }), g = canvas.getContext("2d")
    g.scale(2, 2)
    g.fillStyle = this.theme.paper
    g.fillRect(0, 0, width, height)
    g.translate(MARGIN, MARGIN)
    this.paintFile(g)
    return canvas
  }
}
