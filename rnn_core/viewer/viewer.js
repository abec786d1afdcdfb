/**
 * The viewer of the RNN explorer: one plain ES module for Streamlit components and for anywidget.
 *
 * `header.view` chooses the picture: "timeline" (rows over time under one cursor) or "graph" (the unrolled network).
 * Written from parts/ by python -m rnn_core.viewer.join: change a part, not this file.
 */

// What Python packed, read again.

/**
 * The header of a payload.
 *
 * Every header: view, key (the cursor is remembered under it), T, start, palette; link (cursor shared), labels (of steps).
 * timeline: rows, marks, moments (updates on the tape), full (the moment that has all numbers), try [{say, label, set}],
 *   brush (stretches may be selected). A row:
 *   {kind: bars | tokens | heatmap | area | line, array, symbol, sub, title, short, tone, range}; given (never changes
 *   with the tape); of + unit (shows the selected unit of that heatmap), column, over [{array, tone}], log (sizes of
 *   gradients, 1e−8 to 10), target {value | array, label}; tokens: labels ([T] or [M][T]), expect, scored; heatmap: order,
 *   scale, key, card {equations, memory, gradient, below (a second key)}, plain (units not selectable), twin (shares its units with that one).
 * graph: nodes, shared (weights; sum and total: sizes of Σ_t g_t and of the gradient), edges [from, to, bends], carry
 *   [leaves, enters, height, bends], size, gradients, reverse (T runs from the last step to the first), editable (ids),
 *   edits [{node, unit, t, value, was, say}], update {weights: {id: {moved}}, before, after, norm, clipped, number, rows,
 *   rule} or {why}; a node's sum {addends, bend}. Arrays "value:<id>" (T, n), "before:<id>" (T, n, without the edits),
 *   "gradient:<id>" (T), "asked:<weight>" (T), "weight:<id>" (rows, columns), "source:<name>" (T, n), "loss" (T).
 *   Picks {t, node, rolled}, with {edit: {node, unit, t, value}} (t null: a weight) or {undo: "last" | "all"}.
 * An equation is {terms: [{s, sub, tone, array} | {op}], numbers}; numbers says that they may stand in for the letters.
 */

const TYPES = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array }

/** u32 header length | JSON header | padding to 8 | arrays → {header, arrays: {name: {shape, data, range}}} */
function unpack(bytes) {
  const u8 = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, bytes.byteLength)
  const length = new DataView(u8.buffer, u8.byteOffset, 4).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(u8.subarray(4, 4 + length)))
  const first = Math.ceil((4 + length) / 8) * 8
  const arrays = {}
  for (const [name, { dtype, shape, offset, range }] of Object.entries(header.arrays ?? {})) {
    const count = shape.reduce((a, b) => a * b, 1), Type = TYPES[dtype], size = Type.BYTES_PER_ELEMENT
    const from = u8.byteOffset + first + offset
    const data = from % size ? new Type(u8.buffer.slice(from, from + count * size)) : new Type(u8.buffer, from, count)
    arrays[name] = { shape, data, range }
  }
  return { header, arrays }
}

/** The highest level means missing; level 0 is low and the last but one is high. */
function dequantise(level, [low, high], top = 255) {
  return level === top ? NaN : low + level / (top - 1) * (high - low)
}

/** Read an array of shape (T), (T, N) or (M, T, N) as at(moment, t, n), whatever its dtype. */
function reader({ shape, data, range }) {
  const [M, T, N] = shape.length === 3 ? shape : shape.length === 2 ? [1, ...shape] : [1, shape[0], 1]
  const top = data instanceof Float32Array ? 0 : 2 ** (8 * data.BYTES_PER_ELEMENT) - 1
  const place = (m, t, n) => (Math.min(m, M - 1) * T + t) * N + n
  const at = top ? (m, t, n = 0) => dequantise(data[place(m, t, n)], range, top) : (m, t, n = 0) => data[place(m, t, n)]
  return { M, T, N, at, data, top, span: range }
}

// Numbers: kept in range, rounded, written as text.

const clamp = (value, low, high) => Math.max(low, Math.min(high, value))
const ease = u => u < .5 ? 2 * u * u : 1 - (2 - 2 * u) ** 2 / 2
const mix = (a, b, u) => a + (b - a) * u

/** A number as text: two decimals, a real minus sign, short when large or tiny, a dash when missing. */
function fixed(value, digits = 2) {
  if (value === undefined || Number.isNaN(value)) return "–"
  const size = Math.abs(value)
  if (size === Infinity) return value < 0 ? "−∞" : "∞"
  const text = size >= 1000 ? size.toExponential(1) : size >= 100 ? size.toFixed(0) : size.toFixed(digits)
  return (value < 0 && Number(text) !== 0 ? "−" : "") + text.replace("e+", "e")
}

/** A symbol that is only a blank or a line break, made visible. */
const visible = token => ({ " ": "␣", "\n": "↵", "\t": "⇥" })[token] ?? token ?? ""

/** A gradient's size as text, "3e−5". */
const scientific = value => value === 0 ? "0" : Number.isFinite(value) ? value.toExponential(0).replace("-", "−").replace("+", "") : "–"

/** The range of some series, symmetric about zero when they change sign, never empty. */
function spread(series) {
  let low = Infinity, high = -Infinity
  for (const values of series) for (const v of values) if (Number.isFinite(v)) { low = Math.min(low, v); high = Math.max(high, v) }
  if (low > high) return [0, 1]
  if (low < 0) { const size = Math.max(-low, high, .4) * 1.05; return [-size, size] }
  return [0, Math.max(high, .4) * 1.05]
}

/** The place in a rising list that is nearest to a value. */
const nearest = (list, value) => list.reduce((best, v, i) => Math.abs(v - value) < Math.abs(list[best] - value) ? i : best, 0)

/** A file name made of words: letters and digits stay, all else becomes hyphens. */
function fileName(words, ending) {
  const safe = words.map(word => String(word ?? "").normalize("NFKC").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "")).filter(Boolean)
  return safe.join("-").slice(0, 80).replace(/-+$/, "") + "." + ending
}

/** Size of a gradient on the fixed scale from 1e−8 (0) to 10 (1). */
const gradientLevel = size => size > 0 && Number.isFinite(size) ? clamp((Math.log10(size) + 8) / 9, 0, 1) : 0

const gradientWidth = size => gradientLevel(size) ? .75 + 5.25 * gradientLevel(size) : 0

/** At most `most` places spread evenly over n. */
const sample = (n, most) => n <= most ? Array.from({ length: n }, (_, i) => i) : Array.from({ length: most }, (_, i) => Math.floor(i * n / most))

const norm = values => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0))

/** A visitor's text as a number: {value}, or {why} not, in one sentence. */
function asNumber(text) {
  const plain = text.trim().replace("−", "-").replace(",", "."), quoted = text.trim().slice(0, 24)
  if (!plain) return { why: "Type a number first." }
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return { why: `“${quoted}” is not a number, so nothing was changed.` }
  const value = Number(plain)
  return Math.abs(value) <= 1e30 ? { value } : { why: `“${quoted}” is too large for a network to count with, so nothing was changed.` }
}

/** How many decimals tell numbers up to this size apart. */
const decimals = size => clamp(3 - Math.floor(Math.log10(Math.abs(size) || 1)), 0, 8)

/** A number with so many decimals and a real minus sign. */
function exact(value, digits) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value < 0 ? "−∞" : "∞"
  const text = Math.abs(value).toFixed(digits)
  return (value < 0 && Number(text) !== 0 ? "−" : "") + text
}

/** Numbers rounded so that what is shown adds up to the rounded sum: each moves by less than one of the last digit. */
function addUp(values, digits) {
  const one = 10 ** digits, scaled = values.map(v => v * one), low = scaled.map(Math.floor)
  const missing = Math.round(scaled.reduce((a, b) => a + b, 0)) - low.reduce((a, b) => a + b, 0)
  const order = scaled.map((v, i) => [v - low[i], i]).sort((a, b) => b[0] - a[0] || a[1] - b[1])
  for (const [, i] of order.slice(0, clamp(missing, 0, order.length))) low[i] += 1
  return low.map(v => v / one)
}

/** A size told with three figures, whatever its scale. */
const amount = value => !Number.isFinite(value) ? fixed(value) : value !== 0 && Math.abs(value) < .001 ? value.toExponential(2).replaceAll("-", "−") : String(Number(value.toPrecision(3))).replace("-", "−")

const percent = share => Number.isFinite(share) ? (share === 0 ? "0" : share < 1e-6 ? scientific(100 * share) : Number((100 * share).toPrecision(2))) + " %" : "all"

// Colours: scales, the colour of a value, pictures of coloured cells.

const rgb = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16))

/** 256 colours as little-endian RGBA words, interpolated between hex stops. */
function lut(stops) {
  const points = stops.map(rgb), out = new Uint32Array(256)
  for (let i = 0; i < 256; i++) {
    const place = i / 255 * (points.length - 1), k = Math.min(points.length - 2, Math.floor(place))
    const [r, g, b] = points[k].map((c, j) => Math.round(mix(c, points[k + 1][j], place - k)))
    out[i] = (255 << 24 | b << 16 | g << 8 | r) >>> 0
  }
  return out
}

/** The colour word of a value; a missing value is transparent. */
function shade(value, [low, high], table) {
  return Number.isNaN(value) ? 0 : table[clamp(Math.round((value - low) / (high - low) * 255), 0, 255)]
}

const cssColour = word => `rgb(${word & 255} ${word >> 8 & 255} ${word >> 16 & 255} / ${word ? 1 : 0})`

/** (T, N) values of one moment → an N-row, T-column picture, rows in the given order of units; log for gradients' sizes. */
function pixels({ M, T, N, data, top, span }, m, order, range, table, { out = new Uint32Array(T * order.length), log = false } = {}) {
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
function plainColour(colour) {
  const parts = colour.match(/^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)(?: \/ ([\d.]+))?\)$/)
  if (!parts) return colour
  const [r, g, b] = parts.slice(1, 4).map(part => Math.round(255 * clamp(Number(part), 0, 1)))
  return parts[4] === undefined ? `rgb(${r}, ${g}, ${b})` : `rgba(${r}, ${g}, ${b}, ${parts[4]})`
}

function luminance(colour) {
  const [r, g, b] = (colour.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number)
  return .2126 * r + .7152 * g + .0722 * b
}

// The time axis: which steps are seen, how far a key goes, how fast Play is.

/** Where a key moves the time cursor; null when the key is not about time. */
function keyStep(key, t, T, shift = false) {
  const step = { ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[key]
  if (step) return clamp(t + step * (shift && Math.abs(step) === 1 ? 10 : 1), 0, T - 1)
  return key === "Home" ? 0 : key === "End" ? T - 1 : null
}

/** Distance between two labels of the time axis. */
function tickStep(cell, room = 44) {
  return [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000].find(step => step * cell >= room) ?? 10000
}

/** The labelled steps of a time axis that shows the steps from first to last. */
function ticks({ cell, first, last }, room) {
  const step = tickStep(cell, room), start = Math.ceil(first / step) * step, found = []
  for (let t = start; t + .5 <= last; t += step) found.push(t)
  return found
}

const FEWEST = 8

/** A stretch [from, to) of the time axis, moved and cut to lie within 0 … T and never narrower than a few steps. */
function fitSpan([from, to], T) {
  const width = clamp(to - from, Math.min(FEWEST, T), T), start = clamp(from, 0, T - width)
  return [start, start + width]
}

/** The stretch made `factor` times as wide (below 1: closer), with the place `at` staying where it was. */
function zoomSpan([from, to], T, factor, at = (from + to) / 2) {
  const width = clamp((to - from) * factor, Math.min(FEWEST, T), T), share = (at - from) / (to - from)
  return fitSpan([at - share * width, at + (1 - share) * width], T)
}

const panSpan = ([from, to], T, by) => fitSpan([from + by, to + by], T)

const isWhole = ([from, to], T) => to - from > T - 1e-6

const isSeen = ([from, to], t) => t + .5 > from && t + .5 < to

/** The stretch in which step t is seen: the same, or a page further on or back. */
function followSpan([from, to], T, t) {
  if (isSeen([from, to], t)) return [from, to]
  const width = to - from, lead = .1 * width
  return fitSpan(t < from ? [t + 1 + lead - width, t + 1 + lead] : [t - lead, t - lead + width], T)
}

/** Milliseconds a step stays on screen: a short run is readable, and a long one does not take minutes. */
const paceOf = (T, { pace = 140, calm = false, speed = 1 } = {}) => (calm ? 500 : clamp(14000 / T, 33, pace)) / speed

/** Steps that are due after some milliseconds: one at a time while each can be seen, a few when they outrun the frames. */
const stepsDue = (elapsed, pace) => elapsed < pace ? 0 : pace >= 16 ? 1 : Math.min(8, Math.floor(elapsed / pace))

// A stretch of one unit's steps: where its threshold may lie and when it is on.

/** Halfway between what a unit holds in a stretch of steps and what it holds elsewhere, to two digits: where "on" may begin. */
function halfway(values, first, last, [low, high]) {
  const mean = list => { const known = list.filter(Number.isFinite); return known.length ? known.reduce((a, b) => a + b) / known.length : undefined }
  const inside = mean(values.slice(first, last + 1)), outside = mean([...values.slice(0, first), ...values.slice(last + 1)])
  const value = ((inside ?? outside ?? 0) + (outside ?? (low + high) / 2)) / 2
  return Number(clamp(value, low, high).toFixed(2))
}

/** The runs of steps [first, last] whose values reach a threshold. */
function onRuns(values, threshold) {
  const runs = []
  values.forEach((v, t) => {
    if (!(v >= threshold)) return
    if (runs.at(-1)?.[1] === t - 1) runs.at(-1)[1] = t
    else runs.push([t, t])
  })
  return runs
}

// Where the timeline's rows stand, and what lies under a point.

/** Height of one unit's line in a heatmap. */
function unitHeight(N, maps, { small, short, slim = false }) {
  const room = (short ? 128 : small ? 170 : 196) / (maps > 2 ? 1.9 : maps > 1 ? 1.4 : 1) * (slim ? .45 : 1)
  return clamp(room / N, slim ? .5 : 1, N <= 6 && !slim ? 18 : slim ? 8 : 12)
}

/** A wished place made possible: a step, a unit and a moment that exist. */
function startAt({ t, unit, map, moment }, { T, maps, last }) {
  const whole = (value, top, otherwise) => Number.isFinite(value) ? clamp(Math.round(value), 0, top) : otherwise
  const row = maps.find(one => one.array === map) ?? maps[0]
  return { t: whole(t, T - 1, 0), map: row?.array, unit: row && (row.order.includes(unit) ? unit : row.order[0]), moment: whole(moment, last, last) }
}

const HEIGHTS = { bars: [44, 34], area: [24, 17], line: [72, 54], cell: [52, 36], tokens: [22, 20] }
const GAPS = { bars: [14, 10], area: [9, 6], line: [10, 6], cell: [12, 8], tokens: [12, 8], heatmap: [18, 12] }

/** Where each row stands, and which steps are seen: {left, plot, cell, first, last, rows: [{row, y, h}], top, bottom, height}. */
function layoutRows(rows, T, { width, small = false, short = false, span: [first, last] = [0, T] }) {
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
function hit(layout, T, x, y) {
  const t = clamp(Math.floor(layout.first + (x - layout.left) / layout.cell), 0, T - 1)
  const inside = layout.rows.find(p => p.row.kind === "heatmap" && y >= p.y && y < p.y + p.h)
  if (!inside || x < layout.left) return { t }
  const { order, array, twin } = inside.row
  return { t, map: twin ?? array, unit: order[clamp(Math.floor((y - inside.y) / inside.h * order.length), 0, order.length - 1)] }
}

/** The heatmap rows as one list of lines; moving down from the last line of one map enters the next. */
function nextUnit(maps, map, unit, step) {
  const lines = maps.flatMap(row => row.order.map(u => [row.array, u]))
  const now = lines.findIndex(([a, u]) => a === map && u === unit)
  const [array, next] = lines[clamp(now + step, 0, lines.length - 1)]
  return { map: array, unit: next }
}

// What is said about a unit, a step and a node.

/** One sentence about a unit at a step, read from its numbers: a list of [text, strong]. */
function sentence({ keep, write, candidate, value, before, noun = "state", bounded = false }) {
  if (value === undefined || Number.isNaN(value)) return [["This step is padding: the unit keeps what it had."]]
  if (keep !== undefined && !Number.isNaN(keep)) {
    const offered = Math.abs((write ?? 1 - keep) * (candidate ?? 0))
    const verb = offered > .25 ? ["is ", "writing"] : keep > .9 ? ["is ", "holding"] : keep < .5 ? ["is ", "erasing"] : ["lets its memory ", "fade"]
    const steps = Math.round(1 / Math.max(1 - keep, 1e-9))
    const memory = keep <= .6 ? [["."]] : keep > .999 ? [[", a memory of more than "], ["1,000", true], [" steps."]]
      : [[", a memory of about "], [String(steps), true], [steps === 1 ? " step." : " steps."]]
    return [["This unit " + verb[0]], [verb[1], true], [": it keeps "], [Math.round(100 * keep) + "\u00a0%", true], [` of its ${noun}`], ...memory]
  }
  const change = before === undefined || Number.isNaN(before) ? 0 : value - before
  if (bounded && Math.abs(value) > .97) return [["This unit is "], ["saturated", true], [" at "], [fixed(value), true], [": small inputs no longer move it."]]
  if (Math.abs(change) < .05) return [["This unit "], ["holds", true], [" at "], [fixed(value), true], ["."]]
  return [["This unit "], [change > 0 ? "rises" : "falls", true], [" from "], [fixed(before), true], [" to "], [fixed(value), true], ["."]]
}

/** What a screen reader hears about the cursor of the timeline. */
function describe({ t, T, unit, value, label, mapTitle, update }) {
  const token = label ? ` (${label})` : "", moment = update === undefined ? "" : `, after update ${update}`
  return `time ${t} of ${T - 1}${token}, ${unit === undefined ? "" : `unit ${unit}, `}${mapTitle} ${fixed(value)}${moment}`
}

/** A text of at most so many characters, what was cut off as an ellipsis. */
function shorten(text, most) {
  return text.length <= most ? text : text.slice(0, Math.max(0, most - 1)) + "…"
}

/** The subscript with the step's number in place of t: "t−1" at 5 gives "4"; a pass that runs backwards came from 6. */
function stepSub(sub, t, way = 1) {
  return sub.replace(/(^|[\s,;])t(?:\s*[−-]\s*(\d+))?$/, (_, lead, lag) => lead + String(t - way * Number(lag ?? 0)).replace("-", "−"))
}

/** What a screen reader hears about a node. */
function describeNode(node, t, T, values, gradient) {
  if (node.kind === "parameter") return `${node.symbol}${node.sub ? " " + node.sub : ""}, shared weights ${node.shape}, used ${T} times`
  return `${node.symbol} ${node.enters ? "entering" : "at"} step ${t} of ${T - 1}, ${node.title}, size ${fixed(norm(values))}` + (gradient === undefined ? "" : `, gradient ${scientific(gradient)}`)
}

// A unit's sum taken apart into its products.

/** Every product of one unit's sum: [{weight, row, column, w, source, place, v, gates, value}]; at(array, t, n) reads. */
function products({ addends }, unit, t, at) {
  return addends.flatMap(({ weight, source, from, row, column, size, flip, scale, times }) => {
    const gates = times.map(id => [id, at(`value:${id}`, t, unit)]), factor = gates.reduce((all, [, v]) => all * v, scale)
    const bare = { weight, source, gates, scale }
    if (!weight) { const v = at(from, t, row + unit); return [{ ...bare, place: row + unit, v, value: factor * v }] }
    if (!source) { const w = at(`weight:${weight}`, row + unit, 0); return [{ ...bare, row: row + unit, w, value: factor * w }] }
    return Array.from({ length: size }, (_, j) => {
      const [r, c] = flip ? [column + j, row + unit] : [row + unit, column + j], w = at(`weight:${weight}`, r, c), v = at(from, t, j)
      return { ...bare, row: r, column: c, w, place: j, v, value: factor * w * v }
    })
  })
}

/** The largest products in full, the others as one: {shown: [product], more: {count, value}, digits, total}, adding up. */
function takenApart(sum, unit, t, at, most = 5) {
  const all = products(sum, unit, t, at), bySize = all.map((p, i) => [Math.abs(p.value), i]).sort((a, b) => b[0] - a[0] || a[1] - b[1])
  const keep = new Set(bySize.slice(0, all.length <= most + 1 ? all.length : most).map(([, i]) => i))
  const shown = all.filter((_, i) => keep.has(i)), rest = all.filter((_, i) => !keep.has(i))
  const total = all.reduce((sum, p) => sum + p.value, 0), parts = [...shown.map(p => p.value), ...(rest.length ? [rest.reduce((sum, p) => sum + p.value, 0)] : [])]
  const digits = decimals(Math.max(Math.abs(total), ...parts.map(Math.abs)))
  const said = Number.isFinite(total) ? addUp(parts, digits) : parts
  return { shown: shown.map((p, i) => ({ ...p, said: said[i] })), more: rest.length ? { count: rest.length, said: said.at(-1) } : undefined, digits, total }
}

// One update in slow motion: its beats and what is said at each.

const PHASES = [["forward", "Forward"], ["loss", "Loss"], ["backward", "Backward"], ["update", "Update"]]

/** One update in slow motion, beat by beat: forward through the steps, the losses, their sum, backward, the update. */
function slowBeats(T, { scored = [], gradients = false, update = false } = {}) {
  const steps = Array.from({ length: T }, (_, t) => t), last = scored.at(-1) ?? T - 1
  return [
    ...steps.map(t => ({ phase: "forward", t })),
    ...(scored.length ? [...scored.map(t => ({ phase: "loss", t })), { phase: "loss", t: last, all: true }] : []),
    ...(gradients ? steps.toReversed().map(t => ({ phase: "backward", t })) : []),
    ...(update ? [{ phase: "update", t: last }] : []),
  ]
}

/** Whether a step is lit during a beat: forward what was computed, backward what has heard of the error. */
const litIn = (beat, t) => beat.phase === "forward" ? t <= beat.t : beat.phase === "backward" ? t >= beat.t : beat.phase === "loss" ? beat.all || t === beat.t : true

/** The one sentence of a beat: a list of [text, strong]. Facts: t as named, and the numbers of this network. */
function slowSay({ phase, all }, f) {
  if (phase === "forward") return [[`Forward, step ${f.t}: `], [f.reads ? `it reads ${f.reads}` : "without an input"], [` and remembers ${f.state} of size `], [fixed(f.before), true], [", which becomes "], [fixed(f.after), true], ...(f.says ? [[". It says ŷ = "], [f.says, true]] : []), ["."]]
  if (phase === "loss" && all) return [["Loss: "], [f.count === 1 ? "the one step that is scored makes " : `the ${f.count} steps that are scored add up to `], [`L = ${amount(f.total)}`, true], ["."]]
  if (phase === "loss") return [[`Loss, step ${f.t}: `], [f.says ? `it says ${f.says}, which costs ` : "what it says here costs "], [`L${f.count > 1 ? " " + f.t : ""} = ${amount(f.loss)}`, true], ["."]]
  if (phase === "backward") return [[`Backward, step ${f.t}: `], [`of the error, ‖∂L/∂${f.state}‖ = `], [scientific(f.gradient), true], [f.gradient < 1e-6 ? " arrives: too small to teach anything" : " arrives"], ...(f.weight ? [[`, and asks ${f.weight} for a change of size `], [scientific(f.asked), true]] : []), ["."]]
  const cut = f.clipped !== null && f.clipped !== undefined && f.clipped < .9995
  return [[`Update ${f.number.toLocaleString("en")}, rehearsed on its own batch of ${f.rows}: the gradient has length `], [scientific(f.norm), true], ...(cut ? [[" and is cut to "], [percent(f.clipped), true]] : []), [`; ${f.rule} moves ${f.most} the most, by `], [percent(f.moved), true], [" of its size. The loss on that batch goes from "], [amount(f.before), true], [" to "], [amount(f.after), true], ["."]]
}

// The graph's folds and its lines: where they stand and how they run.

/** Which folds are drawn: all up to 12, else the first, the last and a lens around the cursor, with gaps between. */
function foldList(T, t, most = 12, lens = 2) {
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
function foldPositions(list, t, { open, box, gap, space, around = 0 }) {
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
function smooth(points) {
  return points.map(([x, y], i) => {
    if (!i) return `M${x},${y}`
    const [px, py] = points[i - 1], m = (px + x) / 2
    return Math.abs(py - y) < .5 ? `L${x},${y}` : `C${m},${py} ${m},${y} ${x},${y}`
  }).join("")
}

/** The recurrent edge while the network unfolds: a loop over the top when u = 0, a level line to the next fold when u = 1. */
function carryPath(right, left, y, lift, u) {
  const reach = 34 * (1 - u), top = mix(lift, y, u)
  return `M${right},${y}C${right + reach},${y} ${right + reach},${top} ${right},${top}L${left},${top}C${left - reach},${top} ${left - reach},${y} ${left},${y}`
}

/** From a weight below up to the left side of a node, through the gutter in front of its column. */
function fanPath(x0, y0, x, y) {
  const gutter = x - 15
  return `M${x0},${y0}C${x0},${y0 - 36} ${gutter},${y0 - 14} ${gutter},${Math.min(y0 - 50, y + 40)}V${y + 9}Q${gutter},${y} ${x},${y}`
}

// Elements, icons and letters.

const SVG = "http://www.w3.org/2000/svg"

function fill(element, attributes, kids) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value
    else if (value === true) element.setAttribute(name, "")
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value)
  }
  element.append(...kids)
  return element
}

const html = (tag, attributes = {}, ...kids) => fill(document.createElement(tag), attributes, kids)
const svg = (tag, attributes = {}, ...kids) => fill(document.createElementNS(SVG, tag), attributes, kids)

const ICONS = {
  home: ["M4 4h2v12H4zM16 4v12L7 10z"], play: ["M5 3v14l12-7z"], pause: ["M4 3h4v14H4zM12 3h4v14h-4z"],
  back: ["M12 5l-5 5 5 5", true], on: ["M8 5l5 5-5 5", true],
  closer: ["M4 10h12M10 4v12", true], wider: ["M4 10h12", true], whole: ["M3 4v12M17 4v12M6 10h8M8 7l-3 3 3 3M12 7l3 3-3 3", true],
  select: ["M4 7V4h3M13 4h3v3M16 13v3h-3M7 16H4v-3M8 10h4", true], save: ["M10 3v9M6 8.5l4 4 4-4M4 16h12", true],
}

function icon(name) {
  const [d, open] = ICONS[name]
  const paint = open ? { fill: "none", stroke: "currentColor", "stroke-width": 2 } : { fill: "currentColor" }
  return svg("svg", { viewBox: "0 0 20 20", width: 17, height: 17, "aria-hidden": "true", ...paint }, svg("path", { d }))
}

const inTone = tone => tone ? `color: var(--tone-${tone})` : undefined
const letter = ({ s, sub, tone }) => html("span", { class: "letter", style: inTone(tone) }, s, ...(sub ? [html("sub", { text: sub })] : []))

/** Sets an element's text only when it changes: the browser lays out less. */
function write(element, text) { if (element.textContent !== text) element.textContent = text }

/** Text with its strong parts: [["This unit is "], ["writing", true]]. */
function prose(element, parts) { element.replaceChildren(...parts.map(([text, strong]) => strong ? html("b", { text }) : text)) }

/** Sets an attribute only when it changes: the browser lays out and paints less. */
function put(element, name, value) { if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value) }

// Drawings as SVG text, and files handed to the browser's downloads.

const escaped = text => String(text).replace(/[&<>"]/g, sign => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign])
const brief = number => String(Number(Number(number).toFixed(2)))
const MOST_RECTS = 4096

/** Takes the strokes meant for a 2-D canvas and writes them down as SVG: text stays text and lines stay lines. */
class SvgPen {
  constructor(width, height, measure) {
    Object.assign(this, { width, height, measure, parts: [], d: "", kept: [], clips: 0 })
    Object.assign(this, { fillStyle: "black", strokeStyle: "black", lineWidth: 1, globalAlpha: 1, font: "400 10px sans-serif", textAlign: "left", dash: [] })
  }

  add(tag, attributes, inner = "") {
    const list = Object.entries(attributes).filter(([, value]) => value !== undefined)
    this.parts.push(`<${tag}${list.map(([name, value]) => ` ${name}="${escaped(typeof value === "number" ? brief(value) : value)}"`).join("")}` + (inner ? `>${inner}</${tag}>` : "/>"))
  }

  get paint() { return { fill: this.fillStyle, "fill-opacity": this.globalAlpha < 1 ? this.globalAlpha : undefined } }

  get line() {
    return { fill: "none", stroke: this.strokeStyle, "stroke-width": this.lineWidth, "stroke-linejoin": "round",
      "stroke-opacity": this.globalAlpha < 1 ? this.globalAlpha : undefined, "stroke-dasharray": this.dash.join(" ") || undefined }
  }

  save() { this.kept.push([this.parts.length, false, { fillStyle: this.fillStyle, strokeStyle: this.strokeStyle, lineWidth: this.lineWidth, globalAlpha: this.globalAlpha, font: this.font, textAlign: this.textAlign, dash: this.dash }]) }

  restore() {
    const [, clipped, state] = this.kept.pop()
    if (clipped) this.parts.push("</g>")
    Object.assign(this, state)
  }

  clip() {
    const id = `seen${++this.clips}`
    this.parts.push(`<clipPath id="${id}"><path d="${this.d}"/></clipPath><g clip-path="url(#${id})">`)
    this.kept.at(-1)[1] = true
  }

  beginPath() { this.d = "" }
  moveTo(x, y) { this.d += `M${brief(x)},${brief(y)}` }
  lineTo(x, y) { this.d += `L${brief(x)},${brief(y)}` }
  rect(x, y, w, h) { this.d += `M${brief(x)},${brief(y)}h${brief(w)}v${brief(h)}h${brief(-w)}z` }
  roundRect(x, y, w, h, r) { this.d += `M${brief(x + r)},${brief(y)}h${brief(w - 2 * r)}q${r},0 ${r},${r}v${brief(h - 2 * r)}q0,${r} ${-r},${r}h${brief(2 * r - w)}q${-r},0 ${-r},${-r}v${brief(2 * r - h)}q0,${-r} ${r},${-r}z` }

  /** Whole circles only. */
  arc(x, y, r) { this.d += `M${brief(x - r)},${brief(y)}a${r},${r} 0 1 0 ${2 * r},0a${r},${r} 0 1 0 ${-2 * r},0z` }

  fill() { this.add("path", { d: this.d, ...this.paint }) }
  stroke() { this.add("path", { d: this.d, ...this.line }) }
  fillRect(x, y, width, height) { this.add("rect", { x, y, width, height, ...this.paint }) }
  strokeRect(x, y, width, height) { this.add("rect", { x, y, width, height, ...this.line }) }
  setLineDash(list) { this.dash = list }
  measureText(text) { return { width: this.measure(text, this.font) } }
  fillText(text, x, y) { this.write(text, x, y, this.paint) }
  strokeText(text, x, y) { this.write(text, x, y, this.line) }

  write(text, x, y, paint) {
    const [, slant, weight, size, family] = this.font.match(/^\s*(italic|normal)?\s*(\d+)?\s*([\d.]+)px\s+(.*)$/) ?? [, , , 14, "sans-serif"]
    const anchor = { center: "middle", right: "end" }[this.textAlign]
    this.add("text", { x, y, "font-family": family, "font-size": Number(size), "font-weight": weight === "400" ? undefined : weight, "font-style": slant, "text-anchor": anchor, ...paint }, escaped(text))
  }

  /** Part of a picture of coloured cells: cell by cell when there are few, else as an image in sharp pixels. */
  drawImage(source, sx, sy, sw, sh, x, y, w, h) {
    const from = Math.floor(sx), to = Math.ceil(sx + sw), dx = w / sw, dy = h / sh
    if ((to - from) * sh > MOST_RECTS) {
      const image = `<image width="${source.width}" height="${source.height}" preserveAspectRatio="none" image-rendering="pixelated" href="${source.toDataURL()}"/>`
      this.add("svg", { x, y, width: w, height: h, viewBox: [sx, sy, sw, sh].map(brief).join(" "), preserveAspectRatio: "none", opacity: this.globalAlpha < 1 ? this.globalAlpha : undefined }, image)
      return
    }
    const { data } = source.getContext("2d").getImageData(from, sy, to - from, sh), words = new Uint32Array(data.buffer, data.byteOffset, (to - from) * sh)
    let cells = ""
    words.forEach((word, i) => {
      const t = from + i % (to - from), left = Math.max(t, sx), right = Math.min(t + 1, sx + sw)
      if (word) cells += `<rect x="${brief(x + (left - sx) * dx)}" y="${brief(y + Math.floor(i / (to - from)) * dy)}" width="${brief((right - left) * dx)}" height="${brief(dy)}" fill="rgb(${word & 255},${word >> 8 & 255},${word >> 16 & 255})"/>`
    })
    this.add("g", { "shape-rendering": "crispEdges", opacity: this.globalAlpha < 1 ? this.globalAlpha : undefined }, cells)
  }

  /** The whole drawing on its ground, with a margin. */
  drawing(ground, margin = 0) {
    const width = brief(this.width + 2 * margin), height = brief(this.height + 2 * margin)
    return `<svg xmlns="${SVG}" width="${width}" height="${height}" viewBox="${-margin} ${-margin} ${width} ${height}">`
      + `<rect x="${-margin}" y="${-margin}" width="100%" height="100%" fill="${escaped(ground)}"/>${this.parts.join("")}</svg>`
  }
}

/** Hands a file to the browser's downloads; nothing leaves the page. */
function download(blob, name) {
  const link = html("a", { href: URL.createObjectURL(blob), download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

const WRITTEN = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-size", "font-style", "font-weight", "text-anchor"]

/** A drawing of the page as SVG text of its own: what the style sheet says is written into every element. */
function serialised(drawn, ground) {
  const copy = drawn.cloneNode(true), box = drawn.getBoundingClientRect(), width = Math.ceil(box.width), height = Math.ceil(box.height)
  const copies = [...copy.querySelectorAll("*")], originals = [...drawn.querySelectorAll("*")], hidden = []
  originals.forEach((element, i) => {
    const style = getComputedStyle(element), one = copies[i]
    if (style.display === "none" || style.visibility === "hidden") return hidden.push(one)
    for (const name of [...one.getAttributeNames()].filter(name => /^(class|style|role|tabindex|aria-|data-)/.test(name))) one.removeAttribute(name)
    for (const name of WRITTEN) if (style.getPropertyValue(name)) one.setAttribute(name, plainColour(style.getPropertyValue(name)))
  })
  for (const one of hidden) one.remove()
  for (const name of copy.getAttributeNames()) copy.removeAttribute(name)
  fill(copy, { width, height, viewBox: `0 0 ${width} ${height}` }, [])
  copy.prepend(svg("rect", { width: "100%", height: "100%", fill: ground }))
  return new XMLSerializer().serializeToString(copy)
}

// The colours and fonts of the page around the viewer.

/** The colours and fonts of the page the viewer stands in, with the palette's meanings for its light or dark ground. */
function readTheme(box, probe, palette) {
  const style = getComputedStyle(box)
  const paint = name => { probe.style.color = `var(${name})`; return plainColour(getComputedStyle(probe).color) }
  const paper = paint("--v-paper"), mode = luminance(paper) < 110 ? "dark" : "light"
  const theme = {
    mode, paper, ink: paint("--v-ink"), ink2: paint("--v-ink2"), line: paint("--v-line"), surface: paint("--v-surface"),
    sans: style.getPropertyValue("--v-sans").trim(), serif: style.getPropertyValue("--v-serif").trim(), mono: style.getPropertyValue("--v-mono").trim(),
    tone: name => (palette.sem[name] ?? palette.sem.hidden)[mode], text: name => (palette.sem[name] ?? palette.sem.hidden)[mode + "_text"], scale: {},
  }
  for (const name of Object.keys(palette.sem)) {
    box.style.setProperty(`--tone-${name}`, theme.text(name))
    box.style.setProperty(`--fill-${name}`, theme.tone(name))
  }
  for (const name of ["div", "seq", "grad"]) {
    const stops = palette.scale[`${name}_${mode}_21`]
    theme.scale[name] = lut(stops)
    box.style.setProperty(`--scale-${name}`, `linear-gradient(90deg, ${stops.join(", ")})`)
  }
  box.dataset.theme = mode
  return theme
}

// What the timeline and the graph share.

/** Survives remounts and is one for all copies of this module on a page (anywidget makes a fresh module per widget). */
const common = globalThis[Symbol.for("rnn-core.viewer")] ??= { memory: new Map(), bus: new EventTarget() }

const CURSOR = 1, BASE = 2, BITMAP = 4, ALL = 7
const SPEEDS = [.5, 1, 2, 4], QUIET = 250
const OURS = new Set([" ", "Enter", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"])

/** One animation frame at a time, one time cursor, one transport bar: the part that the timeline and the graph have in common. */
class View {
  constructor(box, host) {
    Object.assign(this, { box, host, t: 0, T: 1, playing: false, pending: 0, request: 0, shown: 0, ending: new AbortController() })
    this.probe = html("span", { class: "unseen", "aria-hidden": "true" })
    this.say = html("output", { class: "unseen", "aria-live": "polite" })
    this.buttons = {
      home: html("button", { type: "button", "aria-label": "To the first step", title: "To the first step" }, icon("home")),
      play: html("button", { type: "button", class: "play" }, icon("play"), "Play"),
      back: html("button", { type: "button", "aria-label": "One step back", title: "One step back" }, icon("back")),
      on: html("button", { type: "button", "aria-label": "One step on", title: "One step on" }, icon("on")),
    }
    this.speed = html("select", { class: "speed", "aria-label": "Speed", title: "Speed of Play" }, ...SPEEDS.map(value => html("option", { value, text: (value === .5 ? "½" : value) + "×" })))
    this.speed.value = common.speed ?? 1
    this.menu = this.saveMenu()
    this.bar = html("div", { class: "bar", role: "group", "aria-label": "Time" }, ...Object.values(this.buttons), this.speed, this.menu)
    this.card = html("div", { class: "card" })
    this.stage = html("div", { class: "stage" })
    this.main = html("div", { class: "main" }, this.stage, this.card)
    box.append(this.bar, this.main, this.say, this.probe)
    const press = { home: () => this.setTime(0), back: () => this.setTime(this.t - 1), on: () => this.setTime(this.t + 1), play: () => this.playing ? this.pause() : this.play() }
    for (const [name, act] of Object.entries(press)) this.listen(this.buttons[name], "click", () => { if (name !== "play") this.pause(); act() })
    this.listen(this.speed, "change", () => { common.speed = Number(this.speed.value) })
    this.listen(box, "keydown", event => { if (OURS.has(event.key)) event.stopPropagation() })
    this.listen(box, "focusin", ({ target }) => { target.setAttribute("data-lm-suppress-shortcuts", "true") })
    this.still = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)")
    this.listen(common.bus, "cursor", ({ detail }) => { if (detail.from !== this && this.header?.link && detail.link === this.header.link) this.setTime(detail.t, false) })
    const dusk = globalThis.matchMedia?.("(prefers-color-scheme: dark)")
    if (dusk) this.listen(dusk, "change", () => this.retheme())
    this.listen(box, "animationstart", ({ animationName }) => { if (animationName === "rnn-styled") this.retheme() })
    this.watchTheme = new MutationObserver(() => this.retheme())
    this.watchTheme.observe(document.body, { attributes: true, attributeFilter: ["class", "data-jp-theme-light", "data-vscode-theme-kind"] })
    this.watchSize = new ResizeObserver(() => { if (this.header && this.stage.clientWidth !== this.width) this.ask(ALL) })
    this.watchSize.observe(this.stage)
  }

  get calm() { return this.still?.matches ?? false }

  listen(target, type, act, options) { target.addEventListener(type, act, { signal: this.ending.signal, ...options }) }

  ask(bits) {
    this.pending |= bits
    if (!this.request && !this.ending.signal.aborted) this.request = requestAnimationFrame(now => this.frame(now))
  }

  frame(now) {
    this.request = 0
    if (this.playing) this.advance(now)
    const bits = this.pending
    this.pending = 0
    if (bits) this.paint(bits)
    if (this.playing) this.ask(0)
  }

  advance(now) {
    const due = stepsDue(now - this.shown, paceOf(this.T, { pace: this.pace, calm: this.calm, speed: Number(this.speed.value) }))
    if (!due) return
    this.shown = now
    if (this.t >= this.T - 1) this.pause()
    else this.setTime(this.t + due)
  }

  play() {
    if (this.t >= this.T - 1) this.setTime(0)
    this.playing = true
    this.shown = performance.now()
    this.labelPlay()
    this.ask(0)
  }

  pause() {
    if (!this.playing) return
    this.playing = false
    this.labelPlay()
    this.ask(CURSOR)
  }

  labelPlay() { this.buttons.play.replaceChildren(icon(this.playing ? "pause" : "play"), this.playing ? "Pause" : "Play") }

  setTime(t, tell = true) {
    const next = clamp(Math.round(t), 0, this.T - 1)
    if (next === this.t) return
    this.t = next
    this.timeMoved?.()
    this.ask(CURSOR)
    this.remember()
    if (tell && this.header.link) common.bus.dispatchEvent(new CustomEvent("cursor", { detail: { link: this.header.link, t: next, from: this } }))
  }

  remember() { if (this.header?.key) common.memory.set(this.header.key, this.memory()) }

  /** What is remembered under the key: at least the place that a pick reports. */
  memory() { return this.place() }

  /** Where the cursor stood under this key before, else where the payload says it should start. */
  recall(header) { return common.memory.get(header.key) ?? header.start ?? {} }

  pick(extra) { this.host.emit("pick", { ...this.place(), ...extra }) }

  /** Said once things have come to rest: nothing while playing or dragging, only the last of many. */
  announce(text) {
    this.news = text
    this.telling ??= setTimeout(() => {
      this.telling = undefined
      if (!this.playing && this.say.textContent !== this.news) this.say.textContent = this.news
    }, QUIET)
  }

  saveMenu() {
    const button = (kind, text) => {
      const made = html("button", { type: "button", text })
      this.listen(made, "click", () => { menu.open = false; this.save(kind).catch(() => this.announce("The browser could not make this picture.")) })
      return made
    }
    const menu = html("details", { class: "menu" }, html("summary", { "aria-label": "Take the picture away", title: "Take the picture away" }, icon("save")),
      html("div", { role: "group", "aria-label": "Take the picture away" }, button("png", "Picture (PNG)"), button("svg", "Drawing (SVG)")))
    this.listen(menu, "focusout", ({ relatedTarget }) => { if (!menu.contains(relatedTarget)) menu.open = false })
    this.listen(menu, "keydown", event => {
      if (event.key !== "Escape" || !menu.open) return
      menu.open = false
      menu.firstChild.focus()
      event.stopPropagation()
    })
    return menu
  }

  /** The picture as SVG text. */
  drawing() { return serialised(this.stage.querySelector("svg"), this.theme.paper) }

  /** The picture in pixels, twice as fine as on paper: a canvas. */
  async pixels() {
    const image = new Image(), source = URL.createObjectURL(new Blob([this.drawing()], { type: "image/svg+xml" }))
    image.src = source
    await image.decode()
    URL.revokeObjectURL(source)
    const canvas = html("canvas", { width: 2 * image.width, height: 2 * image.height })
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
    return canvas
  }

  async save(kind) {
    const canvas = kind === "png" ? await this.pixels() : undefined
    const blob = canvas ? await new Promise(done => canvas.toBlob(done, "image/png")) : new Blob([this.drawing()], { type: "image/svg+xml" })
    const name = fileName(["rnn", this.header.view, this.header.key], kind)
    if (blob) download(blob, name)
    this.announce(blob ? `${name} was handed to the browser's downloads.` : "This picture is too large for the browser to save.")
  }

  retheme() {
    if (!this.header) return
    this.theme = readTheme(this.box, this.probe, this.header.palette)
    this.ask(ALL)
  }

  destroy() {
    this.remember()
    this.playing = false
    this.ending.abort()
    this.watchSize.disconnect()
    this.watchTheme.disconnect()
    clearTimeout(this.telling)
    cancelAnimationFrame(this.request)
    this.request = 0
    this.box.replaceChildren()
  }
}

// The parts of a card.

/** An equation in coloured letters. */
function equationLetters(equation) {
  return html("div", { class: "eq" }, ...equation.terms.map(term => term.s ? letter(term) : term.op))
}

/** The same equation with the numbers of one unit in place of the letters; returns the line and a function that fills it. */
function equationNumbers(equation, valueOf) {
  const slots = []
  const kids = equation.terms.map(term => {
    if (!term.s) return term.op.replaceAll("⊙", "·").replaceAll(" · ", "·")
    const slot = html("span", { style: inTone(term.tone) })
    slots.push([slot, term])
    return slot
  })
  const line = html("div", { class: "num" }, ...kids)
  return { line, refresh() { for (const [slot, term] of slots) write(slot, fixed(valueOf(term))) } }
}

function colourKey(key) {
  return html("div", { class: "key" }, key.title, html("div", { class: "ramp", style: `background: var(--scale-${key.scale})` }),
    html("div", { class: "ends" }, ...key.ends.map(text => html("span", { text }))), ...(key.note ? [key.note] : []))
}

function tryLinks(list, go) {
  const lines = list.map(({ say, label, set }) => {
    const button = html("button", { type: "button", class: "link", text: label })
    button.onclick = () => go(set)
    return html("p", {}, say + " ", button)
  })
  return html("div", { class: "try" }, html("b", { text: "Try" }), ...lines)
}

// How each kind of row of the timeline is painted.

const FLOOR = 1e-6

/** How each kind of row is painted under the cursor layer. */
const PAINTERS = {
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
const CURSORS = {
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

// The timeline magnified.

/** Magnifies the time axis. */
const Zooming = Base => class extends Base {
  setSpan(span) {
    if (span[0] === this.span[0] && span[1] === this.span[1]) return
    this.span = span
    this.ask(BASE | CURSOR)
    this.remember()
    this.announce(this.spanText())
  }

  spanText() {
    const first = Math.max(0, Math.ceil(this.span[0])), last = Math.min(this.T, Math.floor(this.span[1])) - 1
    return isWhole(this.span, this.T) ? `all ${this.T} steps are shown` : `steps ${first} to ${last} of ${this.T - 1} are shown`
  }

  /** Closer or wider around the cursor, or around the middle when the cursor is out of sight. */
  zoomBy(factor) {
    const at = isSeen(this.span, this.t) ? this.t + .5 : undefined
    this.setSpan(fitSpan(zoomSpan(this.span, this.T, factor, at).map(Math.round), this.T))
  }

  wheel(event) {
    const [x] = this.local(event), { left, cell } = this.layout ?? {}
    if (!cell || this.T <= FEWEST) return
    if (event.ctrlKey || event.metaKey) this.setSpan(zoomSpan(this.span, this.T, Math.exp(clamp(event.deltaY, -60, 60) * .012), this.span[0] + (x - left) / cell))
    else {
      const by = event.shiftKey ? event.deltaX || event.deltaY : Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : 0
      if (!by || isWhole(this.span, this.T)) return
      this.setSpan(panSpan(this.span, this.T, by / cell))
    }
    event.preventDefault()
  }

  miniTo(event) {
    const box = this.mini.getBoundingClientRect(), at = (event.clientX - box.left - this.layout.left) / this.layout.plot * this.T, half = (this.span[1] - this.span[0]) / 2
    this.setSpan(fitSpan([at - half, at + half], this.T))
  }

  miniKey(event) {
    const width = this.span[1] - this.span[0], by = { ArrowRight: .1, ArrowLeft: -.1, PageUp: .9, PageDown: -.9, Home: -Infinity, End: Infinity }[event.key]
    if (by !== undefined) this.setSpan(panSpan(this.span, this.T, clamp(by * width, -this.T, this.T)))
    else if (!this.zoomKey(event)) return
    event.preventDefault()
  }

  zoomKey({ key }) {
    const factor = { "+": .5, "=": .5, "-": 2, "−": 2 }[key]
    if (factor) this.zoomBy(factor)
    return factor
  }
}

// The selection of a stretch of one unit's steps.

/** Selects a stretch of one unit's steps, with a threshold above which the unit is on. */
const Brushing = Base => class extends Base {
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

// The timeline's picture, on the screen and as a file.

const MINI = 18, MARGIN = 12, LONG = 6

/** Paints the rows, the axis and the cursor. */
const TimelinePainting = Base => class extends Base {
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

// The card beside the timeline.

/** Tells about the selected unit at the cursor. */
const TimelineCard = Base => class extends Base {
  buildCard() {
    const map = this.mapRow, card = map?.card ?? this.header.card ?? {}, wide = this.maps.length > 1
    this.headText = html("span")
    this.head = html("h4", {}, this.headText, ...(wide ? [html("span", { class: "where", text: ` · ${map.symbol} ${map.title}` })] : []))
    this.sentence = html("p", { class: "say" })
    this.note = html("p", { class: "note" })
    this.slots = []
    const valueOf = term => this.value(term.array)
    const shown = [], folded = []
    for (const equation of card.equations ?? []) {
      if (equation.numbers) {
        const { line, refresh } = equationNumbers(equation, valueOf)
        this.slots.push(refresh)
        shown.push(equationLetters(equation), line)
      } else {
        const value = html("span", { class: "num", style: inTone(equation.tone) })
        this.slots.push(() => { write(value, equation.array ? fixed(this.value(equation.array)) : "") })
        ;(equation.main ? shown : folded).push(html("div", { class: "made" }, equationLetters(equation), value))
      }
    }
    this.equations = html("div", { class: "equations" }, ...shown)
    if (folded.length) {
      const details = html("details", { open: this.unfolded ?? !shown.length }, html("summary", { text: shown.length ? "How the other letters are made" : "How the letters are made" }), ...folded)
      details.addEventListener("toggle", () => { this.unfolded = details.open })
      this.equations.append(details)
    }
    this.card.replaceChildren(this.brushBox, this.head, this.sentence, this.equations, this.note)
    if (card.gradient) this.equations.append(this.gradientLine(card.gradient, map.symbol))
    if (map?.key) this.card.append(colourKey(map.key))
    if (card.below) this.card.append(colourKey(card.below))
    if (this.header.try?.length) this.card.append(tryLinks(this.header.try, set => { this.pause(); this.set(set) }))
  }

  /** How much of the error reaches the state, and this unit, at the cursor. */
  gradientLine({ norm, unit, others }, symbol) {
    const say = html("p", { class: "say back" })
    this.slots.push(() => {
      const size = this.value(norm, this.t, 0), own = unit && this.value(unit), also = others.map(one => `, ${one.symbol} with ${scientific(this.value(one.array, this.t, 0) ?? NaN)}`)
      prose(say, [["The error reaches " + symbol + " with "], [scientific(size ?? NaN), true], [also.join("")], [own === undefined ? "" : `; this unit with ${scientific(own)}`], [size < FLOOR ? ": too small to teach anything." : "."]])
    })
    return say
  }

  fillCard() {
    const map = this.mapRow, memory = map?.card?.memory ?? {}
    write(this.headText, map ? `Unit ${this.unit} at t = ${this.t}` : `Step t = ${this.t}`)
    const late = memory.keep && !this.known(memory.keep)
    if (map) {
      const gate = name => name && !late ? this.value(name) : undefined
      prose(this.sentence, sentence({
        keep: gate(memory.keep), write: gate(memory.write), candidate: gate(memory.candidate), noun: memory.noun, bounded: memory.bounded,
        value: this.value(map.array), before: this.t ? this.value(map.array, this.t - 1) : undefined,
      }))
    }
    const dim = this.layout.rows.some(({ row }) => this.dimmed(row)) || (map?.card?.equations ?? []).some(e => e.array && !this.known(e.array))
    this.equations.hidden = dim
    this.note.hidden = !dim
    if (dim) write(this.note, `After update ${this.moments[this.moment].toLocaleString("en")} only the bright rows are kept on the tape; the dimmed ones belong to update ${this.moments[this.full].toLocaleString("en")}.`)
    if (!dim) for (const refresh of this.slots) refresh()
  }
}

// The timeline: rows over time under one cursor.

const KEYS = "Left and right move in time, up and down from unit to unit, plus and minus magnify, space plays, enter reports the place."
const SLIDER = { tabindex: 0, role: "slider", "aria-label": "time cursor", "aria-valuemin": 0, "aria-description": KEYS, "data-lm-suppress-shortcuts": "true" }
const GRIP = 12, MOST_SERIES = 64

class TimelineView extends TimelineCard(TimelinePainting(Brushing(Zooming(View)))) {
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

// One opened step of the graph.

const NODE = { w: 58, h: 38 }, BADGE = { w: 58, h: 34, gap: 14 }, CELLS = 24

/** A line with its head at the end (no markers: they cannot take the line's colour everywhere), drawn anew in place. */
class Arrow {
  constructor() {
    this.path = svg("path", { fill: "none" })
    this.head = svg("path")
    this.g = svg("g", { class: "edge" }, this.path, this.head)
  }

  set(points, colour, width = 1.25, back = false, dash = "none") {
    const [x, y] = points.at(-1), side = points.at(-2)[0] <= x ? 1 : -1, size = Math.max(4, width * 1.6)
    put(this.g, "class", back ? "edge back" : "edge")
    put(this.path, "d", smooth(points))
    put(this.path, "stroke", colour)
    put(this.path, "stroke-width", Math.max(.75, width))
    put(this.path, "stroke-dasharray", dash)
    put(this.head, "d", `M${x},${y}l${-side * size},${-size * .6}v${size * 1.2}z`)
    put(this.head, "fill", colour)
    return this
  }
}

/** One opened step; `show` puts the numbers of another step into the same drawing. */
class OpenFold {
  constructor(view) {
    const { geometry: G, header } = this.view = view, { w, h } = NODE
    this.ground = svg("rect", { class: "ground", x: 0, y: G.top - 6, width: G.open, height: G.bottom - G.top + 6, rx: 8 })
    this.name = svg("text", { class: "step", x: G.open / 2, y: G.bottom + 18, "text-anchor": "middle" })
    this.cost = svg("text", { class: "cost", x: G.open / 2, y: G.top - 14, "text-anchor": "middle" })
    this.lanes = view.loops.map(loop => ({ loop, in: svg("path", { fill: "none" }), out: svg("path", { fill: "none" }) }))
    this.edges = header.edges.map(([a, b, bends]) => ({ a: view.byId[a], b: view.byId[b], bends, arrow: new Arrow() }))
    this.numbers = svg("g", { class: "numbers", "aria-hidden": "true" })
    this.nodes = view.nodes.map(node => {
      const [x, y] = G.point(node.x, node.y), parts = { node }
      parts.sub = svg("tspan", { class: "sub", dy: 4 })
      parts.symbol = svg("text", { class: "symbol", y: 1, "text-anchor": "middle", style: `fill: var(--tone-${node.tone})` }, node.symbol, parts.sub)
      parts.cells = sample(view.read[`value:${node.id}`]?.N ?? 0, CELLS)
      const wide = (w - 14) / Math.max(1, parts.cells.length)
      parts.strip = parts.cells.map((_, i) => svg("rect", { x: 7 - w / 2 + i * wide, y: h / 2 - 11, width: wide + .3, height: 6 }))
      parts.size = svg("text", { class: "size", y: 14, "text-anchor": "middle" })
      parts.mark = svg("path", { class: "changed", d: `M${w / 2 - 11},${-h / 2}h11v11z` })
      parts.g = svg("g", { class: "node", transform: `translate(${x},${y})`, role: "button", "data-node": node.id, "data-lm-suppress-shortcuts": "true" },
        svg("rect", { x: -w / 2, y: -h / 2, width: w, height: h, rx: node.kind === "state" || node.kind === "input" ? h / 2 : 6, style: `stroke: var(--fill-${node.tone})` }), parts.symbol,
        ...(view.mode === "gradients" ? [parts.size] : parts.strip), parts.mark)
      const weights = header.shared.filter(weight => weight.readers.includes(node.id)).map(weight => weight.symbol)
      if (weights.length) parts.g.append(svg("text", { class: "uses", x: w / 2, y: h / 2 + 9, "text-anchor": "end", text: [...new Set(weights)].join(" ") }))
      return parts
    })
    this.g = svg("g", { class: "fold" }, this.ground, this.name, this.cost, ...this.lanes.flatMap(lane => [lane.in, lane.out]),
      ...this.edges.map(edge => edge.arrow.g), ...this.nodes.map(parts => parts.g), this.numbers)
  }

  show(t) {
    const { view } = this, current = t === view.t, flat = view.u > .5 || view.goal
    this.t = t
    put(this.ground, "class", current ? "ground now" : "ground")
    write(this.name, view.stepName(t))
    write(this.cost, view.costName(t))
    for (const lane of this.lanes) this.lane(lane)
    for (const edge of this.edges) this.edge(edge)
    for (const { node, g, sub, cells, strip, size, mark } of this.nodes) {
      const chosen = current && node.id === view.node, back = view.backward(node.id, t)
      put(g, "class", chosen ? "node chosen" : "node")
      put(g, "tabindex", chosen ? 0 : -1)
      put(g, "data-t", t)
      put(g, "aria-pressed", chosen)
      put(g, "aria-label", describeNode(node, view.nameOf(t), view.T, view.values(node.id, t), back))
      write(sub, flat ? stepSub(node.sub, view.nameOf(t), view.way) : node.sub)
      if (view.mode === "gradients") write(size, back === undefined ? "" : scientific(back))
      else cells.forEach((n, i) => put(strip[i], "fill", view.colour(node, t, n)))
      put(mark, "display", view.changed(node.id, t) ? "inline" : "none")
    }
    this.label()
  }

  edge({ a, b, bends, arrow }) {
    const { view, t } = this, { point } = view.geometry, back = view.backward(b.id, t)
    const [ax, ay] = point(a.x, a.y), [bx, by] = point(b.x, b.y), middle = bends.map(([x, y]) => point(x, y))
    const chosen = view.t === t && (a.id === view.node || b.id === view.node)
    if (back === undefined) arrow.set([[ax + NODE.w / 2, ay], ...middle, [bx - NODE.w / 2 - 1, by]], chosen ? "var(--v-ink)" : "var(--v-edge)", chosen ? 1.75 : 1.25)
    else arrow.set([[bx - NODE.w / 2, by], ...middle.toReversed(), [ax + NODE.w / 2 + 1, ay]], view.warm(back), gradientWidth(back), true, gradientWidth(back) ? "none" : "2 4")
  }

  /** A carried state: in from the left edge, out of its node to the right edge. */
  lane({ loop: { y, leave, enter, lane }, in: into, out }) {
    const { view, t } = this, { point, open } = view.geometry, inside = view.byId[enter], from = view.byId[leave]
    const draw = (path, d, step) => {
      const back = step < 0 ? undefined : view.backward(leave, step)
      put(path, "d", d)
      put(path, "stroke", back === undefined ? `var(--fill-${from?.tone ?? "hidden"})` : view.warm(back))
      put(path, "stroke-width", back === undefined ? 1.75 : Math.max(.75, gradientWidth(back)))
    }
    if (inside) draw(into, `M0,${y}H${point(inside.x, 0)[0] - NODE.w / 2}`, t - 1)
    if (!from) return
    const [x, height] = point(from.x, from.y)
    draw(out, smooth([[x + NODE.w / 2, height], ...lane.map(([a, b]) => point(a, b)), [open, y]]), t)
  }

  /** Numbers on the edges of the node that is pointed at, else of the chosen one: sizes that pass along, or gradients back. */
  label() {
    const { view, t } = this, { point } = view.geometry, near = view.over?.t === t ? view.over.id : t === view.t ? view.node : undefined
    const told = `${near} ${t} ${view.mode} ${view.header.key}`
    if (told === this.told && view.header === this.toldOf) return
    Object.assign(this, { told, toldOf: view.header })
    this.numbers.replaceChildren(...this.edges.filter(({ a, b }) => a.id === near || b.id === near).map(({ a, b, bends }) => {
      const ends = [point(a.x, a.y), ...bends.map(([x, y]) => point(x, y)), point(b.x, b.y)], k = a.id === near ? ends.length - 2 : 0
      const values = view.values(a.id, t), back = view.backward(b.id, t)
      const text = back !== undefined ? scientific(back) : values.length === 1 ? fixed(values[0]) : `‖${fixed(norm(values))}‖`
      const share = a.id === near ? .6 : .5, tight = Math.abs(ends[k + 1][0] - ends[k][0]) < NODE.w + 40
      return svg("text", { class: back === undefined ? "number" : "number back", x: mix(ends[k][0], ends[k + 1][0], share), y: mix(ends[k][1], ends[k + 1][1], share) + (tight ? -NODE.h / 2 - 4 : 3.5), "text-anchor": "middle", text })
    }))
  }
}

// The graph in slow motion.

/** Walks through one update beat by beat. */
const SlowMotion = Base => class extends Base {
  beats() { return slowBeats(this.T, { scored: this.scored, gradients: this.header.gradients, update: !!this.header.update }) }

  startSlow() {
    this.pause()
    this.goal = this.u = 1
    this.begin = undefined
    this.slow = { beats: this.beats(), i: 0, mode: this.mode }
    put(this.slower, "aria-pressed", true)
    this.slowBox.hidden = false
    for (const button of this.phases) button.hidden = !this.slow.beats.some(beat => beat.phase === button.dataset.phase)
    this.beatTo(0)
    this.labelPlay()
  }

  endSlow() {
    this.pause()
    const { mode } = this.slow
    this.slow = undefined
    put(this.slower, "aria-pressed", false)
    this.slowBox.hidden = true
    this.labelPlay()
    this.show(mode)
  }

  get beat() { return this.slow?.beats[this.slow.i] }

  beatTo(i) {
    const { slow } = this
    slow.i = clamp(i, 0, slow.beats.length - 1)
    slow.moving = true
    this.mode = ["backward", "update"].includes(this.beat.phase) ? "gradients" : "values"
    this.setTime(this.beat.t)
    slow.moving = false
    prose(this.story, slowSay(this.beat, this.facts(this.beat)))
    for (const button of this.phases) put(button, "aria-pressed", button.dataset.phase === this.beat.phase)
    this.nextPhase.disabled = this.beat.phase === slow.beats.at(-1).phase
    this.ask(BASE)
  }

  /** On to the first beat of the next phase. */
  jump() {
    const { slow } = this, next = slow.beats.findIndex((beat, i) => i > slow.i && beat.phase !== this.beat.phase)
    this.pause()
    if (next >= 0) this.beatTo(next)
  }

  /** The numbers of a beat's sentence. */
  facts({ phase, t }) {
    const { header } = this, [leave, enter] = header.carry[0] ?? [], out = this.nodes.filter(node => node.kind === "output" || node.tone === "prediction").at(-1)
    const few = (values, digits = 2) => values.slice(0, 3).map(v => fixed(v, digits)).join(", ") + (values.length > 3 ? " …" : "")
    const input = this.nodes.find(node => node.kind === "input"), update = header.update?.weights ? header.update : undefined
    const most = update && Object.entries(update.weights).reduce((a, b) => (b[1].moved ?? 0) > (a[1].moved ?? 0) ? b : a, ["", { moved: -1 }])
    const asked = header.shared.filter(weight => this.read[`asked:${weight.id}`]).reduce((a, b) => a && this.at(`asked:${a.id}`, t) >= this.at(`asked:${b.id}`, t) ? a : b, undefined)
    const label = visible(header.labels?.[this.nameOf(t)])
    return {
      t: this.nameOf(t), reads: input ? (label && Number.isNaN(Number(label.replace("−", "-"))) ? label : few(this.values(input.id, t))) : "", state: this.byId[leave]?.symbol ?? "its state",
      before: norm(this.values(enter, t)), after: norm(this.values(leave, t)), says: out ? few(this.values(out.id, t)) : "", loss: this.cost(t), count: this.scored.length,
      total: this.scored.reduce((sum, step) => sum + this.cost(step), 0), gradient: this.gradient(leave, t) ?? NaN, weight: asked ? asked.symbol : "", asked: asked ? this.at(`asked:${asked.id}`, t) : NaN,
      ...(phase === "update" && update ? { ...update, most: this.byId[most[0]]?.symbol ?? most[0], moved: most[1].moved ?? Infinity } : {}),
    }
  }

  play() {
    if (!this.slow) return super.play()
    if (this.slow.i >= this.slow.beats.length - 1) this.beatTo(0)
    this.playing = true
    this.shown = performance.now()
    this.labelPlay()
    this.ask(0)
  }

  advance(now) {
    if (!this.slow) return super.advance(now)
    const long = this.beat.phase === "update" || this.beat.all ? 3000 : clamp(9000 / this.T, 120, 900)
    if (now - this.shown < long / Number(this.speed.value)) return
    this.shown = now
    if (this.slow.i >= this.slow.beats.length - 1) this.pause()
    else this.beatTo(this.slow.i + 1)
  }

  labelPlay() {
    super.labelPlay()
    const words = this.playing ? "Pause" : "Play"
    this.slowPlay?.replaceChildren(icon(this.playing ? "pause" : "play"), words)
    if (this.slowPlay) put(this.slowPlay, "aria-label", `${words} slow motion`)
    if (this.story) put(this.story, "aria-live", this.playing ? "off" : "polite")
    this.buttons.play.hidden = !!this.slow
  }
}

// The graph's picture, rolled and unrolled.

/** Draws the folds, the shelf of weights and the lines between. */
const GraphPainting = Base => class extends Base {
  paint(bits) {
    if (!this.stage.isConnected || !this.theme || !this.stage.clientWidth) return
    const active = this.box.getRootNode().activeElement, focused = this.focus || this.svg.contains(active)
    if (bits & (BASE | BITMAP)) { this.measure(); this.arrange(bits & BITMAP) }
    const now = this.morph()
    this.fillCard()
    this.follow(now)
    const target = focused ? this.svg.querySelector('[tabindex="0"]') : undefined
    if (target && target !== active) target.focus({ preventScroll: true })
    this.focus = false
    this.shape.set(this.goal ? "unrolled" : "rolled")
    this.what.set(this.mode)
  }

  measure() {
    const { header } = this, [layers, height] = header.size
    this.width = this.stage.clientWidth
    const small = this.width < 560, dy = 50
    const dx = clamp((this.width - 330) / Math.max(1, layers - 1), small ? 74 : 80, 100)
    const top = 34 + 13 * header.carry.length, open = (layers - 1) * dx + NODE.w + 44
    const point = (x, y) => [NODE.w / 2 + 14 + x * dx, top + 28 + y * dy]
    const around = this.width > 3 * open + 200 ? 1 : 0
    const list = foldList(this.T, this.t), sizes = { open, box: 52, gap: 62, space: 26, around }
    const { items, width } = foldPositions(list, this.t, sizes)
    const bottom = top + 56 + height * dy, shelf = this.shelfPlaces(bottom + 38, small)
    this.geometry = { top, open, point, items, margin: 40, total: width + 80, bottom, shelf, height: shelf.bottom, small }
  }

  /** The weights stand in rows below the folds and stay in sight while these are scrolled. */
  shelfPlaces(y, small) {
    const left = small ? 2 : 112, each = BADGE.w + BADGE.gap, row = Math.max(1, Math.floor((this.width - left) / each)), top = small ? y + 20 : y
    const below = this.header.shared.some(node => this.read[`asked:${node.id}`]) ? 32 : 0, tall = BADGE.h + 10 + below
    const places = this.header.shared.map((_, i) => [left + (i % row) * each + BADGE.w / 2 + 2, top + Math.floor(i / row) * tall + BADGE.h / 2 + 2])
    return { label: [2, small ? y + 8 : y + 16], places, bottom: (places.at(-1)?.[1] ?? y) + BADGE.h / 2 + 6 + below }
  }

  /** What stays while the cursor moves is made once; then each fold's drawing is found again, or made. */
  arrange(fresh) {
    const { geometry: G, header } = this, stamp = [header.key, this.mode, this.theme.mode, G.bottom, G.open, G.small, this.width].join()
    if (fresh || stamp !== this.furnished || header !== this.furnishedOf) this.furnish()
    Object.assign(this, { furnished: stamp, furnishedOf: header })
    const spare = new Set(this.open)
    for (const { t, opened } of G.items) if (opened) spare.delete(this.open.find(fold => fold.t === t))
    this.folds = G.items.map(item => {
      if (item.gap) return { item, g: this.gap(item) }
      if (!item.opened) return { item, g: this.boxed(item) }
      let fold = this.open.find(one => one.t === item.t && !spare.has(one)) ?? [...spare][0]
      if (!fold) this.open.push(fold = new OpenFold(this))
      spare.delete(fold)
      fold.show(item.t)
      return { item, g: fold.g }
    })
    const wanted = new Set(this.folds.map(fold => fold.g))
    for (const g of [...this.stack.children]) if (!wanted.has(g)) g.remove()
    for (const { g } of this.folds) if (g.parentNode !== this.stack) this.stack.append(g)
    if (this.u < 1 || !this.goal) this.stack.append(this.folds.find(({ item }) => item.t === this.t).g)
    this.light()
    this.lanes()
    header.shared.forEach((node, i) => this.badges[i].show())
    this.paintFans()
  }

  furnish() {
    const { geometry: G, header } = this
    Object.assign(this, { boxes: new Map(), open: [], rails: [] })
    this.spine = svg("g", { class: "spine" })
    this.railBox = svg("g", { transform: `translate(${G.margin},0)` })
    this.stack = svg("g")
    this.fans = svg("g", { class: "fans" })
    this.shelf = svg("g", { class: "shelf", transform: `translate(${this.scrolled},0)` })
    this.loops = header.carry.map(([leave, enter, port, lane], i) => {
      const tone = this.byId[leave]?.tone ?? "hidden", path = svg("path", { class: "carry", style: `stroke: var(--fill-${tone})` })
      return { path, y: G.point(0, port)[1], lift: G.top - 18 - 13 * i, leave, enter, lane }
    })
    this.spine.append(...this.loops.map(loop => loop.path), this.railBox)
    const [x, y] = G.shelf.label, words = ["shared weights,", `used ${this.T} times`]
    if (header.shared.length) this.shelf.append(...(G.small ? [words.join(" ")] : words).map((text, i) => svg("text", { class: "step", x, y: y + 16 * i, text })))
    this.badges = header.shared.map((node, i) => this.badge(node, G.shelf.places[i]))
    this.shelf.append(...this.badges.map(badge => badge.g))
    this.later = svg("text", { class: "step", y: G.top - 24 - 13 * header.carry.length, "text-anchor": "middle", text: header.carry.length ? `back in, one step ${header.reverse ? "earlier" : "later"}` : "" })
    this.svg.replaceChildren(this.spine, this.later, this.stack, this.fans, this.shelf)
    this.svg.setAttribute("height", G.height)
    this.svg.style.height = G.height + "px"
  }

  /** In slow motion, what has not happened yet is pale. */
  light() {
    const { beat } = this
    for (const { item, g } of this.folds) {
      const lit = !beat || (item.gap ? litIn(beat, item.gap[0]) || litIn(beat, item.gap[1]) : litIn(beat, item.t))
      g.classList.toggle("dim", !lit)
    }
  }

  /** The state spine: each carried state as one level line from fold to fold. */
  lanes() {
    const { items } = this.geometry, { beat } = this
    let k = 0
    for (const { y, leave } of this.loops) {
      items.forEach((item, i) => {
        const next = items[i + 1]
        if (!next) return
        const arrow = this.rails[k] ??= new Arrow(), [x1, x2] = [item.x + item.width, next.x], tone = this.byId[leave]?.tone ?? "hidden"
        if (!arrow.g.parentNode) this.railBox.append(arrow.g)
        const back = next.t === undefined ? undefined : this.backward(leave, Math.max(0, next.t - 1))
        if (back === undefined) arrow.set([[x1, y], [x2 - 1, y]], `var(--fill-${tone})`, 1.75)
        else arrow.set([[x2 - 1, y], [x1 + 1, y]], this.warm(back), gradientWidth(back), true)
        const now = beat && (beat.phase === "forward" ? next.t === this.t : beat.phase === "backward" ? item.t === this.t : false)
        arrow.g.classList.toggle("flow", !!now && !this.calm)
        k++
      })
    }
    for (const arrow of this.rails.splice(k)) arrow.g.remove()
  }

  warm(size) { return cssColour(shade(Math.max(.22, gradientLevel(size)), [0, 1], this.theme.scale.grad)) }

  symbol(node, sub, y) {
    return svg("text", { class: "symbol", y: y + 4, "text-anchor": "middle", style: `fill: var(--tone-${node.tone})` }, node.symbol,
      ...(sub ? [svg("tspan", { class: "sub", dy: 4, text: sub })] : []))
  }

  /** Top and bottom of a closed fold: all lanes pass through it. */
  closedSpan() {
    const ys = this.loops.map(loop => loop.y), low = Math.min(...ys, this.geometry.bottom - 60) - 26
    return [low, Math.max(...ys, low + 60) + 26]
  }

  /** A closed fold: the carried state after this step as a small column of colours. */
  boxed(item) {
    const { geometry: G, header } = this, { t } = item, [low, high] = this.closedSpan()
    const kept = this.boxes.get(t)
    if (kept) return kept
    const g = svg("g", { class: "closed", role: "button", "data-t": t, tabindex: -1, "aria-label": `open step ${this.nameOf(t)}` })
    g.append(svg("rect", { class: "ground", x: 0, y: low, width: item.width, height: high - low, rx: 8 }))
    const states = header.carry.map(([leave]) => this.byId[leave]).filter(Boolean).slice(0, 3)
    const wide = 10, start = item.width / 2 - states.length * (wide + 3) / 2 + 1.5
    states.forEach((node, k) => {
      const cells = sample(this.read[`value:${node.id}`]?.N ?? 0, CELLS), size = Math.min(high - low - 16, 84), h = size / Math.max(1, cells.length)
      const grad = this.backward(node.id, t), x = start + k * (wide + 3), top = (low + high) / 2 - size / 2
      if (grad !== undefined) g.append(svg("rect", { x, y: top, width: wide, height: size, fill: this.warm(grad) }))
      else cells.forEach((n, i) => g.append(svg("rect", { x, y: top + i * h, width: wide, height: h + .3, fill: this.colour(node, t, n) })))
    })
    if (states.some(node => this.changed(node.id, t))) g.append(svg("path", { class: "changed", d: `M${item.width - 11},${low}h3a8,8 0 0 1 8,8v3z` }))
    g.append(svg("text", { class: "step", x: item.width / 2, y: G.bottom + 18, "text-anchor": "middle", text: this.stepName(t, true) }))
    if (this.costName(t)) g.append(svg("text", { class: "cost", x: item.width / 2, y: low - 8, "text-anchor": "middle", text: this.cost(t) < .001 ? scientific(this.cost(t)) : fixed(this.cost(t), 3) }))
    const first = states[0] && (this.mode === "gradients" ? scientific(this.gradient(states[0].id, t) ?? NaN) : "")
    if (first) g.append(svg("text", { class: "size", x: item.width / 2, y: high + 14, "text-anchor": "middle", text: first }))
    this.boxes.set(t, g)
    return g
  }

  gap(item) {
    const { geometry: G } = this, [from, to] = item.gap, middle = Math.round((from + to) / 2), y = this.loops[0]?.y ?? G.bottom / 2, name = `gap ${from < this.t ? "before" : "after"}`
    let g = this.boxes.get(name)
    if (!g) {
      g = svg("g", { class: "gap", role: "button", tabindex: -1 }, svg("rect", { class: "cover", x: 0, y: G.top, width: item.width, height: G.bottom - G.top + 24 }),
        svg("text", { class: "dots", x: item.width / 2, y: y + 6, "text-anchor": "middle", text: "···" }), svg("text", { class: "step", x: item.width / 2, y: y + 26, "text-anchor": "middle" }))
      this.boxes.set(name, g)
    }
    put(g, "data-t", middle)
    put(g, "aria-label", `steps ${this.nameOf(from)} to ${this.nameOf(to)} are folded away; open step ${this.nameOf(middle)}`)
    write(g.lastChild, `${to - from + 1} steps`)
    return g
  }

  stepName(t, brief = false) {
    const name = this.nameOf(t), label = visible(this.header.labels?.[name])
    return (brief && this.T > 9 ? "t=" + name : `t = ${name}`) + (label ? ` ${label}` : "")
  }

  /** A shared weight: its symbol, and while gradients are shown the size of their sum and what the next update makes of it. */
  badge(node, [x, y]) {
    const { w, h } = BADGE, sum = svg("text", { class: "size", y: h / 2 + 14, "text-anchor": "middle" }), moved = svg("text", { class: "moved", y: h / 2 + 28, "text-anchor": "middle" })
    const g = svg("g", { class: "node badge", transform: `translate(${x},${y})`, role: "button", "data-node": node.id, "data-lm-suppress-shortcuts": "true", "aria-label": describeNode(node, this.t, this.T, []) },
      svg("rect", { x: -w / 2, y: -h / 2, width: w, height: h, rx: 6 }), svg("rect", { x: -w / 2 + 3, y: -h / 2 + 3, width: w - 6, height: h - 6, rx: 4 }), this.symbol(node, node.sub, 1), sum, moved)
    const show = () => {
      const chosen = node.id === this.node, plan = this.header.update?.weights?.[node.id]
      put(g, "class", chosen ? "node badge chosen" : "node badge")
      put(g, "tabindex", chosen ? 0 : -1)
      put(g, "aria-pressed", chosen)
      write(sum, this.mode === "gradients" && Number.isFinite(node.sum) ? `Σ ${scientific(node.sum)}` : "")
      write(moved, this.beat?.phase === "update" && plan ? `Δ ${percent(plan.moved ?? Infinity)}` : "")
    }
    return { g, show }
  }

  /** Thin lines from a weight to every place that reads it, while it is hovered or chosen. */
  paintFans() {
    if (!this.fans) return
    const chosen = this.byId[this.fan] ?? (this.byId[this.node]?.kind === "parameter" ? this.byId[this.node] : undefined)
    if (!chosen && !this.fans.firstChild) return
    this.fans.replaceChildren()
    if (!chosen || !this.where) return
    const { geometry: G } = this, [bx, by] = G.shelf.places[this.header.shared.indexOf(chosen)], x0 = this.scrolled + bx, y0 = by - BADGE.h / 2
    for (const { item, x, shown } of this.where) {
      if (!shown) continue
      const kind = item.gap ? "fan faint" : "fan"
      const ends = item.opened ? chosen.readers.map(id => this.byId[id]).filter(Boolean).map(node => G.point(node.x, node.y)) : [[item.gap ? item.width / 2 : 10, this.closedSpan()[1]]]
      for (const [nx, ny] of ends) this.fans.append(svg("path", { class: kind, fill: "none", d: item.opened ? fanPath(x0, y0, x + nx - NODE.w / 2, ny) : smooth([[x0, y0], [x + nx, y0 - 10]]) + `V${ny - 2}` }))
    }
  }

  // rolled and unrolled

  morph() {
    if (this.begin) {
      const share = this.calm ? 1 : clamp((performance.now() - this.begin.at) / 650, 0, 1)
      this.u = mix(this.begin.from, this.goal, ease(share))
      if (share < 1) this.ask(CURSOR)
      else { this.begin = undefined; this.ask(BASE) }
    }
    const { geometry: G, u } = this, now = G.items.find(item => item.t === this.t), centre = Math.max(G.margin, (this.width - G.open) / 2)
    this.where = this.folds.map(({ item, g }) => {
      const x = mix(centre, G.margin + item.x, u), shown = item === now || u > .02
      put(g, "transform", `translate(${x},0)`)
      put(g, "opacity", item === now ? 1 : clamp(u * 1.6 - .4, 0, 1))
      if ((g.style.display === "none") === shown) g.style.display = shown ? "" : "none"
      return { item, x, shown }
    })
    put(this.railBox, "opacity", clamp(u * 3 - 2, 0, 1))
    const at = mix(centre, G.margin + now.x, u), next = G.items[G.items.indexOf(now) + 1]
    for (const { path, y, lift } of this.loops) {
      put(path, "display", u < 1 ? "inline" : "none")
      if (u === 1) continue
      const left = mix(at, next ? G.margin + next.x : at + now.width, u)
      put(path, "d", carryPath(at + now.width, left, y, lift, u))
      put(path, "opacity", clamp(3 - 3 * u, 0, 1))
    }
    put(this.later, "display", u < 1 ? "inline" : "none")
    if (u < 1) {
      put(this.later, "x", at + now.width / 2)
      put(this.later, "opacity", clamp(1 - 3 * u, 0, 1))
    }
    const total = Math.max(this.width, mix(Math.max(this.width, G.open + 2 * G.margin), Math.max(G.total, this.width), u))
    if (total !== this.total) {
      this.total = total
      this.svg.setAttribute("width", total)
      this.svg.style.width = total + "px"
    }
    return { x: at, width: now.width, total }
  }

  /** Keep the opened fold in sight; last of all, because scrolling waits for the layout. */
  follow({ x, width, total }) {
    const key = `${this.t} ${this.goal} ${this.width} ${this.u}`
    if (key === this.followed) return
    this.followed = key
    const view = this.width, node = this.byId[this.node]
    const focus = width <= view ? x + width / 2 : x + (node?.x !== undefined ? this.geometry.point(node.x, node.y)[0] : width / 2)
    const scrolled = Math.round(clamp(focus - view / 2, 0, Math.max(0, total - view)))
    if (scrolled === this.scrolled) return
    this.scrolled = scrolled
    this.scroller.scrollLeft = scrolled
    this.placeShelf()
  }

  placeShelf() {
    if (!this.shelf) return
    put(this.shelf, "transform", `translate(${this.scrolled},0)`)
    this.paintFans()
  }
}

// The card beside the graph, and the numbers edited in it.

const BARS = 64

/** Tells about the chosen node or weight, and takes edits. */
const GraphCard = Base => class extends Base {
  /** What was edited, with the way back. */
  fillEdits() {
    const { edits } = this.header
    this.editBox.hidden = !edits.length
    if (!edits.length) return
    const undo = (text, what) => {
      const button = html("button", { type: "button", class: "link", text })
      button.onclick = () => this.pick({ undo: what })
      return button
    }
    this.editBox.replaceChildren(html("span", { class: "mark", "aria-hidden": "true" }), html("span", {}, html("b", { text: "Edited: " }), edits.map(edit => edit.say).join("; "), ". Changed numbers bear a corner."),
      undo("Undo the last", "last"), ...(edits.length > 1 ? [undo("Undo all edits", "all")] : []))
  }

  /** A number field that asks Python to change one number; what is no number is refused here, and the text stays. */
  editField(label, value, edit) {
    const field = html("input", { type: "text", inputmode: "decimal", value, size: 9, "aria-label": label, spellcheck: "false", autocomplete: "off" })
    const why = html("p", { class: "why", role: "alert", hidden: this.complaint?.label !== label, text: this.complaint?.text ?? "" })
    field.addEventListener("input", () => { field.dataset.typed = field.value })
    field.addEventListener("keydown", event => {
      if (event.key !== "Enter") return
      const read = asNumber(field.value)
      this.complaint = read.why ? { label, text: read.why } : undefined
      why.hidden = !read.why
      why.textContent = read.why ?? ""
      if (read.why) { field.select(); return }
      delete field.dataset.typed
      this.pick({ edit: { ...edit(), value: read.value } })
    })
    return { field, box: html("label", { class: "edit" }, html("span", { text: label }), field, html("span", { class: "hint", text: "Enter sets it" })), why }
  }

  /** The card of a node is made once; while the cursor moves only its numbers change. */
  fillCard() {
    const node = this.byId[this.node]
    if (!node) return
    const stamp = [node.id, this.mode, this.theme.mode].join(), moment = [this.t, this.unit, this.cell].join()
    if (stamp !== this.stamp || this.carded !== this.header) {
      Object.assign(this, { stamp, carded: this.header, fresh: [] })
      const head = html("h4", {}, html("span", { class: "eq inline" }, letter({ s: node.symbol, sub: node.sub, tone: node.tone })), " ", node.title)
      const active = this.box.getRootNode().activeElement, field = this.card.contains(active) ? active.getAttribute("aria-label") : undefined, draft = active?.dataset.typed
      this.refocus = field && (() => {
        const again = [...this.card.querySelectorAll("input")].find(one => one.getAttribute("aria-label") === field)
        again?.focus()
        if (again && draft !== undefined) again.value = again.dataset.typed = draft
      })
      this.card.replaceChildren(head, ...(node.kind === "parameter" ? this.weightCard(node) : this.valueCard(node)))
    } else if (moment === this.momentOf) return
    this.momentOf = moment
    for (const refresh of this.fresh) refresh()
    this.refocus?.()
    this.refocus = undefined
    this.announce(describeNode(node, this.nameOf(this.t), this.T, this.values(node.id), this.gradient(node.id)))
  }

  weightCard(node) {
    const say = html("p", { class: "say" }), T = this.T
    prose(say, [["The same "], [node.shape, true], [" numbers at every step: used "], [`${T} times`, true], [". Its gradient is the sum of what all those uses ask for."]])
    const readers = node.readers.map(id => this.byId[id]).filter(Boolean)
    const line = html("p", { class: "say" }, "Read by ", ...readers.flatMap((r, i) => [i ? ", " : "", html("span", { class: "eq inline" }, letter({ s: r.symbol, sub: r.sub, tone: r.tone }))]), `. Values from ${fixed(node.span[0])} to ${fixed(node.span[1])}.`)
    return [say, ...this.askedPart(node), line, ...this.planPart(node), ...this.matrixPart(node)]
  }

  /** What every step asks of a weight, one bar a step, and their sum beside the gradient of the weight. */
  askedPart(node) {
    const read = this.read[`asked:${node.id}`]
    if (!read) return []
    const sizes = Array.from({ length: this.T }, (_, t) => read.at(0, t)), all = sizes.reduce((a, b) => a + b, 0)
    const { picture, paint } = this.barCanvas(sizes.length, t => sizes[t], () => this.t, "gradient", t => { this.pause(); this.setTime(t) }, [0, Math.max(1e-30, ...sizes.filter(Number.isFinite))])
    const here = html("div", { class: "where small" }), sum = html("p", { class: "say back" })
    picture.setAttribute("aria-label", `gradient of ${node.symbol} at each of ${this.T} steps`)
    this.fresh.push(() => { paint(); write(here, `at step ${this.nameOf(this.t)}: ‖∂L/∂${node.symbol}‖ = ${scientific(sizes[this.t])}`) })
    const cancel = Number.isFinite(node.sum) && node.sum < .5 * all ? ` The sizes alone would make ${all.toPrecision(3)}: the steps partly cancel.` : ""
    if (Number.isFinite(node.sum)) prose(sum, [["Their sum has size "], [node.sum.toPrecision(4), true], [", the gradient of the weight "], [node.total.toPrecision(4), true], [": "], ["their sum is the gradient of the weight.", true], [cancel]])
    return [picture, here, sum]
  }

  /** What the next update will do to a weight. */
  planPart(node) {
    const { update } = this.header, plan = update?.weights?.[node.id]
    if (!update) return []
    const say = html("p", { class: "say" })
    prose(say, plan ? [[`Update ${update.number.toLocaleString("en")} would move it by `], [percent(plan.moved ?? Infinity), true], [` of its size (${update.rule}, on its own batch of ${update.rows}).`]] : [[update.why ?? "The next update does not touch it."]])
    return [say]
  }

  /** The numbers of a weight as a picture of squares; one of them can be chosen, and set. */
  matrixPart(node) {
    const read = this.read[`weight:${node.id}`]
    if (!read) return []
    const rows = node.flat ? 1 : read.T, columns = node.flat ? read.T : read.N, at = (r, c) => node.flat ? read.at(0, c, 0) : read.at(0, r, c)
    const size = Math.max(Math.abs(node.span[0]), Math.abs(node.span[1]), 1e-9), w = 246, h = clamp(rows / columns * w, rows > 1 ? 40 : 16, 160)
    const canvas = html("canvas", { class: "matrix", width: columns, height: rows, role: "img", "aria-label": `the ${node.shape} numbers of ${node.symbol}`, style: `height: ${h}px` }), ring = html("span", { class: "ring" })
    const picture = new ImageData(columns, rows), words = new Uint32Array(picture.data.buffer)
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) words[r * columns + c] = shade(at(r, c), [-size, size], this.theme.scale.div)
    canvas.getContext("2d").putImageData(picture, 0, 0)
    canvas.onclick = event => {
      const box = canvas.getBoundingClientRect()
      this.cell = [clamp(Math.floor((event.clientY - box.top) / box.height * rows), 0, rows - 1), clamp(Math.floor((event.clientX - box.left) / box.width * columns), 0, columns - 1)]
      this.ask(CURSOR)
    }
    const where = (name, k, most) => {
      const field = html("input", { type: "number", min: 0, max: most - 1, step: 1, "aria-label": `${name} of ${node.symbol}` })
      field.onchange = () => { this.cell = this.cell.with(k, clamp(Math.round(Number(field.value) || 0), 0, most - 1)); this.ask(CURSOR) }
      return field
    }
    const row = where("row", 0, rows), column = where(node.flat ? "place" : "column", 1, columns), value = html("b"), was = html("span", { class: "was" })
    const edit = this.header.editable.includes(node.id) ? this.editField(`set ${node.symbol} to`, "", () => ({ node: node.id, unit: this.cell[0] * columns + this.cell[1], t: null })) : undefined
    this.fresh.push(() => {
      const [r, c] = this.cell = [clamp(this.cell[0], 0, rows - 1), clamp(this.cell[1], 0, columns - 1)], old = this.header.edits.find(one => one.node === node.id && one.unit === r * columns + c)
      Object.assign(row, { value: r })
      Object.assign(column, { value: c })
      write(value, exact(at(r, c), 4))
      write(was, old ? `before: ${exact(old.was, 4)}` : "")
      ring.style.cssText = `left: ${c / columns * 100}%; top: ${r / rows * 100}%; width: ${100 / columns}%; height: ${100 / rows}%`
      if (edit && this.box.getRootNode().activeElement !== edit.field) edit.field.value = exact(at(r, c), 4)
    })
    const index = html("div", { class: "pickers" }, html("span", { class: "eq inline" }, letter({ s: node.symbol, tone: "shared" })), "[", ...(node.flat ? [column] : [row, ", ", column]), "] = ", value, " ", was)
    return [html("div", { class: "squares" }, canvas, ring), index, ...(edit ? [edit.box, edit.why] : [])]
  }

  valueCard(node) {
    const when = html("p", { class: "say" }), kids = [when], many = node.size > 1
    this.fresh.push(() => {
      this.unit = clamp(this.unit, 0, Math.max(0, (this.read[`value:${node.id}`]?.N ?? 1) - 1))
      write(when, `at step t = ${this.nameOf(this.t)}` + (many ? `, ${node.size} numbers` : "") + (this.header.reverse ? "; this pass starts at the end, so what it calls t−1 is the next step" : ""))
    })
    if (this.read[`value:${node.id}`]) kids.push(...this.unitPart(node))
    if (node.equation) kids.push(equationLetters(node.equation))
    if (node.sum && node.sum.addends.some(addend => addend.weight)) kids.push(this.sumPart(node))
    else if (node.equation?.numbers) {
      const { line, refresh } = equationNumbers(node.equation, term => this.at(term.array, this.t, this.unit))
      const result = html("div", { class: "num result" })
      this.fresh.push(refresh, () => write(result, `= ${fixed(this.at(`value:${node.id}`, this.t, this.unit), 3)}`))
      kids.push(line, result)
    }
    if (node.line) kids.push(html("pre", { class: "line", tabindex: 0, "aria-label": "line of the program" }, html("code", { text: node.line })))
    if (this.header.gradients) {
      const say = html("p", { class: "say back" })
      this.fresh.push(() => {
        const back = this.gradient(node.id)
        say.hidden = back === undefined
        if (back !== undefined) prose(say, [["‖∂L/∂" + node.symbol + "‖ = "], [scientific(back), true], [back < 1e-6 ? ": too small to teach anything." : " arrives here from the error."]])
      })
      kids.push(say)
    }
    kids.push(this.mode === "gradients" ? colourKey({ title: "size of the gradient, fixed log scale", scale: "grad", ends: ["1e−8", "1e−4", "10"], note: "arrows point the way the error travels" })
      : colourKey({ title: `${node.title || "value"}, fixed scale`, scale: node.scale, ends: node.scale === "seq" ? ["0", "1"] : ["−" + node.range[1], "0", "+" + node.range[1]] }))
    return kids
  }

  /** The numbers of a node as bars; one unit is chosen, its number told, and set where it is the visitor's to set. */
  unitPart(node) {
    const read = this.read[`value:${node.id}`], shown = sample(read.N, BARS), now = html("b"), was = html("span", { class: "was" }), kids = []
    const { picture, paint } = this.barCanvas(shown.length, i => read.at(0, this.t, shown[i]), () => shown.indexOf(this.unit), node.tone, i => { this.unit = shown[i]; this.ask(CURSOR) }, node.range, i => this.at(`before:${node.id}`, this.t, shown[i]))
    const field = html("input", { type: "number", min: 0, max: read.N - 1, step: 1, "aria-label": `unit of ${node.symbol}` })
    field.onchange = () => { this.unit = clamp(Math.round(Number(field.value) || 0), 0, read.N - 1); this.ask(CURSOR) }
    const edit = this.header.editable.includes(node.id) ? this.editField(`set ${node.symbol} at this step to`, "", () => ({ node: node.id, unit: this.unit, t: this.nameOf(this.t) })) : undefined
    this.fresh.push(() => {
      const value = read.at(0, this.t, this.unit), old = this.at(`before:${node.id}`, this.t, this.unit)
      paint()
      put(picture, "aria-label", `values ${shown.slice(0, 6).map(n => fixed(read.at(0, this.t, n))).join(", ")}`)
      field.value = this.unit
      write(now, exact(value, decimals(value)))
      write(was, old !== undefined && Math.abs(old - value) > 1e-6 ? `before the edit: ${exact(old, decimals(value))}` : "")
      if (edit && this.box.getRootNode().activeElement !== edit.field) edit.field.value = exact(value, decimals(value))
    })
    if (read.N > 1) kids.push(picture)
    kids.push(html("div", { class: "pickers" }, ...(read.N > 1 ? ["unit ", field, ": "] : ["value: "]), now, " ", was))
    return edit ? [...kids, edit.box, edit.why] : kids
  }

  /** The sum of the chosen unit, product by product, and what bends it: all real numbers, and what is shown adds up. */
  sumPart(node) {
    const box = html("div", { class: "apart", role: "table", "aria-label": `how unit of ${node.symbol} is computed` })
    const symbol = id => this.byId[id]?.symbol ?? id, index = (...places) => `[${places.join(",")}]`
    const line = (name, product, value, kind = "") => html("div", { class: "product " + kind, role: "row" }, html("span", { role: "cell" }, ...name), html("span", { class: "num", role: "cell", text: product }), html("span", { class: "num", role: "cell", text: value }))
    const tone = (text, tone) => html("span", { style: inTone(tone), text })
    const few = v => exact(v, 2)
    this.fresh.push(() => {
      const { shown, more, digits, total } = takenApart(node.sum, this.unit, this.t, (name, t, n) => this.at(name, t, n))
      const lines = shown.map(p => {
        const weight = p.weight ? this.byId[p.weight] : undefined, source = this.byId[p.source], gates = p.gates.flatMap(([id]) => [tone(symbol(id), this.byId[id]?.tone), " "])
        const name = [...(p.scale < 0 ? ["−"] : []), ...gates, ...(weight ? [tone(weight.symbol + (weight.flat ? index(p.row) : index(p.row, p.column)), "shared")] : []), ...(weight && p.source ? [" "] : []),
          ...(p.source ? [tone((source ? source.symbol : p.source) + index(p.place), source?.tone)] : [])]
        return line(name, [...p.gates.map(([, v]) => few(v)), ...(p.weight ? [few(p.w)] : []), ...(p.source ? [few(p.v)] : [])].join(" · "), exact(p.said, digits))
      })
      const value = this.at(`value:${node.id}`, this.t, this.unit), bend = node.sum.bend
      if (more) lines.push(line([`+ ${more.count} more`], "", exact(more.said, digits), "rest"))
      lines.push(line([bend ? "sum" : `${node.symbol}${index(this.unit)}`], "", exact(total, digits), "total"))
      if (bend) lines.push(line([`${node.symbol}${index(this.unit)}`], `${bend}(${exact(total, digits)})`, exact(value, decimals(value)), "total"))
      box.replaceChildren(...lines)
    })
    return box
  }

  /** A row of bars on canvas: {picture, paint}; pressing one chooses it. */
  barCanvas(count, valueOf, nowAt, tone, choose, [low, high], oldOf) {
    const w = 246, h = 56, picture = html("canvas", { class: "bars", role: "img", width: 2 * w, height: 2 * h }), g = picture.getContext("2d"), size = w / Math.max(1, count)
    picture.onclick = event => { const box = picture.getBoundingClientRect(); choose(clamp(Math.floor((event.clientX - box.left) / box.width * count), 0, count - 1)) }
    const Y = v => (1 - (clamp(v, low, high) - low) / (high - low || 1)) * h, zero = Y(0)
    const paint = () => {
      g.setTransform(2, 0, 0, 2, 0, 0)
      g.clearRect(0, 0, w, h)
      g.fillStyle = this.theme.line
      g.fillRect(nowAt() * size, 0, size, h)
      g.fillStyle = this.theme.tone(tone)
      for (let i = 0; i < count; i++) {
        const v = valueOf(i)
        if (Number.isFinite(v)) g.fillRect(i * size + Math.min(1, size * .1), Math.min(zero, Y(v)), Math.max(.8, size - Math.min(2, size * .2)), Math.max(.8, Math.abs(Y(v) - zero)))
      }
      g.fillStyle = this.theme.ink
      for (let i = 0; i < count; i++) {
        const old = oldOf?.(i)
        if (Number.isFinite(old) && Math.abs(old - valueOf(i)) > 1e-6) g.fillRect(i * size, Y(old) - .75, size, 1.5)
      }
    }
    return { picture, paint }
  }
}

// The graph: the unrolled network.

class GraphView extends GraphCard(GraphPainting(SlowMotion(View))) {
  constructor(box, host) {
    super(box, host)
    Object.assign(this, { u: 1, goal: 1, mode: "values", node: undefined, fan: undefined, unit: 0, cell: [0, 0], scrolled: 0, boxes: new Map(), open: [], rails: [] })
    this.shape = this.choice("Shape", [["rolled", "Rolled"], ["unrolled", "Unrolled"]], value => this.unroll(value === "unrolled"))
    this.what = this.choice("Shown", [["values", "Values"], ["gradients", "Gradients"]], value => this.show(value))
    this.slower = html("button", { type: "button", class: "slower", "aria-pressed": "false", text: "Slow motion" })
    this.bar.append(html("span", { class: "spacer" }), this.slower, this.shape.box, this.what.box)
    this.story = html("p", { class: "say", "aria-live": "polite" })
    this.phases = PHASES.map(([phase, text]) => html("button", { type: "button", text, "data-phase": phase }))
    this.slowPlay = html("button", { type: "button", class: "play" })
    this.nextPhase = html("button", { type: "button", text: "Next phase" })
    this.slowBox = html("div", { class: "slow", role: "group", "aria-label": "Slow motion", hidden: true },
      html("div", { class: "bar" }, this.slowPlay, this.nextPhase, html("div", { class: "choice", role: "group", "aria-label": "Phase" }, ...this.phases)), this.story)
    this.editBox = html("div", { class: "edits", hidden: true })
    this.main.before(this.slowBox, this.editBox)
    this.stage.classList.add("graph")
    this.svg = svg("svg", { role: "group", "aria-label": "graph of the network's steps" })
    this.scroller = html("div", { class: "scroller" }, this.svg)
    this.stage.append(this.scroller)
    this.listen(this.scroller, "scroll", () => { if (this.scroller.scrollLeft !== this.scrolled) { this.scrolled = this.scroller.scrollLeft; this.placeShelf() } })
    this.listen(this.svg, "keydown", event => this.key(event))
    this.listen(this.svg, "click", event => this.click(event))
    this.listen(this.slower, "click", () => this.slow ? this.endSlow() : this.startSlow())
    this.listen(this.slowPlay, "click", () => this.playing ? this.pause() : this.play())
    this.listen(this.nextPhase, "click", () => this.jump())
    for (const button of this.phases) this.listen(button, "click", () => { this.pause(); this.beatTo(this.slow.beats.findIndex(beat => beat.phase === button.dataset.phase)) })
    for (const [type, on] of [["pointerover", true], ["pointerout", false]]) this.listen(this.svg, type, event => this.hover(event, on))
  }

  choice(label, options, act) {
    const buttons = options.map(([value, text]) => html("button", { type: "button", text, "data-value": value }))
    const box = html("div", { class: "choice", role: "group", "aria-label": label }, ...buttons)
    for (const button of buttons) this.listen(button, "click", () => act(button.dataset.value))
    return { box, set(value) { for (const b of buttons) put(b, "aria-pressed", b.dataset.value === value) } }
  }

  place() { return { t: this.t, node: this.node, rolled: this.goal === 0 } }

  kept() { return { ...this.place(), unit: this.unit, cell: this.cell, mode: this.mode } }

  pick(extra) { super.pick({ t: this.nameOf(this.t), ...extra }) }

  get pace() { return 700 }

  /** The step's place in the sequence, and which way its pass runs. */
  nameOf(t) { return this.header.reverse ? this.T - 1 - t : t }

  get way() { return this.header.reverse ? -1 : 1 }

  update({ header, arrays }) {
    const known = this.header?.key === header.key, from = known ? this.kept() : this.recall(header)
    this.header = header
    this.read = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, reader(array)]))
    this.T = header.T
    this.nodes = [...header.nodes].sort((a, b) => a.x - b.x || a.y - b.y)
    this.all = [...this.nodes, ...header.shared]
    this.byId = Object.fromEntries(this.all.map(node => [node.id, node]))
    this.t = clamp(from.t ?? 0, 0, this.T - 1)
    this.node = this.byId[from.node] ? from.node : (header.carry[0]?.[0] ?? this.nodes.at(-1)?.id)
    Object.assign(this, { unit: from.unit ?? 0, cell: from.cell ?? [0, 0] })
    if (!known) {
      this.u = this.goal = from.rolled ? 0 : 1
      this.mode = from.mode ?? this.mode
      if (this.slow) this.endSlow()
    }
    this.what.box.hidden = !header.gradients
    if (!header.gradients) this.mode = "values"
    this.scored = Array.from({ length: this.T }, (_, t) => t).filter(t => Number.isFinite(this.cost(t)))
    this.fillEdits()
    if (this.slow) this.slow = { ...this.slow, beats: this.beats() }
    this.retheme()
  }

  // numbers

  at(name, t, n) { return this.read[name]?.at(0, t, n) }

  values(id, t = this.t, kind = "value") {
    const read = this.read[`${kind}:${id}`]
    return read && t >= 0 && t < this.T ? Array.from({ length: read.N }, (_, n) => read.at(0, t, n)) : []
  }

  gradient(id, t = this.t) { return this.at(`gradient:${id}`, t) }

  /** What an edge sends back is what arrives at its reader. */
  backward(id, t) { return this.mode === "gradients" ? this.gradient(id, t) : undefined }

  cost(t) { return this.at("loss", t) }

  costName(t) { return Number.isFinite(this.cost(t)) ? `${this.slow ? "L" : "loss"} ${amount(this.cost(t))}` : "" }

  colour(node, t, n) { return cssColour(shade(this.at(`value:${node.id}`, t, n), node.range, this.theme.scale[node.scale])) }

  changed(id, t) {
    const was = this.read[`before:${id}`]
    if (!was) return false
    for (let n = 0; n < was.N; n++) if (Math.abs(was.at(0, t, n) - this.at(`value:${id}`, t, n)) > 1e-6) return true
    return false
  }

  // events

  timeMoved() { this.ask(BASE) }

  setTime(t, tell) {
    const { slow } = this
    if (!slow || slow.moving) return super.setTime(t, tell)
    const wanted = clamp(Math.round(t), 0, this.T - 1), i = slow.beats.findIndex(beat => beat.phase === slow.beats[slow.i].phase && beat.t === wanted)
    if (i >= 0) this.beatTo(i)
  }

  show(mode) {
    this.mode = mode
    this.remember()
    this.ask(BASE)
  }

  choose(id, t = this.t) {
    if (this.byId[id] && id !== this.node) Object.assign(this, { node: id, unit: 0, cell: [0, 0], complaint: undefined })
    this.setTime(t)
    this.remember()
    this.ask(BASE)
  }

  unroll(open) {
    this.goal = open ? 1 : 0
    this.remember()
    this.begin = { at: performance.now(), from: this.u }
    this.ask(BASE)
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const t = keyStep(event.key, this.t, this.T, event.shiftKey), line = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (t !== null) { this.pause(); this.setTime(t) }
    else if (line) this.choose(this.all[clamp(this.all.indexOf(this.byId[this.node]) + line, 0, this.all.length - 1)].id)
    else if (event.key === " ") this.playing ? this.pause() : this.play()
    else if (event.key === "Enter") this.slow ? this.jump() : this.pick()
    else return
    this.focus = true
    event.preventDefault()
    event.stopPropagation()
  }

  click(event) {
    const target = event.target.closest("[data-node], [data-t]")
    if (!target) return
    this.pause()
    this.focus = true
    const t = target.dataset.t === undefined ? this.t : Number(target.dataset.t)
    this.choose(target.dataset.node, t)
    if (target.dataset.node) this.pick()
  }

  hover(event, on) {
    const target = event.target.closest?.("[data-node]"), id = target?.dataset.node, weight = this.byId[id]?.kind === "parameter"
    const fan = on && weight ? id : undefined, over = on && id && !weight ? { id, t: Number(target.dataset.t) } : undefined
    if (fan !== this.fan) { this.fan = fan; this.paintFans() }
    if (over?.id !== this.over?.id || over?.t !== this.over?.t) {
      this.over = over
      for (const fold of this.open) if (fold.g.isConnected) fold.label()
    }
  }
}

// The two hosts: Streamlit and anywidget.

const VIEWS = { timeline: TimelineView, graph: GraphView }

/** host = {emit(name, value)}; the view is made when the first payload says which one it is. */
function mount(root, host) {
  const box = html("div", { class: "rnn-viewer" })
  root.append(box)
  let view
  return {
    update(payload, freshHost) {
      const Kind = VIEWS[payload.header.view]
      if (!Kind) {
        view?.destroy()
        view = undefined
        box.replaceChildren(html("p", { text: `There is no view “${payload.header.view}” here: page and viewer are of different versions. Reloading the page may help.` }))
        return
      }
      if (!(view instanceof Kind)) {
        view?.destroy()
        box.replaceChildren()
        view = new Kind(box, freshHost ?? host)
      }
      view.host = freshHost ?? host
      view.update(payload)
    },
    retheme() { view?.retheme() },
    destroy() {
      view?.destroy()
      box.remove()
    },
  }
}

const live = new WeakMap()

/** Streamlit calls this again at every change of data or theme; only the last returned function is run at unmount. */
function streamlit({ data, parentElement, setTriggerValue }) {
  const host = { emit: setTriggerValue }
  let entry = live.get(parentElement)
  if (!entry) live.set(parentElement, entry = { view: mount(parentElement, host) })
  if (entry.seen === data) entry.view.retheme()
  else if (data) {
    entry.seen = data
    entry.view.update(unpack(data), host)
  }
  return () => {
    if ((parentElement.host ?? parentElement).isConnected) return
    live.delete(parentElement)
    entry.view.destroy()
  }
}

/** anywidget; a picked value carries the time because equal values do not notify. */
function render({ model, el }) {
  const view = mount(el, { emit(name, value) { model.set(name, { ...value, at: Date.now() }); model.save_changes() } })
  const sync = () => view.update(unpack(model.get("packed")))
  model.on("change:packed", sync)
  sync()
  return () => {
    model.off("change:packed", sync)
    view.destroy()
  }
}

export default context => context?.parentElement ? streamlit(context) : { render }
