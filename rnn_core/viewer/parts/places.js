// Where the timeline's rows stand, and what lies under a point.
import { clamp } from "./numbers.js"

/** Height of one unit's line in a heatmap. */
export function unitHeight(N, maps, { small, short, slim = false }) {
  const room = (short ? 128 : small ? 170 : 196) / (maps > 2 ? 1.9 : maps > 1 ? 1.4 : 1) * (slim ? .45 : 1)
  return clamp(room / N, slim ? .5 : 1, N <= 6 && !slim ? 18 : slim ? 8 : 12)
}

/** A wished place made possible: a step, a unit and a moment that exist. */
export function startAt({ t, unit, map, moment }, { T, maps, last }) {
  const whole = (value, top, otherwise) => Number.isFinite(value) ? clamp(Math.round(value), 0, top) : otherwise
  const row = maps.find(one => one.array === map) ?? maps[0]
  return { t: whole(t, T - 1, 0), map: row?.array, unit: row && (row.order.includes(unit) ? unit : row.order[0]), moment: whole(moment, last, last) }
}

const HEIGHTS = { bars: [44, 34], area: [24, 17], line: [72, 54], cell: [52, 36], tokens: [22, 20] }
const GAPS = { bars: [14, 10], area: [9, 6], line: [10, 6], cell: [12, 8], tokens: [12, 8], heatmap: [18, 12] }

/** Where each row stands, and which steps are seen: {left, plot, cell, first, last, rows: [{row, y, h}], top, bottom, height}. */
export function layoutRows(rows, T, { width, small = false, short = false, span: [first, last] = [0, T] }) {
  const left = small ? 78 : 148, right = small ? 50 : 58, which = short && !small ? 1 : 0, plot = Math.max(.01, width - left - right)
  const maps = rows.filter(r => r.kind === "heatmap" && !r.slim).length
  let y = 28
  const placed = rows.map(row => {
    const shape = row.kind === "line" && (row.unit || row.log) ? "cell" : row.kind === "area" && row.over?.length ? "cell" : row.kind
    const h = row.kind === "heatmap" ? unitHeight(row.order.length, maps, { small, short, slim: row.slim }) * row.order.length
      : HEIGHTS[shape][which] * (row.kind === "tokens" && row.expect ? 2 : 1)
    const place = { row, y, h }
    y += h + GAPS[shape][which]
    return place
  })
  const bottom = placed.length ? placed.at(-1).y + placed.at(-1).h : y
  return { left, right, width, small, plot, first, last, cell: plot / (last - first), rows: placed, top: 26, bottom, height: Math.ceil(bottom + 40) }
}

/** What lies under a point: the step, and the unit when the point is in a heatmap. */
export function hit(layout, T, x, y) {
  const t = clamp(Math.floor(layout.first + (x - layout.left) / layout.cell), 0, T - 1)
  const inside = layout.rows.find(p => p.row.kind === "heatmap" && y >= p.y && y < p.y + p.h)
  if (!inside || x < layout.left) return { t }
  const { order, array, twin } = inside.row
  return { t, map: twin ?? array, unit: order[clamp(Math.floor((y - inside.y) / inside.h * order.length), 0, order.length - 1)] }
}

/** The heatmap rows as one list of lines; moving down from the last line of one map enters the next. */
export function nextUnit(maps, map, unit, step) {
  const lines = maps.flatMap(row => row.order.map(u => [row.array, u]))
  const now = lines.findIndex(([a, u]) => a === map && u === unit)
  const [array, next] = lines[clamp(now + step, 0, lines.length - 1)]
  return { map: array, unit: next }
}
