// How each kind of row of the timeline is painted.
import { clamp, fixed, gradientLevel, visible } from "./numbers.js"
import { isSeen } from "./time.js"

export const FLOOR = 1e-6

/** How each kind of row is painted under the cursor layer. */
export const PAINTERS = {
  bars(g, place) {
    const { row } = place, { cell } = this.layout, { theme } = this, values = this.series(row), marks = new Set(this.header.marks)
    const Y = this.barScale(place), zero = Y(0), alpha = g.globalAlpha
    this.rule(g, zero)
    this.inPlot(g, () => this.eachStep(t => {
      const v = values[t], marked = marks.has(t), gap = cell > 4 ? 1 : 0
      if (!Number.isFinite(v)) return
      g.globalAlpha = alpha * (marked ? 1 : .42)
      g.fillStyle = marked ? theme.ink : theme.tone(row.tone)
      g.fillRect(this.edge(t) + gap, Math.min(zero, Y(v)), Math.max(.75, cell - 2 * gap), Math.abs(zero - Y(v)))
    }))
    g.globalAlpha = alpha
  },

  tokens(g, place) {
    const { row, y, h } = place, { cell } = this.layout, { theme } = this, said = this.tokens(row), expect = row.expect
    const line = expect ? h / 2 : h, alpha = g.globalAlpha, size = clamp(cell * 1.45, 11, 15), marks = new Set(this.header.marks)
    g.font = this.font(size, "mono", 500)
    const fits = text => cell >= 6.5 && g.measureText(text).width <= cell + 1.5
    this.inPlot(g, () => this.eachStep(t => {
      const raw = said[t], left = this.edge(t), text = visible(raw), counts = row.scored?.[t] ?? true, wrong = expect && counts && raw !== expect[t]
      if (wrong) {
        g.globalAlpha = alpha * .2
        g.fillStyle = theme.tone(row.tone)
        g.fillRect(left, y + line, cell, line)
        g.globalAlpha = alpha
        g.fillStyle = theme.tone(row.tone)
        g.fillRect(left, y + h - 2, Math.max(1, cell - .5), 2)
      } else if (!fits(text) && text.trim()) {
        g.globalAlpha = alpha * (counts ? .35 : .15)
        g.fillStyle = theme.tone(row.tone)
        g.fillRect(left + cell * .15, y + h - line / 2 - 2, Math.max(.75, cell * .7), 4)
      }
      g.globalAlpha = alpha * (counts ? 1 : .4)
      g.font = this.font(size, "mono", wrong || marks.has(t) ? 700 : 500)
      if (fits(text)) this.text(g, text, this.x(t), y + h - line / 2 + size * .35, { font: g.font, colour: marks.has(t) ? theme.ink : theme.text(row.tone), align: "center" })
      if (expect && counts && fits(visible(expect[t]))) this.text(g, visible(expect[t]), this.x(t), y + line / 2 + size * .35, { font: this.font(size, "mono", 500), colour: theme.text("target"), align: "center" })
    }))
    g.globalAlpha = alpha
    if (expect && !this.layout.small) this.text(g, "what it should say", 26, y + line / 2 + 5, { font: this.font(14), colour: theme.ink2 })
  },

  heatmap(g, place) {
    const { row, y, h } = place, { left, plot, first, last } = this.layout, { theme } = this
    g.imageSmoothingEnabled = false
    g.drawImage(this.bitmap(row), first, 0, last - first, row.order.length, left, y, plot, h)
    if (!this.chosen(row)) return
    const line = this.unitLine(place)
    g.strokeStyle = theme.ink
    g.lineWidth = 1.5
    g.strokeRect(left - .5, line.y - .5, plot + 1, line.h + 1)
    if (!row.twin) this.text(g, `unit ${this.unit}`, left - 6, line.y + line.h / 2 + 4, { font: this.font(12, "mono", 600), colour: theme.ink, align: "right" })
  },

  area(g, place) {
    const { row, y, h } = place, range = this.rangeOf(row)
    this.rule(g, y + h - (clamp(0, ...range) - range[0]) / (range[1] - range[0]) * h)
    this.trace(g, place, this.series(row), range, { colour: this.theme.tone(row.tone), area: true })
    for (const o of row.over ?? []) this.trace(g, place, this.series(row, o.array), range, { colour: this.theme.tone(o.tone) })
  },

  line(g, place) {
    const { row, y, h } = place, { theme } = this, range = this.rangeOf(row), values = this.series(row)
    if (row.log) paintFloor.call(this, g, place)
    else this.rule(g, y + h - (clamp(0, ...range) - range[0]) / (range[1] - range[0]) * h)
    const labelY = row.target && paintTarget.call(this, g, place, range)
    const Y = this.trace(g, place, values, range, { colour: theme.tone(row.tone), steps: !!row.unit || !!row.log, width: row.unit ? 1.75 : 2.25 })
    for (const o of row.over ?? []) this.trace(g, place, this.series(row, o.array), range, { colour: theme.tone(o.tone) })
    if (row.target?.label) this.text(g, (this.layout.small ? "" : "target ") + row.target.label, this.right, labelY, { font: this.font(14), colour: theme.ink, align: "right", halo: true })
    const end = values.findLastIndex(Number.isFinite)
    if (row.unit || row.log || end < 0) return
    this.inPlot(g, () => {
      g.fillStyle = theme.tone(row.tone)
      g.beginPath()
      g.arc(this.x(end), Y(values[end]), 4.5, 0, 7)
      g.fill()
    })
  },
}

/** The ground of a gradient's row: its two ends, and a dashed line below which a signal is too small to teach. */
function paintFloor(g, { y, h }) {
  const { theme, layout: { left, small } } = this, at = y + h - gradientLevel(FLOOR) * h, font = this.font(11, "mono", 500), colour = theme.ink2
  this.rule(g, y + h)
  g.fillStyle = theme.ink
  g.globalAlpha *= theme.mode === "dark" ? .1 : .06
  g.fillRect(left, at, this.layout.plot, y + h - at)
  g.globalAlpha = 1
  g.strokeStyle = theme.ink2
  g.lineWidth = 1
  g.setLineDash([4, 4])
  g.beginPath()
  g.moveTo(left, at)
  g.lineTo(this.right, at)
  g.stroke()
  g.setLineDash([])
  for (const [text, height] of [["10", y + 8], [small ? "" : "1e−6", at + 4]]) this.text(g, text, left - 6, height, { font, colour, align: "right" })
}

/** The dashed target: one value across the row, or a series of its own; returns where its label belongs. */
function paintTarget(g, place, range) {
  const { row: { target }, y } = place
  g.setLineDash([5, 4])
  const values = target.array ? this.series(place.row, target.array) : Array(this.T).fill(target.value)
  const Y = this.trace(g, place, values, range, { colour: this.theme.tone("target"), width: 1.5 })
  g.setLineDash([])
  const end = Y(values.findLast(Number.isFinite) ?? range[0])
  return end - 8 < y + 8 ? end + 18 : end - 8
}

/** What each kind of row adds at the cursor. */
export const CURSORS = {
  /** The marked bars carry their numbers, unless there are many. */
  bars(g, place) {
    const marks = (this.header.marks ?? []).filter(t => isSeen(this.span, t)), Y = this.barScale(place)
    if (marks.length > 8) return
    for (const t of marks) {
      const v = this.value(place.row.array, t, this.column(place.row))
      this.text(g, fixed(v), this.x(t), Y(Math.max(0, v)) - 4, { font: this.font(12, "mono", 600), colour: this.theme.ink, align: "center", halo: true })
    }
  },

  heatmap(g, place, x) {
    if (!this.chosen(place.row)) return
    const { cell } = this.layout, line = this.unitLine(place), w = Math.max(cell, 5), h = Math.max(line.h, 5)
    g.strokeStyle = this.theme.ink
    g.lineWidth = 2
    g.strokeRect(x - w / 2 - .5, line.y + line.h / 2 - h / 2 - .5, w + 1, h + 1)
  },

  line(g, place, x) {
    const { row, y, h } = place, raw = this.value(row.array, this.t, this.column(row)), [low, high] = this.rangeOf(row)
    if (!Number.isFinite(raw) || row.unit) return
    const v = row.log ? gradientLevel(raw) : raw
    g.fillStyle = this.theme.tone(row.tone)
    g.strokeStyle = this.theme.paper
    g.lineWidth = 2
    g.beginPath()
    g.arc(x, y + h - clamp((v - low) / (high - low), -.05, 1.05) * h, 5, 0, 7)
    g.fill()
    g.stroke()
  },

  /** Where the cells are too narrow for text the token at the cursor is written out. */
  tokens(g, place, x) {
    const { row, y, h } = place, text = this.token(row, this.t)
    g.font = this.font(14, "mono", 600)
    if (g.measureText(text).width <= this.layout.cell + 1.5 && this.layout.cell >= 6.5) return
    const line = row.expect ? h / 2 : h, shown = row.expect && (row.scored?.[this.t] ?? true) ? [[visible(row.expect[this.t]), y + line / 2 + 5, "target"], [text, y + line * 1.5 + 5, row.tone]] : [[text, y + h - line / 2 + 5, row.tone]]
    for (const [token, at, tone] of shown) {
      const late = x + 6 + g.measureText(token).width > this.right && x - this.layout.left > this.layout.plot / 2
      this.text(g, token, late ? x - 6 : x + 6, at, { font: g.font, colour: this.theme.text(tone), align: late ? "right" : "left", halo: true })
    }
  },
}
