// The graph: the unrolled network.
import { reader } from "./payload.js"
import { amount, clamp } from "./numbers.js"
import { cssColour, shade } from "./colours.js"
import { keyStep } from "./time.js"
import { PHASES } from "./slow_motion.js"
import { html, put, svg } from "./dom.js"
import { BASE, View } from "./view.js"
import { SlowMotion } from "./graph_slow.js"
import { GraphPainting } from "./graph_paint.js"
import { GraphCard } from "./graph_card.js"

export class GraphView extends GraphCard(GraphPainting(SlowMotion(View))) {
  constructor(box, host) {
    super(box, host)
    Object.assign(this, { u: 1, goal: 1, mode: "values", node: undefined, fan: undefined, unit: 0, cell: [0, 0], scrolled: 0, boxes: new Map(), open: [], rails: [] })
    this.shape = this.choice("Shape", [["rolled", "Rolled"], ["unrolled", "Unrolled"]], value => this.unroll(value === "unrolled"))
    this.what = this.choice("Shown", [["values", "Values"], ["gradients", "Gradients"]], value => this.show(value))
    this.slower = html("button", { type: "button", class: "slower", "aria-pressed": "false", text: "Slow motion" })
    this.bar.append(html("span", { class: "spacer" }), this.slower, this.shape.box, this.what.box)
    this.story = html("p", { class: "say", "aria-live": "polite" })
    this.phases = PHASES.map(([phase, text]) => html("button", { type: "button", text, "data-phase": phase }))
    this.slowPlay = html("button", { type: "button", class: "play" })
    this.nextPhase = html("button", { type: "button", text: "Next phase" })
    this.slowBox = html("div", { class: "slow", role: "group", "aria-label": "Slow motion", hidden: true },
      html("div", { class: "bar" }, this.slowPlay, this.nextPhase, html("div", { class: "choice", role: "group", "aria-label": "Phase" }, ...this.phases)), this.story)
    this.editBox = html("div", { class: "edits", hidden: true })
    this.main.before(this.slowBox, this.editBox)
    this.stage.classList.add("graph")
    this.svg = svg("svg", { role: "group", "aria-label": "graph of the network's steps" })
    this.scroller = html("div", { class: "scroller" }, this.svg)
    this.stage.append(this.scroller)
    this.listen(this.scroller, "scroll", () => { if (this.scroller.scrollLeft !== this.scrolled) { this.scrolled = this.scroller.scrollLeft; this.placeShelf() } })
    this.listen(this.svg, "keydown", event => this.key(event))
    this.listen(this.svg, "click", event => this.click(event))
    this.listen(this.slower, "click", () => this.slow ? this.endSlow() : this.startSlow())
    this.listen(this.slowPlay, "click", () => this.playing ? this.pause() : this.play())
    this.listen(this.nextPhase, "click", () => this.jump())
    for (const button of this.phases) this.listen(button, "click", () => { this.pause(); this.beatTo(this.slow.beats.findIndex(beat => beat.phase === button.dataset.phase)) })
    for (const [type, on] of [["pointerover", true], ["pointerout", false]]) this.listen(this.svg, type, event => this.hover(event, on))
  }

  choice(label, options, act) {
    const buttons = options.map(([value, text]) => html("button", { type: "button", text, "data-value": value }))
    const box = html("div", { class: "choice", role: "group", "aria-label": label }, ...buttons)
    for (const button of buttons) this.listen(button, "click", () => act(button.dataset.value))
    return { box, set(value) { for (const b of buttons) put(b, "aria-pressed", b.dataset.value === value) } }
  }

  place() { return { t: this.t, node: this.node, rolled: this.goal === 0 } }

  kept() { return { ...this.place(), unit: this.unit, cell: this.cell, mode: this.mode } }

  pick(extra) { super.pick({ t: this.nameOf(this.t), ...extra }) }

  get pace() { return 700 }

  /** The step's place in the sequence, and which way its pass runs. */
  nameOf(t) { return this.header.reverse ? this.T - 1 - t : t }

  get way() { return this.header.reverse ? -1 : 1 }

  update({ header, arrays }) {
    const known = this.header?.key === header.key, from = known ? this.kept() : this.recall(header)
    this.header = header
    this.read = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, reader(array)]))
    this.T = header.T
    this.nodes = [...header.nodes].sort((a, b) => a.x - b.x || a.y - b.y)
    this.all = [...this.nodes, ...header.shared]
    this.byId = Object.fromEntries(this.all.map(node => [node.id, node]))
    this.t = clamp(from.t ?? 0, 0, this.T - 1)
    this.node = this.byId[from.node] ? from.node : (header.carry[0]?.[0] ?? this.nodes.at(-1)?.id)
    Object.assign(this, { unit: from.unit ?? 0, cell: from.cell ?? [0, 0] })
    if (!known) {
      this.u = this.goal = from.rolled ? 0 : 1
      this.mode = from.mode ?? this.mode
      if (this.slow) this.endSlow()
    }
    this.what.box.hidden = !header.gradients
    if (!header.gradients) this.mode = "values"
    this.scored = Array.from({ length: this.T }, (_, t) => t).filter(t => Number.isFinite(this.cost(t)))
    this.fillEdits()
    if (this.slow) this.slow = { ...this.slow, beats: this.beats() }
    this.retheme()
  }

  // numbers

  at(name, t, n) { return this.read[name]?.at(0, t, n) }

  values(id, t = this.t, kind = "value") {
    const read = this.read[`${kind}:${id}`]
    return read && t >= 0 && t < this.T ? Array.from({ length: read.N }, (_, n) => read.at(0, t, n)) : []
  }

  gradient(id, t = this.t) { return this.at(`gradient:${id}`, t) }

  /** What an edge sends back is what arrives at its reader. */
  backward(id, t) { return this.mode === "gradients" ? this.gradient(id, t) : undefined }

  cost(t) { return this.at("loss", t) }

  costName(t) { return Number.isFinite(this.cost(t)) ? `${this.slow ? "L" : "loss"} ${amount(this.cost(t))}` : "" }

  colour(node, t, n) { return cssColour(shade(this.at(`value:${node.id}`, t, n), node.range, this.theme.scale[node.scale])) }

  changed(id, t) {
    const was = this.read[`before:${id}`]
    if (!was) return false
    for (let n = 0; n < was.N; n++) if (Math.abs(was.at(0, t, n) - this.at(`value:${id}`, t, n)) > 1e-6) return true
    return false
  }

  // events

  timeMoved() { this.ask(BASE) }

  setTime(t, tell) {
    const { slow } = this
    if (!slow || slow.moving) return super.setTime(t, tell)
    const wanted = clamp(Math.round(t), 0, this.T - 1), i = slow.beats.findIndex(beat => beat.phase === slow.beats[slow.i].phase && beat.t === wanted)
    if (i >= 0) this.beatTo(i)
  }

  show(mode) {
    this.mode = mode
    this.remember()
    this.ask(BASE)
  }

  choose(id, t = this.t) {
    if (this.byId[id] && id !== this.node) Object.assign(this, { node: id, unit: 0, cell: [0, 0], complaint: undefined })
    this.setTime(t)
    this.remember()
    this.ask(BASE)
  }

  unroll(open) {
    this.goal = open ? 1 : 0
    this.remember()
    this.begin = { at: performance.now(), from: this.u }
    this.ask(BASE)
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const t = keyStep(event.key, this.t, this.T, event.shiftKey), line = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (t !== null) { this.pause(); this.setTime(t) }
    else if (line) this.choose(this.all[clamp(this.all.indexOf(this.byId[this.node]) + line, 0, this.all.length - 1)].id)
    else if (event.key === " ") this.playing ? this.pause() : this.play()
    else if (event.key === "Enter") this.slow ? this.jump() : this.pick()
    else return
    this.focus = true
    event.preventDefault()
    event.stopPropagation()
  }

  click(event) {
    const target = event.target.closest("[data-node], [data-t]")
    if (!target) return
    this.pause()
    this.focus = true
    const t = target.dataset.t === undefined ? this.t : Number(target.dataset.t)
    this.choose(target.dataset.node, t)
    if (target.dataset.node) this.pick()
  }

  hover(event, on) {
    const target = event.target.closest?.("[data-node]"), id = target?.dataset.node, weight = this.byId[id]?.kind === "parameter"
    const fan = on && weight ? id : undefined, over = on && id && !weight ? { id, t: Number(target.dataset.t) } : undefined
    if (fan !== this.fan) { this.fan = fan; this.paintFans() }
    if (over?.id !== this.over?.id || over?.t !== this.over?.t) {
      this.over = over
      for (const fold of this.open) if (fold.g.isConnected) fold.label()
    }
  }
}
