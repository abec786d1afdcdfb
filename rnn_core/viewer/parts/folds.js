// The graph's folds and its lines: where they stand and how they run.
import { clamp, mix } from "./numbers.js"

/** Which folds are drawn: all up to 12, else the first, the last and a lens around the cursor, with gaps between. */
export function foldList(T, t, most = 12, lens = 2) {
  const shown = T <= most ? Array.from({ length: T }, (_, i) => i)
    : [...new Set([0, ...Array.from({ length: 2 * lens + 1 }, (_, i) => clamp(t, lens, T - 1 - lens) - lens + i), T - 1])]
  const list = []
  shown.forEach((step, i) => {
    const before = i ? shown[i - 1] : -1
    if (step === before + 2) list.push({ t: step - 1 })
    else if (step > before + 1) list.push({ gap: [before + 1, step - 1] })
    list.push({ t: step })
  })
  return list
}

/** Where each fold stands: opened ones (the cursor's, and its neighbours when there is room) are wide. */
export function foldPositions(list, t, { open, box, gap, space, around = 0 }) {
  let x = 0
  const items = list.map(item => {
    const opened = item.t !== undefined && Math.abs(item.t - t) <= around
    const width = item.gap ? gap : opened ? open : box
    const place = { ...item, x, width, opened }
    x += width + space
    return place
  })
  return { items, width: x - space }
}

/** A smooth path through points, leaving and arriving level. */
export function smooth(points) {
  return points.map(([x, y], i) => {
    if (!i) return `M${x},${y}`
    const [px, py] = points[i - 1], m = (px + x) / 2
    return Math.abs(py - y) < .5 ? `L${x},${y}` : `C${m},${py} ${m},${y} ${x},${y}`
  }).join("")
}

/** The recurrent edge while the network unfolds: a loop over the top when u = 0, a level line to the next fold when u = 1. */
export function carryPath(right, left, y, lift, u) {
  const reach = 34 * (1 - u), top = mix(lift, y, u)
  return `M${right},${y}C${right + reach},${y} ${right + reach},${top} ${right},${top}L${left},${top}C${left - reach},${top} ${left - reach},${y} ${left},${y}`
}

/** From a weight below up to the left side of a node, through the gutter in front of its column. */
export function fanPath(x0, y0, x, y) {
  const gutter = x - 15
  return `M${x0},${y0}C${x0},${y0 - 36} ${gutter},${y0 - 14} ${gutter},${Math.min(y0 - 50, y + 40)}V${y + 9}Q${gutter},${y} ${x},${y}`
}
