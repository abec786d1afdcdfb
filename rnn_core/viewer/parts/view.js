// What the timeline and the graph share.
import { clamp, fileName } from "./numbers.js"
import { paceOf, stepsDue } from "./time.js"
import { html, icon } from "./dom.js"
import { download, serialised } from "./pen.js"
import { readTheme } from "./theme.js"

/** Survives remounts and is one for all copies of this module on a page (anywidget makes a fresh module per widget). */
const common = globalThis[Symbol.for("rnn-core.viewer")] ??= { memory: new Map(), bus: new EventTarget() }

export const CURSOR = 1, BASE = 2, BITMAP = 4, ALL = 7
export const SPEEDS = [.5, 1, 2, 4], QUIET = 250
const OURS = new Set([" ", "Enter", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"])

/** One animation frame at a time, one time cursor, one transport bar: the part that the timeline and the graph have in common. */
export class View {
  constructor(box, host) {
    Object.assign(this, { box, host, t: 0, T: 1, playing: false, pending: 0, request: 0, shown: 0, ending: new AbortController() })
    this.probe = html("span", { class: "unseen", "aria-hidden": "true" })
    this.say = html("output", { class: "unseen", "aria-live": "polite" })
    this.buttons = {
      home: html("button", { type: "button", "aria-label": "To the first step", title: "To the first step" }, icon("home")),
      play: html("button", { type: "button", class: "play" }, icon("play"), "Play"),
      back: html("button", { type: "button", "aria-label": "One step back", title: "One step back" }, icon("back")),
      on: html("button", { type: "button", "aria-label": "One step on", title: "One step on" }, icon("on")),
    }
    this.speed = html("select", { class: "speed", "aria-label": "Speed", title: "Speed of Play" }, ...SPEEDS.map(value => html("option", { value, text: (value === .5 ? "½" : value) + "×" })))
    this.speed.value = common.speed ?? 1
    this.menu = this.saveMenu()
    this.bar = html("div", { class: "bar", role: "group", "aria-label": "Time" }, ...Object.values(this.buttons), this.speed, this.menu)
    this.card = html("div", { class: "card" })
    this.stage = html("div", { class: "stage" })
    this.main = html("div", { class: "main" }, this.stage, this.card)
    box.append(this.bar, this.main, this.say, this.probe)
    const press = { home: () => this.setTime(0), back: () => this.setTime(this.t - 1), on: () => this.setTime(this.t + 1), play: () => this.playing ? this.pause() : this.play() }
    for (const [name, act] of Object.entries(press)) this.listen(this.buttons[name], "click", () => { if (name !== "play") this.pause(); act() })
    this.listen(this.speed, "change", () => { common.speed = Number(this.speed.value) })
    this.listen(box, "keydown", event => { if (OURS.has(event.key)) event.stopPropagation() })
    this.listen(box, "focusin", ({ target }) => { target.setAttribute("data-lm-suppress-shortcuts", "true") })
    this.still = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)")
    this.listen(common.bus, "cursor", ({ detail }) => { if (detail.from !== this && this.header?.link && detail.link === this.header.link) this.setTime(detail.t, false) })
    const dusk = globalThis.matchMedia?.("(prefers-color-scheme: dark)")
    if (dusk) this.listen(dusk, "change", () => this.retheme())
    this.listen(box, "animationstart", ({ animationName }) => { if (animationName === "rnn-styled") this.retheme() })
    this.watchTheme = new MutationObserver(() => this.retheme())
    this.watchTheme.observe(document.body, { attributes: true, attributeFilter: ["class", "data-jp-theme-light", "data-vscode-theme-kind"] })
    this.watchSize = new ResizeObserver(() => { if (this.header && this.stage.clientWidth !== this.width) this.ask(ALL) })
    this.watchSize.observe(this.stage)
  }

  get calm() { return this.still?.matches ?? false }

  listen(target, type, act, options) { target.addEventListener(type, act, { signal: this.ending.signal, ...options }) }

  ask(bits) {
    this.pending |= bits
    if (!this.request && !this.ending.signal.aborted) this.request = requestAnimationFrame(now => this.frame(now))
  }

  frame(now) {
    this.request = 0
    if (this.playing) this.advance(now)
    const bits = this.pending
    this.pending = 0
    if (bits) this.paint(bits)
    if (this.playing) this.ask(0)
  }

  advance(now) {
    const due = stepsDue(now - this.shown, paceOf(this.T, { pace: this.pace, calm: this.calm, speed: Number(this.speed.value) }))
    if (!due) return
    this.shown = now
    if (this.t >= this.T - 1) this.pause()
    else this.setTime(this.t + due)
  }

  play() {
    if (this.t >= this.T - 1) this.setTime(0)
    this.playing = true
    this.shown = performance.now()
    this.labelPlay()
    this.ask(0)
  }

  pause() {
    if (!this.playing) return
    this.playing = false
    this.labelPlay()
    this.ask(CURSOR)
  }

  labelPlay() { this.buttons.play.replaceChildren(icon(this.playing ? "pause" : "play"), this.playing ? "Pause" : "Play") }

  setTime(t, tell = true) {
    const next = clamp(Math.round(t), 0, this.T - 1)
    if (next === this.t) return
    this.t = next
    this.timeMoved?.()
    this.ask(CURSOR)
    this.remember()
    if (tell && this.header.link) common.bus.dispatchEvent(new CustomEvent("cursor", { detail: { link: this.header.link, t: next, from: this } }))
  }

  remember() { if (this.header?.key) common.memory.set(this.header.key, this.memory()) }

  /** What is remembered under the key: at least the place that a pick reports. */
  memory() { return this.place() }

  /** Where the cursor stood under this key before, else where the payload says it should start. */
  recall(header) { return common.memory.get(header.key) ?? header.start ?? {} }

  pick(extra) { this.host.emit("pick", { ...this.place(), ...extra }) }

  /** Said once things have come to rest: nothing while playing or dragging, only the last of many. */
  announce(text) {
    this.news = text
    this.telling ??= setTimeout(() => {
      this.telling = undefined
      if (!this.playing && this.say.textContent !== this.news) this.say.textContent = this.news
    }, QUIET)
  }

  saveMenu() {
    const button = (kind, text) => {
      const made = html("button", { type: "button", text })
      this.listen(made, "click", () => { menu.open = false; this.save(kind).catch(() => this.announce("The browser could not make this picture.")) })
      return made
    }
    const menu = html("details", { class: "menu" }, html("summary", { "aria-label": "Take the picture away", title: "Take the picture away" }, icon("save")),
      html("div", { role: "group", "aria-label": "Take the picture away" }, button("png", "Picture (PNG)"), button("svg", "Drawing (SVG)")))
    this.listen(menu, "focusout", ({ relatedTarget }) => { if (!menu.contains(relatedTarget)) menu.open = false })
    this.listen(menu, "keydown", event => {
      if (event.key !== "Escape" || !menu.open) return
      menu.open = false
      menu.firstChild.focus()
      event.stopPropagation()
    })
    return menu
  }

  /** The picture as SVG text. */
  drawing() { return serialised(this.stage.querySelector("svg"), this.theme.paper) }

  /** The picture in pixels, twice as fine as on paper: a canvas. */
  async pixels() {
    const image = new Image(), source = URL.createObjectURL(new Blob([this.drawing()], { type: "image/svg+xml" }))
    image.src = source
    await image.decode()
    URL.revokeObjectURL(source)
    const canvas = html("canvas", { width: 2 * image.width, height: 2 * image.height })
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
    return canvas
  }

  async save(kind) {
    const canvas = kind === "png" ? await this.pixels() : undefined
    const blob = canvas ? await new Promise(done => canvas.toBlob(done, "image/png")) : new Blob([this.drawing()], { type: "image/svg+xml" })
    const name = fileName(["rnn", this.header.view, this.header.key], kind)
    if (blob) download(blob, name)
    this.announce(blob ? `${name} was handed to the browser's downloads.` : "This picture is too large for the browser to save.")
  }

  retheme() {
    if (!this.header) return
    this.theme = readTheme(this.box, this.probe, this.header.palette)
    this.ask(ALL)
  }

  destroy() {
    this.remember()
    this.playing = false
    this.ending.abort()
    this.watchSize.disconnect()
    this.watchTheme.disconnect()
    clearTimeout(this.telling)
    cancelAnimationFrame(this.request)
    this.request = 0
    this.box.replaceChildren()
  }
}
