// A stretch of one unit's steps: where its threshold may lie and when it is on.
import { clamp } from "./numbers.js"

/** Halfway between what a unit holds in a stretch of steps and what it holds elsewhere, to two digits: where "on" may begin. */
export function halfway(values, first, last, [low, high]) {
  const mean = list => { const known = list.filter(Number.isFinite); return known.length ? known.reduce((a, b) => a + b) / known.length : undefined }
  const inside = mean(values.slice(first, last + 1)), outside = mean([...values.slice(0, first), ...values.slice(last + 1)])
  const value = ((inside ?? outside ?? 0) + (outside ?? (low + high) / 2)) / 2
  return Number(clamp(value, low, high).toFixed(2))
}

/** The runs of steps [first, last] whose values reach a threshold. */
export function onRuns(values, threshold) {
  const runs = []
  values.forEach((v, t) => {
    if (!(v >= threshold)) return
    if (runs.at(-1)?.[1] === t - 1) runs.at(-1)[1] = t
    else runs.push([t, t])
  })
  return runs
}
