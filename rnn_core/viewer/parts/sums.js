// A unit's sum taken apart into its products.
import { addUp, decimals } from "./numbers.js"

/** Every product of one unit's sum: [{weight, row, column, w, source, place, v, gates, value}]; at(array, t, n) reads. */
export function products({ addends }, unit, t, at) {
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
export function takenApart(sum, unit, t, at, most = 5) {
  const all = products(sum, unit, t, at), bySize = all.map((p, i) => [Math.abs(p.value), i]).sort((a, b) => b[0] - a[0] || a[1] - b[1])
  const keep = new Set(bySize.slice(0, all.length <= most + 1 ? all.length : most).map(([, i]) => i))
  const shown = all.filter((_, i) => keep.has(i)), rest = all.filter((_, i) => !keep.has(i))
  const total = all.reduce((sum, p) => sum + p.value, 0), parts = [...shown.map(p => p.value), ...(rest.length ? [rest.reduce((sum, p) => sum + p.value, 0)] : [])]
  const digits = decimals(Math.max(Math.abs(total), ...parts.map(Math.abs)))
  const said = Number.isFinite(total) ? addUp(parts, digits) : parts
  return { shown: shown.map((p, i) => ({ ...p, said: said[i] })), more: rest.length ? { count: rest.length, said: said.at(-1) } : undefined, digits, total }
}
