// Numbers: kept in range, rounded, written as text.

export const clamp = (value, low, high) => Math.max(low, Math.min(high, value))
export const ease = u => u < .5 ? 2 * u * u : 1 - (2 - 2 * u) ** 2 / 2
export const mix = (a, b, u) => a + (b - a) * u

/** A number as text: two decimals, a real minus sign, short when large or tiny, a dash when missing. */
export function fixed(value, digits = 2) {
  if (value === undefined || Number.isNaN(value)) return "–"
  const size = Math.abs(value)
  if (size === Infinity) return value < 0 ? "−∞" : "∞"
  const text = size >= 1000 ? size.toExponential(1) : size >= 100 ? size.toFixed(0) : size.toFixed(digits)
  return (value < 0 && Number(text) !== 0 ? "−" : "") + text.replace("e+", "e")
}

/** A symbol that is only a blank or a line break, made visible. */
export const visible = token => ({ " ": "␣", "\n": "↵", "\t": "⇥" })[token] ?? token ?? ""

/** A gradient's size as text, "3e−5". */
export const scientific = value => value === 0 ? "0" : Number.isFinite(value) ? value.toExponential(0).replace("-", "−").replace("+", "") : "–"

/** The range of some series, symmetric about zero when they change sign, never empty. */
export function spread(series) {
  let low = Infinity, high = -Infinity
  for (const values of series) for (const v of values) if (Number.isFinite(v)) { low = Math.min(low, v); high = Math.max(high, v) }
  if (low > high) return [0, 1]
  if (low < 0) { const size = Math.max(-low, high, .4) * 1.05; return [-size, size] }
  return [0, Math.max(high, .4) * 1.05]
}

/** The place in a rising list that is nearest to a value. */
export const nearest = (list, value) => list.reduce((best, v, i) => Math.abs(v - value) < Math.abs(list[best] - value) ? i : best, 0)

/** A file name made of words: letters and digits stay, all else becomes hyphens. */
export function fileName(words, ending) {
  const safe = words.map(word => String(word ?? "").normalize("NFKC").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "")).filter(Boolean)
  return safe.join("-").slice(0, 80).replace(/-+$/, "") + "." + ending
}

/** Size of a gradient on the fixed scale from 1e−8 (0) to 10 (1). */
export const gradientLevel = size => size > 0 && Number.isFinite(size) ? clamp((Math.log10(size) + 8) / 9, 0, 1) : 0

export const gradientWidth = size => gradientLevel(size) ? .75 + 5.25 * gradientLevel(size) : 0

/** At most `most` places spread evenly over n. */
export const sample = (n, most) => n <= most ? Array.from({ length: n }, (_, i) => i) : Array.from({ length: most }, (_, i) => Math.floor(i * n / most))

export const norm = values => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0))

/** A visitor's text as a number: {value}, or {why} not, in one sentence. */
export function asNumber(text) {
  const plain = text.trim().replace("−", "-").replace(",", "."), quoted = text.trim().slice(0, 24)
  if (!plain) return { why: "Type a number first." }
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return { why: `“${quoted}” is not a number, so nothing was changed.` }
  const value = Number(plain)
  return Math.abs(value) <= 1e30 ? { value } : { why: `“${quoted}” is too large for a network to count with, so nothing was changed.` }
}

/** How many decimals tell numbers up to this size apart. */
export const decimals = size => clamp(3 - Math.floor(Math.log10(Math.abs(size) || 1)), 0, 8)

/** A number with so many decimals and a real minus sign. */
export function exact(value, digits) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value < 0 ? "−∞" : "∞"
  const text = Math.abs(value).toFixed(digits)
  return (value < 0 && Number(text) !== 0 ? "−" : "") + text
}

/** Numbers rounded so that what is shown adds up to the rounded sum: each moves by less than one of the last digit. */
export function addUp(values, digits) {
  const one = 10 ** digits, scaled = values.map(v => v * one), low = scaled.map(Math.floor)
  const missing = Math.round(scaled.reduce((a, b) => a + b, 0)) - low.reduce((a, b) => a + b, 0)
  const order = scaled.map((v, i) => [v - low[i], i]).sort((a, b) => b[0] - a[0] || a[1] - b[1])
  for (const [, i] of order.slice(0, clamp(missing, 0, order.length))) low[i] += 1
  return low.map(v => v / one)
}

/** A size told with three figures, whatever its scale. */
export const amount = value => !Number.isFinite(value) ? fixed(value) : value !== 0 && Math.abs(value) < .001 ? value.toExponential(2).replaceAll("-", "−") : String(Number(value.toPrecision(3))).replace("-", "−")

export const percent = share => Number.isFinite(share) ? (share === 0 ? "0" : share < 1e-6 ? scientific(100 * share) : Number((100 * share).toPrecision(2))) + " %" : "all"
