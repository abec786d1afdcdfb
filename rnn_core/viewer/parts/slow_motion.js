// One update in slow motion: its beats and what is said at each.
import { amount, fixed, percent, scientific } from "./numbers.js"

export const PHASES = [["forward", "Forward"], ["loss", "Loss"], ["backward", "Backward"], ["update", "Update"]]

/** One update in slow motion, beat by beat: forward through the steps, the losses, their sum, backward, the update. */
export function slowBeats(T, { scored = [], gradients = false, update = false } = {}) {
  const steps = Array.from({ length: T }, (_, t) => t), last = scored.at(-1) ?? T - 1
  return [
    ...steps.map(t => ({ phase: "forward", t })),
    ...(scored.length ? [...scored.map(t => ({ phase: "loss", t })), { phase: "loss", t: last, all: true }] : []),
    ...(gradients ? steps.toReversed().map(t => ({ phase: "backward", t })) : []),
    ...(update ? [{ phase: "update", t: last }] : []),
  ]
}

/** Whether a step is lit during a beat: forward what was computed, backward what has heard of the error. */
export const litIn = (beat, t) => beat.phase === "forward" ? t <= beat.t : beat.phase === "backward" ? t >= beat.t : beat.phase === "loss" ? beat.all || t === beat.t : true

/** The one sentence of a beat: a list of [text, strong]. Facts: t as named, and the numbers of this network. */
export function slowSay({ phase, all }, f) {
  if (phase === "forward") return [[`Forward, step ${f.t}: `], [f.reads ? `it reads ${f.reads}` : "without an input"], [` and remembers ${f.state} of size `], [fixed(f.before), true], [", which becomes "], [fixed(f.after), true], ...(f.says ? [[". It says ŷ = "], [f.says, true]] : []), ["."]]
  if (phase === "loss" && all) return [["Loss: "], [f.count === 1 ? "the one step that is scored makes " : `the ${f.count} steps that are scored add up to `], [`L = ${amount(f.total)}`, true], ["."]]
  if (phase === "loss") return [[`Loss, step ${f.t}: `], [f.says ? `it says ${f.says}, which costs ` : "what it says here costs "], [`L${f.count > 1 ? " " + f.t : ""} = ${amount(f.loss)}`, true], ["."]]
  if (phase === "backward") return [[`Backward, step ${f.t}: `], [`of the error, ‖∂L/∂${f.state}‖ = `], [scientific(f.gradient), true], [f.gradient < 1e-6 ? " arrives: too small to teach anything" : " arrives"], ...(f.weight ? [[`, and asks ${f.weight} for a change of size `], [scientific(f.asked), true]] : []), ["."]]
  const cut = f.clipped !== null && f.clipped !== undefined && f.clipped < .9995
  return [[`Update ${f.number.toLocaleString("en")}, rehearsed on its own batch of ${f.rows}: the gradient has length `], [scientific(f.norm), true], ...(cut ? [[" and is cut to "], [percent(f.clipped), true]] : []), [`; ${f.rule} moves ${f.most} the most, by `], [percent(f.moved), true], [" of its size. The loss on that batch goes from "], [amount(f.before), true], [" to "], [amount(f.after), true], ["."]]
}
