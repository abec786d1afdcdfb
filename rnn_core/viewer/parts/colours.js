// Colours: scales, the colour of a value, pictures of coloured cells.
import { clamp, gradientLevel, mix } from "./numbers.js"

export const rgb = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16))

/** 256 colours as little-endian RGBA words, interpolated between hex stops. */
export function lut(stops) {
  const points = stops.map(rgb), out = new Uint32Array(256)
  for (let i = 0; i < 256; i++) {
    const place = i / 255 * (points.length - 1), k = Math.min(points.length - 2, Math.floor(place))
    const [r, g, b] = points[k].map((c, j) => Math.round(mix(c, points[k + 1][j], place - k)))
    out[i] = (255 << 24 | b << 16 | g << 8 | r) >>> 0
  }
  return out
}

/** The colour word of a value; a missing value is transparent. */
export function shade(value, [low, high], table) {
  return Number.isNaN(value) ? 0 : table[clamp(Math.round((value - low) / (high - low) * 255), 0, 255)]
}

export const cssColour = word => `rgb(${word & 255} ${word >> 8 & 255} ${word >> 16 & 255} / ${word ? 1 : 0})`

/** (T, N) values of one moment → an N-row, T-column picture, rows in the given order of units; log for gradients' sizes. */
export function pixels({ M, T, N, data, top, span }, m, order, range, table, { out = new Uint32Array(T * order.length), log = false } = {}) {
  const [low, high] = log ? [0, 1] : range, scale = high > low ? 255 / (high - low) : 0, first = Math.min(m, M - 1) * T * N
  const step = top ? (span[1] - span[0]) / (top - 1) : 1, start = top ? span[0] : 0
  order.forEach((unit, row) => {
    for (let t = 0, from = first + unit, to = row * T; t < T; t++, from += N, to++) {
      const raw = data[from], value = start + raw * step
      if (top ? raw === top : Number.isNaN(raw)) out[to] = 0
      else {
        const level = ((log ? gradientLevel(value) : value) - low) * scale + .5
        out[to] = table[level < 0 ? 0 : level > 255 ? 255 : level | 0]
      }
    }
  })
  return out
}

/** A colour that every program reads: "color(srgb 1 0 0)", as browsers report mixed colours, becomes "rgb(255, 0, 0)". */
export function plainColour(colour) {
  const parts = colour.match(/^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)(?: \/ ([\d.]+))?\)$/)
  if (!parts) return colour
  const [r, g, b] = parts.slice(1, 4).map(part => Math.round(255 * clamp(Number(part), 0, 1)))
  return parts[4] === undefined ? `rgb(${r}, ${g}, ${b})` : `rgba(${r}, ${g}, ${b}, ${parts[4]})`
}

export function luminance(colour) {
  const [r, g, b] = (colour.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number)
  return .2126 * r + .7152 * g + .0722 * b
}
