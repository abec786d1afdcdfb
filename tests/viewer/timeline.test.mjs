// The pure functions behind zoom, play, selection and saving. Run by pytest.
import assert from "node:assert/strict"
import test from "node:test"
import * as v from "../../rnn_core/viewer/parts/index.js"

const ROWS = [{ kind: "heatmap", array: "h", order: [2, 0, 1] }, { kind: "heatmap", array: "g", order: [2, 0, 1], twin: "h", slim: true }, { kind: "line", array: "y" }]

test("fitSpan: within the sequence, never too narrow, whole when short", () => {
  assert.deepEqual(v.fitSpan([-5, 15], 100), [0, 20])
  assert.deepEqual(v.fitSpan([95, 115], 100), [80, 100])
  assert.deepEqual(v.fitSpan([50, 51], 100), [50, 58])
  assert.deepEqual(v.fitSpan([0, 900], 100), [0, 100])
  assert.deepEqual(v.fitSpan([0, 1], 1), [0, 1])
  assert.ok(v.isWhole(v.fitSpan([2, 4], 5), 5))
})

test("zoomSpan: the place under the pointer stays, closer and back is the same stretch", () => {
  const near = v.zoomSpan([0, 500], 500, .25, 120)
  assert.ok(Math.abs((120 - near[0]) / (near[1] - near[0]) - 120 / 500) < 1e-9)
  assert.equal(near[1] - near[0], 125)
  const back = v.zoomSpan(near, 500, 4, 120)
  assert.ok(v.isWhole(back, 500))
  for (let span = [0, 500], k = 0; k < 30; k++) {
    span = v.zoomSpan(span, 500, .7, 499)
    assert.ok(span[0] >= 0 && span[1] <= 500 && span[1] - span[0] >= 8 - 1e-9)
  }
  assert.deepEqual(v.zoomSpan([0, 5], 5, .5, 2), [0, 5])
})

test("panSpan stops at both ends", () => {
  assert.deepEqual(v.panSpan([10, 20], 100, 5), [15, 25])
  assert.deepEqual(v.panSpan([10, 20], 100, -50), [0, 10])
  assert.deepEqual(v.panSpan([10, 20], 100, 500), [90, 100])
})

test("followSpan: the cursor is always seen, and a seen cursor moves nothing", () => {
  assert.deepEqual(v.followSpan([10, 30], 100, 15), [10, 30])
  for (let t = 0; t < 100; t++) {
    const span = v.followSpan([40, 60], 100, t)
    assert.ok(v.isSeen(span, t), String(t))
    assert.equal(span[1] - span[0], 20)
  }
})

test("layout at zoom: places and what lies under them agree", () => {
  for (const span of [[0, 40], [10, 20], [12.5, 21.75]]) {
    const layout = v.layoutRows(ROWS, 40, { width: 700, span })
    assert.ok(Math.abs(layout.cell * (span[1] - span[0]) - layout.plot) < 1e-9)
    for (let t = Math.ceil(span[0]); t + 1 <= span[1]; t++) {
      const x = layout.left + (t + .5 - layout.first) * layout.cell
      assert.equal(v.hit(layout, 40, x, 0).t, t)
    }
    assert.ok(v.hit(layout, 40, -1e4, 0).t >= 0 && v.hit(layout, 40, 1e4, 0).t < 40)
  }
})

test("a twin heatmap selects the unit of the one it belongs to", () => {
  const layout = v.layoutRows(ROWS, 10, { width: 606 }), [main, twin] = layout.rows
  assert.ok(twin.h < main.h)
  assert.deepEqual(v.hit(layout, 10, layout.left + 1, twin.y + twin.h - .1), { t: 0, map: "h", unit: 1 })
})

test("ticks: from the first seen step to the last, at round numbers", () => {
  assert.deepEqual(v.ticks({ cell: 10, first: 0, last: 40 }, 46), [0, 5, 10, 15, 20, 25, 30, 35])
  assert.deepEqual(v.ticks({ cell: 60, first: 12.4, last: 16 }, 46), [13, 14, 15])
  assert.deepEqual(v.ticks({ cell: 600, first: 0, last: 1 }, 46), [0])
  assert.equal(v.tickStep(1e-4), 10000)
})

test("paceOf and stepsDue: half to four times as fast, slow when motion is reduced, never a leap", () => {
  assert.equal(v.paceOf(10), 140)
  assert.equal(v.paceOf(500), 33)
  assert.equal(v.paceOf(500, { speed: .5 }), 66)
  assert.equal(v.paceOf(500, { speed: 2, calm: true }), 250)
  assert.equal(v.stepsDue(10, 33), 0)
  assert.equal(v.stepsDue(400, 33), 1, "a slow frame does not skip what can be seen")
  assert.equal(v.stepsDue(17, 8.25), 2)
  assert.equal(v.stepsDue(5000, 8.25), 8)
})

test("halfway: between what is held inside and outside a stretch", () => {
  assert.equal(v.halfway([0, 0, 1, 1, 0, 0], 2, 3, [-1, 1]), .5)
  assert.equal(v.halfway([NaN, 0, .8, NaN, 0], 2, 3, [-1, 1]), .4)
  assert.equal(v.halfway([.6], 0, 0, [-1, 1]), .3, "a single step: between it and the middle")
  assert.equal(v.halfway([NaN, NaN], 0, 1, [0, 1]), .25)
  assert.equal(v.halfway([9, 9], 0, 0, [-1, 1]), 1)
})

test("onRuns: stretches that reach the threshold, gaps end them", () => {
  assert.deepEqual(v.onRuns([0, .5, .6, NaN, .7, .1, .5], .5), [[1, 2], [4, 4], [6, 6]])
  assert.deepEqual(v.onRuns([], 0), [])
  const values = Array.from({ length: 60 }, (_, i) => Math.sin(i * 1.7)), inside = new Set(v.onRuns(values, .2).flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i)))
  values.forEach((value, t) => assert.equal(inside.has(t), value >= .2))
})

test("startAt: what does not exist becomes what does", () => {
  const at = { T: 10, last: 3, maps: [{ array: "h", order: [2, 0, 1] }, { array: "k", order: [0] }] }
  assert.deepEqual(v.startAt({}, at), { t: 0, map: "h", unit: 2, moment: 3 })
  assert.deepEqual(v.startAt({ t: 99, unit: 77, map: "gone", moment: -4 }, at), { t: 9, map: "h", unit: 2, moment: 0 })
  assert.deepEqual(v.startAt({ t: "7", unit: null, map: null, moment: "x" }, at), { t: 0, map: "h", unit: 2, moment: 3 })
  assert.deepEqual(v.startAt({ t: 2.4, unit: 1, map: "h", moment: 99 }, at), { t: 2, map: "h", unit: 1, moment: 3 })
  assert.deepEqual(v.startAt({ t: NaN }, { T: 1, last: 0, maps: [] }), { t: 0, map: undefined, unit: undefined, moment: 0 })
})

test("nearest: the moment whose update is closest", () => {
  assert.equal(v.nearest([0, 10, 400], 12), 1)
  assert.equal(v.nearest([0, 10, 400], 9999), 2)
  assert.equal(v.nearest([], 3), 0)
})

test("fileName: words of any language, nothing a file system minds", () => {
  assert.equal(v.fileName(["rnn", "timeline", "lstm:16/../é ü*?"], "png"), "rnn-timeline-lstm-16-é-ü.png")
  assert.equal(v.fileName(["rnn", undefined, "///"], "svg"), "rnn.svg")
  assert.equal(v.fileName(["rnn", "x".repeat(300)], "svg").length, 84)
})

test("pixels of quantised values and of gradients are those of their numbers one by one", () => {
  const table = v.lut(["#000000", "#ffffff"])
  const data = Uint8Array.from([0, 100, 254, 255]), read = v.reader({ shape: [2, 2], data, range: [-2, 2] })
  const expected = [0, 1].flatMap(n => [0, 1].map(t => v.shade(read.at(0, t, n), [-1, 1], table)))
  assert.deepEqual([...v.pixels(read, 0, [0, 1], [-1, 1], table)], expected)
  const sizes = v.reader({ shape: [1, 4, 1], data: Float32Array.from([1e-9, 1e-8, 10, NaN]) })
  assert.deepEqual([...v.pixels(sizes, 7, [0], [1e-8, 10], table, { log: true })], [table[0], table[0], table[255], 0])
  const infinite = v.reader({ shape: [1, 2, 1], data: Float32Array.from([Infinity, -Infinity]) })
  assert.deepEqual([...v.pixels(infinite, 0, [0], [-1, 1], table)], [table[255], table[0]])
  assert.deepEqual([...v.pixels(infinite, 0, [], [-1, 1], table)], [])
})

test("SvgPen writes shapes, text and clips down, and escapes what a visitor wrote", () => {
  const pen = new v.SvgPen(100, 50, text => text.length * 5)
  pen.fillStyle = "red"
  pen.globalAlpha = .5
  pen.fillRect(1, 2, 3, 4.005)
  pen.save()
  pen.beginPath()
  pen.rect(0, 0, 10, 10)
  pen.clip()
  pen.globalAlpha = 1
  pen.beginPath()
  pen.moveTo(0, 0)
  pen.lineTo(5, 5)
  pen.arc(5, 5, 2, 0, 7)
  pen.setLineDash([5, 4])
  pen.stroke()
  pen.restore()
  pen.font = "italic 600 18px Source Serif"
  pen.textAlign = "right"
  pen.fillText('<b>&"x"', 3, 4)
  assert.equal(pen.measureText("abc").width, 15)
  const text = pen.drawing('"><script>')
  assert.match(text, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="100" height="50"/)
  assert.match(text, /<rect x="1" y="2" width="3" height="4(\.01)?" fill="red" fill-opacity="0\.5"\/>/)
  assert.match(text, /<g clip-path="url\(#seen1\)"><path d="M0,0L5,5M3,5a2,2 0 1 0 4,0a2,2 0 1 0 -4,0z"[^>]*stroke-dasharray="5 4"\/><\/g>/)
  assert.match(text, /font-family="Source Serif" font-size="18" font-weight="600" font-style="italic" text-anchor="end"[^>]*>&lt;b&gt;&amp;&quot;x&quot;<\/text>/)
  assert.ok(!text.includes("<script>"))
  assert.equal(pen.globalAlpha, .5, "restored")
})

test("SvgPen: few cells become rectangles, many an image", () => {
  const picture = (w, h) => ({
    width: w, height: h, toDataURL: () => "data:image/png;base64,AA==",
    getContext: () => ({ getImageData: (x, y, a, b) => ({ data: new Uint8ClampedArray(new Uint32Array(a * b).fill(0xff0000ff).buffer) }) }),
  })
  const small = new v.SvgPen(10, 10), large = new v.SvgPen(10, 10)
  small.drawImage(picture(4, 2), .5, 0, 2, 2, 0, 0, 20, 10)
  assert.equal(small.drawing("white").match(/fill="rgb\(255,0,0\)"/g).length, 6)
  assert.match(small.drawing("white"), /<rect x="0" y="0" width="5" height="5"/, "the first cell is cut at the edge")
  large.drawImage(picture(500, 128), 0, 0, 500, 128, 0, 0, 20, 10)
  assert.match(large.drawing("white"), /<image width="500" height="128"[^>]*href="data:image\/png/)
})

test("plainColour: mixed colours become ones that every program reads", () => {
  assert.equal(v.plainColour("color(srgb 1 0.5 0)"), "rgb(255, 128, 0)")
  assert.equal(v.plainColour("color(srgb 1 0 0 / 0.5)"), "rgba(255, 0, 0, 0.5)")
  assert.equal(v.plainColour("rgb(1, 2, 3)"), "rgb(1, 2, 3)")
})
