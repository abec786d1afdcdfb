// The graph in slow motion.
import { clamp, fixed, norm, visible } from "./numbers.js"
import { slowBeats, slowSay } from "./slow_motion.js"
import { icon, prose, put } from "./dom.js"
import { BASE } from "./view.js"

/** Walks through one update beat by beat. */
export const SlowMotion = Base => class extends Base {
  beats() { return slowBeats(this.T, { scored: this.scored, gradients: this.header.gradients, update: !!this.header.update }) }

  startSlow() {
    this.pause()
    this.goal = this.u = 1
    this.begin = undefined
    this.slow = { beats: this.beats(), i: 0, mode: this.mode }
    put(this.slower, "aria-pressed", true)
    this.slowBox.hidden = false
    for (const button of this.phases) button.hidden = !this.slow.beats.some(beat => beat.phase === button.dataset.phase)
    this.beatTo(0)
    this.labelPlay()
  }

  endSlow() {
    this.pause()
    const { mode } = this.slow
    this.slow = undefined
    put(this.slower, "aria-pressed", false)
    this.slowBox.hidden = true
    this.labelPlay()
    this.show(mode)
  }

  get beat() { return this.slow?.beats[this.slow.i] }

  beatTo(i) {
    const { slow } = this
    slow.i = clamp(i, 0, slow.beats.length - 1)
    slow.moving = true
    this.mode = ["backward", "update"].includes(this.beat.phase) ? "gradients" : "values"
    this.setTime(this.beat.t)
    slow.moving = false
    prose(this.story, slowSay(this.beat, this.facts(this.beat)))
    for (const button of this.phases) put(button, "aria-pressed", button.dataset.phase === this.beat.phase)
    this.nextPhase.disabled = this.beat.phase === slow.beats.at(-1).phase
    this.ask(BASE)
  }

  /** On to the first beat of the next phase. */
  jump() {
    const { slow } = this, next = slow.beats.findIndex((beat, i) => i > slow.i && beat.phase !== this.beat.phase)
    this.pause()
    if (next >= 0) this.beatTo(next)
  }

  /** The numbers of a beat's sentence. */
  facts({ phase, t }) {
    const { header } = this, [leave, enter] = header.carry[0] ?? [], out = this.nodes.filter(node => node.kind === "output" || node.tone === "prediction").at(-1)
    const few = (values, digits = 2) => values.slice(0, 3).map(v => fixed(v, digits)).join(", ") + (values.length > 3 ? " …" : "")
    const input = this.nodes.find(node => node.kind === "input"), update = header.update?.weights ? header.update : undefined
    const most = update && Object.entries(update.weights).reduce((a, b) => (b[1].moved ?? 0) > (a[1].moved ?? 0) ? b : a, ["", { moved: -1 }])
    const asked = header.shared.filter(weight => this.read[`asked:${weight.id}`]).reduce((a, b) => a && this.at(`asked:${a.id}`, t) >= this.at(`asked:${b.id}`, t) ? a : b, undefined)
    const label = visible(header.labels?.[this.nameOf(t)])
    return {
      t: this.nameOf(t), reads: input ? (label && Number.isNaN(Number(label.replace("−", "-"))) ? label : few(this.values(input.id, t))) : "", state: this.byId[leave]?.symbol ?? "its state",
      before: norm(this.values(enter, t)), after: norm(this.values(leave, t)), says: out ? few(this.values(out.id, t)) : "", loss: this.cost(t), count: this.scored.length,
      total: this.scored.reduce((sum, step) => sum + this.cost(step), 0), gradient: this.gradient(leave, t) ?? NaN, weight: asked ? asked.symbol : "", asked: asked ? this.at(`asked:${asked.id}`, t) : NaN,
      ...(phase === "update" && update ? { ...update, most: this.byId[most[0]]?.symbol ?? most[0], moved: most[1].moved ?? Infinity } : {}),
    }
  }

  play() {
    if (!this.slow) return super.play()
    if (this.slow.i >= this.slow.beats.length - 1) this.beatTo(0)
    this.playing = true
    this.shown = performance.now()
    this.labelPlay()
    this.ask(0)
  }

  advance(now) {
    if (!this.slow) return super.advance(now)
    const long = this.beat.phase === "update" || this.beat.all ? 3000 : clamp(9000 / this.T, 120, 900)
    if (now - this.shown < long / Number(this.speed.value)) return
    this.shown = now
    if (this.slow.i >= this.slow.beats.length - 1) this.pause()
    else this.beatTo(this.slow.i + 1)
  }

  labelPlay() {
    super.labelPlay()
    const words = this.playing ? "Pause" : "Play"
    this.slowPlay?.replaceChildren(icon(this.playing ? "pause" : "play"), words)
    if (this.slowPlay) put(this.slowPlay, "aria-label", `${words} slow motion`)
    if (this.story) put(this.story, "aria-live", this.playing ? "off" : "polite")
    this.buttons.play.hidden = !!this.slow
  }
}
