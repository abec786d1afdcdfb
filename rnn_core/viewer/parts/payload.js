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
export function unpack(bytes) {
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
export function dequantise(level, [low, high], top = 255) {
  return level === top ? NaN : low + level / (top - 1) * (high - low)
}

/** Read an array of shape (T), (T, N) or (M, T, N) as at(moment, t, n), whatever its dtype. */
export function reader({ shape, data, range }) {
  const [M, T, N] = shape.length === 3 ? shape : shape.length === 2 ? [1, ...shape] : [1, shape[0], 1]
  const top = data instanceof Float32Array ? 0 : 2 ** (8 * data.BYTES_PER_ELEMENT) - 1
  const place = (m, t, n) => (Math.min(m, M - 1) * T + t) * N + n
  const at = top ? (m, t, n = 0) => dequantise(data[place(m, t, n)], range, top) : (m, t, n = 0) => data[place(m, t, n)]
  return { M, T, N, at, data, top, span: range }
}
