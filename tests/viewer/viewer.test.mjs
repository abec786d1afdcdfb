// The viewer's pure functions. Run by pytest with VIEWER_PAYLOAD set to bytes that Python packed.
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import test from "node:test"
import * as v from "../../rnn_core/viewer/parts/index.js"

test("bytes that Python packed come back, from any offset in memory", { skip: !process.env.VIEWER_PAYLOAD && "no payload given" }, () => {
  const bytes = readFileSync(process.env.VIEWER_PAYLOAD)
  const shifted = new Uint8Array(bytes.length + 6)
  shifted.set(bytes, 6)
  for (const source of [new Uint8Array(bytes), shifted.subarray(6), new DataView(shifted.buffer, 6)]) {
    const { header, arrays } = v.unpack(source)
    assert.equal(header.view, "timeline")
    assert.equal(header.word, "ŷₜ")
    assert.deepEqual([...arrays.f.data], [0.5, -1.5, 2.25])
    assert.equal(arrays.q.shape.join(), "2,2")
    const read = v.reader(arrays.q)
    assert.ok(Math.abs(read.at(0, 0, 1) - 1) < .02)
    assert.ok(Number.isNaN(read.at(0, 1, 1)))
  }
})

test("dequantise: both ends, and the last level is missing", () => {
  assert.equal(v.dequantise(0, [-1, 1]), -1)
  assert.equal(v.dequantise(254, [-1, 1]), 1)
  assert.ok(Number.isNaN(v.dequantise(255, [-1, 1])))
  assert.equal(v.dequantise(65534, [0, 3], 65535), 3)
})

test("reader: one, two and three axes", () => {
  const data = Float32Array.from({ length: 12 }, (_, i) => i)
  assert.equal(v.reader({ shape: [12], data }).at(0, 5), 5)
  assert.equal(v.reader({ shape: [4, 3], data }).at(0, 2, 1), 7)
  const tape = v.reader({ shape: [2, 3, 2], data })
  assert.equal(tape.at(1, 2, 1), 11)
  assert.equal(tape.at(9, 0, 0), 6, "later moments show the last")
})

test("fixed and scientific", () => {
  assert.equal(v.fixed(-.304), "−0.30")
  assert.equal(v.fixed(-.001), "0.00")
  assert.equal(v.fixed(NaN), "–")
  assert.equal(v.fixed(undefined), "–")
  assert.equal(v.fixed(123.4), "123")
  assert.equal(v.fixed(-Infinity), "−∞")
  assert.equal(v.scientific(3.2e-5), "3e−5")
  assert.equal(v.scientific(0), "0")
})

test("keyStep: arrows, shift, pages, ends, and other keys", () => {
  assert.equal(v.keyStep("ArrowRight", 3, 40), 4)
  assert.equal(v.keyStep("ArrowLeft", 0, 40), 0)
  assert.equal(v.keyStep("ArrowRight", 3, 40, true), 13)
  assert.equal(v.keyStep("PageUp", 35, 40), 39)
  assert.equal(v.keyStep("PageDown", 35, 40), 25)
  assert.equal(v.keyStep("Home", 9, 40), 0)
  assert.equal(v.keyStep("End", 9, 40), 39)
  assert.equal(v.keyStep("r", 9, 40), null)
})

test("lut, shade, pixels: ends, order of units, gaps", () => {
  const table = v.lut(["#000000", "#ff0000"])
  assert.equal(table[0], 0xff000000)
  assert.equal(table[255], 0xff0000ff)
  assert.equal(v.shade(NaN, [0, 1], table), 0)
  assert.equal(v.shade(7, [0, 1], table), table[255])
  assert.equal(v.cssColour(table[255]), "rgb(255 0 0 / 1)")
  const read = v.reader({ shape: [2, 2], data: Float32Array.from([0, 1, NaN, 1]) })
  assert.deepEqual([...v.pixels(read, 0, [1, 0], [0, 1], table)], [table[255], table[255], table[0], 0])
})

test("spread: signs, gaps, nothing at all", () => {
  assert.deepEqual(v.spread([[NaN]]), [0, 1])
  const [low, high] = v.spread([[-2, 1], [NaN, .5]])
  assert.equal(low, -high)
  assert.ok(high > 2)
  assert.equal(v.spread([[0, 3]])[0], 0)
})

const ROWS = [
  { kind: "bars", array: "x" }, { kind: "heatmap", array: "a", order: [2, 0, 1] }, { kind: "area", array: "f", unit: true },
  { kind: "heatmap", array: "b", order: [0, 1] }, { kind: "tokens", labels: [], expect: [] }, { kind: "line", array: "y" },
]

test("layoutRows: rows follow one another, small screens shrink the labels", () => {
  for (const width of [343, 1000]) {
    const layout = v.layoutRows(ROWS, 40, { width, small: width < 560 })
    layout.rows.slice(1).forEach((place, i) => assert.ok(place.y >= layout.rows[i].y + layout.rows[i].h))
    assert.ok(Math.abs(layout.left + 40 * layout.cell + layout.right - width) < 1e-9)
    assert.ok(layout.height > layout.bottom)
  }
  assert.ok(v.layoutRows(ROWS, 40, { width: 343, small: true }).left < 100)
})

test("hit: the step everywhere, the unit only in a heatmap, by its true number", () => {
  const layout = v.layoutRows(ROWS, 10, { width: 606 }), map = layout.rows[1]
  const x = layout.left + 3.5 * layout.cell
  assert.deepEqual(v.hit(layout, 10, x, layout.rows[0].y + 1), { t: 3 })
  assert.deepEqual(v.hit(layout, 10, x, map.y + 1), { t: 3, map: "a", unit: 2 })
  assert.deepEqual(v.hit(layout, 10, x, map.y + map.h - 1), { t: 3, map: "a", unit: 1 })
  assert.equal(v.hit(layout, 10, -50, 0).t, 0)
  assert.equal(v.hit(layout, 10, 9999, 0).t, 9)
})

test("nextUnit: down the lines of one heatmap and into the next", () => {
  const maps = ROWS.filter(row => row.kind === "heatmap")
  assert.deepEqual(v.nextUnit(maps, "a", 2, 1), { map: "a", unit: 0 })
  assert.deepEqual(v.nextUnit(maps, "a", 1, 1), { map: "b", unit: 0 })
  assert.deepEqual(v.nextUnit(maps, "a", 2, -1), { map: "a", unit: 2 })
})

const say = numbers => v.sentence(numbers).map(([text]) => text).join("")

test("sentence: gates, their absence, padding", () => {
  assert.equal(say({ keep: .97, write: .9, candidate: -.4, value: -.05, noun: "cell" }), "This unit is writing: it keeps 97 % of its cell, a memory of about 33 steps.")
  assert.equal(say({ keep: .97, write: .1, candidate: .4, value: .1, noun: "cell" }), "This unit is holding: it keeps 97 % of its cell, a memory of about 33 steps.")
  assert.match(say({ keep: .3, write: 0, candidate: 0, value: .1 }), /erasing: it keeps 30\u00a0% of its state\.$/)
  assert.match(say({ keep: .9999, write: 0, candidate: 0, value: .1 }), /more than 1,000 steps/)
  assert.match(say({ keep: .2, candidate: .9, value: .1 }), /writing/, "a GRU writes what it does not keep")
  assert.equal(say({ value: .5, before: .2 }), "This unit rises from 0.20 to 0.50.")
  assert.equal(say({ value: .5, before: .49 }), "This unit holds at 0.50.")
  assert.match(say({ value: .99, before: 0, bounded: true }), /saturated/)
  assert.match(say({ value: NaN }), /padding/)
})

test("describe: what a screen reader hears", () => {
  assert.equal(v.describe({ t: 3, T: 40, unit: 7, value: -.067, mapTitle: "hidden state" }), "time 3 of 39, unit 7, hidden state −0.07")
  assert.match(v.describe({ t: 3, T: 40, unit: 7, value: 0, label: "q", mapTitle: "h", update: 392 }), /time 3 of 39 \(q\).*after update 392/)
})

test("foldList: everything when short, ends and a lens when long, never a gap of one", () => {
  assert.deepEqual(v.foldList(4, 2), [{ t: 0 }, { t: 1 }, { t: 2 }, { t: 3 }])
  const list = v.foldList(40, 20)
  assert.deepEqual(list.map(f => f.gap ?? f.t), [0, [1, 17], 18, 19, 20, 21, 22, [23, 38], 39])
  for (let t = 0; t < 40; t++) {
    const folds = v.foldList(40, t), covered = folds.flatMap(f => f.gap ? Array.from({ length: f.gap[1] - f.gap[0] + 1 }, (_, i) => f.gap[0] + i) : [f.t])
    assert.deepEqual(covered, Array.from({ length: 40 }, (_, i) => i))
    assert.ok(folds.some(f => f.t === t))
    assert.ok(folds.every(f => !f.gap || f.gap[1] > f.gap[0]))
  }
})

test("foldPositions: the cursor's fold is open, nothing overlaps", () => {
  const { items, width } = v.foldPositions(v.foldList(40, 20), 20, { open: 400, box: 50, gap: 60, space: 20 })
  items.slice(1).forEach((item, i) => assert.equal(item.x, items[i].x + items[i].width + 20))
  assert.deepEqual(items.filter(i => i.opened).map(i => i.t), [20])
  assert.equal(width, items.at(-1).x + items.at(-1).width)
})

test("stepSub: numbers in place of t", () => {
  assert.equal(v.stepSub("t", 5), "5")
  assert.equal(v.stepSub("t−1", 5), "4")
  assert.equal(v.stepSub("t−1", 0), "−1")
  assert.equal(v.stepSub("r,t", 5), "r,5")
  assert.equal(v.stepSub("i", 5), "i")
})

test("gradients: fixed log scale with a floor", () => {
  assert.equal(v.gradientLevel(10), 1)
  assert.equal(v.gradientLevel(1e-9), 0)
  assert.equal(v.gradientLevel(NaN), 0)
  assert.equal(v.gradientWidth(0), 0)
  assert.ok(v.gradientWidth(1) > v.gradientWidth(1e-3))
})

test("paths: the loop opens into a level line", () => {
  assert.match(v.carryPath(100, 160, 50, 10, 1), /^M100,50C100,50 100,50 100,50L160,50/)
  assert.match(v.carryPath(100, 0, 50, 10, 0), /L0,10/)
  assert.equal(v.smooth([[0, 0], [10, 0]]), "M0,0L10,0")
  assert.match(v.smooth([[0, 0], [10, 8]]), /^M0,0C5,0 5,8 10,8$/)
})

test("shorten: what is cut off becomes an ellipsis", () => {
  assert.equal(v.shorten("cart +0.04 m", 12), "cart +0.04 m")
  assert.equal(v.shorten("cart +0.04 m", 6), "cart …")
  assert.equal(v.shorten("cart", 0), "…")
})

test("describeNode", () => {
  assert.match(v.describeNode({ symbol: "f", kind: "probe", title: "keep gate" }, 3, 40, [.6, .8], 1e-4), /^f at step 3 of 39, keep gate, size 1\.00, gradient 1e−4$/)
  assert.match(v.describeNode({ symbol: "W", sub: "", kind: "parameter", shape: "4 × 2" }, 3, 40, []), /used 40 times/)
})
