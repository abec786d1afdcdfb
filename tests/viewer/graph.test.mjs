// The graph's pure functions. Run by pytest with GRAPH_PAYLOAD set to a graph that Python packed.
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import test from "node:test"
import * as v from "../../rnn_core/viewer/parts/index.js"

const shownSum = (parts, digits) => Math.round(parts.reduce((sum, part) => sum + Math.round(part * 10 ** digits), 0)) / 10 ** digits
const BENDS = { "": a => a, "σ": a => 1 / (1 + Math.exp(-a)), tanh: Math.tanh }

test("asNumber: numbers as people write them", () => {
  for (const [text, value] of [["0.5", .5], [" −1,5 ", -1.5], ["+2", 2], [".25", .25], ["3.", 3], ["1e-3", .001], ["-0", -0]]) assert.equal(v.asNumber(text).value, value)
})

test("asNumber: anything else gets one sentence", () => {
  for (const text of ["abc", "NaN", "Infinity", "1 2", "0x10", "1e", "--1", "<img src=x>"]) {
    const { value, why } = v.asNumber(text)
    assert.equal(value, undefined)
    assert.match(why, /^“.*” is not a number, so nothing was changed\.$/)
  }
  assert.match(v.asNumber("1e999").why, /too large for a network to count with/)
  assert.match(v.asNumber("-4e38").why, /too large/)
  assert.equal(v.asNumber("  ").why, "Type a number first.")
  assert.ok(v.asNumber("x".repeat(999)).why.length < 90)
})

test("addUp: what is shown adds up to the rounded sum, and nothing moves by a whole last digit", () => {
  let seed = 1
  const random = () => (seed = seed * 16807 % 2147483647) / 2147483647 - .5
  for (let k = 0; k < 200; k++) {
    const values = Array.from({ length: 1 + k % 9 }, random), digits = k % 5, shown = v.addUp(values, digits)
    const total = values.reduce((a, b) => a + b, 0)
    assert.equal(shownSum(shown, digits), Math.round(total * 10 ** digits) / 10 ** digits + 0)
    shown.forEach((one, i) => assert.ok(Math.abs(one - values[i]) < 10 ** -digits))
  }
})

test("decimals, exact, amount", () => {
  assert.deepEqual([.5, 5, 50, 5000, .005, 0, -.5].map(v.decimals), [4, 3, 2, 0, 6, 3, 4])
  assert.equal(v.exact(-.00001, 3), "0.000")
  assert.equal(v.exact(-1.25, 2), "−1.25")
  assert.equal(v.exact(NaN, 2), "–")
  assert.equal(v.amount(.0000321), "3.21e−5")
  assert.equal(v.amount(-1.23456), "−1.23")
  assert.equal(v.amount(0), "0")
})

test("a real number of a real network, taken apart: it adds up, and bends to the node's value", { skip: !process.env.GRAPH_PAYLOAD && "no payload given" }, () => {
  const { header, arrays } = v.unpack(readFileSync(process.env.GRAPH_PAYLOAD))
  const read = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, v.reader(array)])), at = (name, t, n) => read[name].at(0, t, n)
  const told = header.nodes.filter(node => node.sum)
  assert.ok(told.length >= 5)
  for (const node of told) for (const t of [0, 3, header.T - 1]) for (let unit = 0; unit < node.size; unit++) {
    const { shown, more, digits, total } = v.takenApart(node.sum, unit, t, at)
    const parts = [...shown.map(p => p.said), ...(more ? [more.said] : [])], value = at(`value:${node.id}`, t, unit)
    assert.equal(shownSum(parts, digits).toFixed(digits).replace(/^-0\.0*$/, m => m.slice(1)), total.toFixed(digits).replace(/^-0\.0*$/, m => m.slice(1)))
    assert.ok(Math.abs(BENDS[node.sum.bend](total) - value) < 1e-5, `${node.id}[${unit}] at ${t}`)
    assert.equal(shown.length + (more?.count ?? 0), v.products(node.sum, unit, t, at).length)
    if (more) {
      const least = Math.min(...shown.map(p => Math.abs(p.value)))
      const hidden = v.products(node.sum, unit, t, at).filter(p => !shown.some(s => s.weight === p.weight && s.row === p.row && s.column === p.column && s.place === p.place))
      assert.ok(hidden.every(p => Math.abs(p.value) <= least))
    }
    for (const p of shown) if (p.weight && p.source) assert.ok(Math.abs(p.value - p.scale * p.w * p.v * p.gates.reduce((all, [, g]) => all * g, 1)) < 1e-12)
  }
})

test("takenApart: what left the finite numbers is shown as it is", () => {
  const sum = { addends: [{ weight: "", source: "h", from: "value:h", row: 0, column: 0, size: 0, flip: false, scale: 1, times: [] }], bend: "" }
  assert.equal(v.takenApart(sum, 0, 0, () => NaN).shown[0].said, NaN)
})

test("slowBeats: four phases in order, only those that there are numbers for", () => {
  const beats = v.slowBeats(3, { scored: [1, 2], gradients: true, update: true })
  assert.deepEqual(beats.map(beat => beat.phase[0] + beat.t + (beat.all ? "+" : "")).join(" "), "f0 f1 f2 l1 l2 l2+ b2 b1 b0 u2")
  assert.deepEqual(v.slowBeats(2).map(beat => beat.phase), ["forward", "forward"])
})

test("litIn: forward what was computed, backward what has heard", () => {
  const lit = beat => [0, 1, 2].filter(t => v.litIn(beat, t))
  assert.deepEqual(lit({ phase: "forward", t: 1 }), [0, 1])
  assert.deepEqual(lit({ phase: "backward", t: 1 }), [1, 2])
  assert.deepEqual(lit({ phase: "loss", t: 2 }), [2])
  assert.deepEqual(lit({ phase: "loss", t: 2, all: true }), [0, 1, 2])
  assert.deepEqual(lit({ phase: "update", t: 2 }), [0, 1, 2])
})

test("slowSay: one sentence a beat, with its numbers", () => {
  const say = (beat, facts) => v.slowSay(beat, facts).map(([text]) => text).join("")
  assert.equal(say({ phase: "forward" }, { t: 3, reads: "0.42, 1.00", state: "h", before: .5, after: .75, says: "0.10" }), "Forward, step 3: it reads 0.42, 1.00 and remembers h of size 0.50, which becomes 0.75. It says ŷ = 0.10.")
  assert.equal(say({ phase: "loss" }, { t: 9, says: "0.10", loss: .0345, count: 2 }), "Loss, step 9: it says 0.10, which costs L 9 = 0.0345.")
  assert.equal(say({ phase: "loss", all: true }, { count: 2, total: .05 }), "Loss: the 2 steps that are scored add up to L = 0.05.")
  assert.match(say({ phase: "backward" }, { t: 1, state: "h", gradient: 1e-9, weight: "R", asked: 2e-9 }), /‖∂L\/∂h‖ = 1e−9 arrives: too small to teach anything, and asks R for a change of size 2e−9\.$/)
  const update = { number: 1501, rows: 32, norm: 2, clipped: .5, rule: "Adam", most: "R", moved: .004, before: .02, after: .01 }
  assert.equal(say({ phase: "update" }, update), "Update 1,501, rehearsed on its own batch of 32: the gradient has length 2e0 and is cut to 50 %; Adam moves R the most, by 0.4 % of its size. The loss on that batch goes from 0.02 to 0.01.")
  assert.match(say({ phase: "update" }, { ...update, clipped: null, moved: Infinity }), /length 2e0; Adam moves R the most, by all/)
})

test("stepSub: a pass that runs backwards comes from the step after", () => {
  assert.equal(v.stepSub("t−1", 5, -1), "6")
  assert.equal(v.stepSub("t", 5, -1), "5")
})
