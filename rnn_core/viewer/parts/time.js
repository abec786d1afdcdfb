// The time axis: which steps are seen, how far a key goes, how fast Play is.
import { clamp } from "./numbers.js"

/** Where a key moves the time cursor; null when the key is not about time. */
export function keyStep(key, t, T, shift = false) {
  const step = { ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[key]
  if (step) return clamp(t + step * (shift && Math.abs(step) === 1 ? 10 : 1), 0, T - 1)
  return key === "Home" ? 0 : key === "End" ? T - 1 : null
}

/** Distance between two labels of the time axis. */
export function tickStep(cell, room = 44) {
  return [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000].find(step => step * cell >= room) ?? 10000
}

/** The labelled steps of a time axis that shows the steps from first to last. */
export function ticks({ cell, first, last }, room) {
  const step = tickStep(cell, room), start = Math.ceil(first / step) * step, found = []
  for (let t = start; t + .5 <= last; t += step) found.push(t)
  return found
}

export const FEWEST = 8

/** A stretch [from, to) of the time axis, moved and cut to lie within 0 … T and never narrower than a few steps. */
export function fitSpan([from, to], T) {
  const width = clamp(to - from, Math.min(FEWEST, T), T), start = clamp(from, 0, T - width)
  return [start, start + width]
}

/** The stretch made `factor` times as wide (below 1: closer), with the place `at` staying where it was. */
export function zoomSpan([from, to], T, factor, at = (from + to) / 2) {
  const width = clamp((to - from) * factor, Math.min(FEWEST, T), T), share = (at - from) / (to - from)
  return fitSpan([at - share * width, at + (1 - share) * width], T)
}

export const panSpan = ([from, to], T, by) => fitSpan([from + by, to + by], T)

export const isWhole = ([from, to], T) => to - from > T - 1e-6

export const isSeen = ([from, to], t) => t + .5 > from && t + .5 < to

/** The stretch in which step t is seen: the same, or a page further on or back. */
export function followSpan([from, to], T, t) {
  if (isSeen([from, to], t)) return [from, to]
  const width = to - from, lead = .1 * width
  return fitSpan(t < from ? [t + 1 + lead - width, t + 1 + lead] : [t - lead, t - lead + width], T)
}

/** Milliseconds a step stays on screen: a short run is readable, and a long one does not take minutes. */
export const paceOf = (T, { pace = 140, calm = false, speed = 1 } = {}) => (calm ? 500 : clamp(14000 / T, 33, pace)) / speed

/** Steps that are due after some milliseconds: one at a time while each can be seen, a few when they outrun the frames. */
export const stepsDue = (elapsed, pace) => elapsed < pace ? 0 : pace >= 16 ? 1 : Math.min(8, Math.floor(elapsed / pace))
