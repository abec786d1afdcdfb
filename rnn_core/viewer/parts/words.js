// What is said about a unit, a step and a node.
import { fixed, norm, scientific } from "./numbers.js"

/** One sentence about a unit at a step, read from its numbers: a list of [text, strong]. */
export function sentence({ keep, write, candidate, value, before, noun = "state", bounded = false }) {
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
export function describe({ t, T, unit, value, label, mapTitle, update }) {
  const token = label ? ` (${label})` : "", moment = update === undefined ? "" : `, after update ${update}`
  return `time ${t} of ${T - 1}${token}, ${unit === undefined ? "" : `unit ${unit}, `}${mapTitle} ${fixed(value)}${moment}`
}

/** A text of at most so many characters, what was cut off as an ellipsis. */
export function shorten(text, most) {
  return text.length <= most ? text : text.slice(0, Math.max(0, most - 1)) + "…"
}

/** The subscript with the step's number in place of t: "t−1" at 5 gives "4"; a pass that runs backwards came from 6. */
export function stepSub(sub, t, way = 1) {
  return sub.replace(/(^|[\s,;])t(?:\s*[−-]\s*(\d+))?$/, (_, lead, lag) => lead + String(t - way * Number(lag ?? 0)).replace("-", "−"))
}

/** What a screen reader hears about a node. */
export function describeNode(node, t, T, values, gradient) {
  if (node.kind === "parameter") return `${node.symbol}${node.sub ? " " + node.sub : ""}, shared weights ${node.shape}, used ${T} times`
  return `${node.symbol} ${node.enters ? "entering" : "at"} step ${t} of ${T - 1}, ${node.title}, size ${fixed(norm(values))}` + (gradient === undefined ? "" : `, gradient ${scientific(gradient)}`)
}
