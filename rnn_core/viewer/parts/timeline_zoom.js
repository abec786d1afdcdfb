// The timeline magnified.
import { clamp } from "./numbers.js"
import { FEWEST, fitSpan, isSeen, isWhole, panSpan, zoomSpan } from "./time.js"
import { BASE, CURSOR } from "./view.js"

/** Magnifies the time axis. */
export const Zooming = Base => class extends Base {
  setSpan(span) {
    if (span[0] === this.span[0] && span[1] === this.span[1]) return
    this.span = span
    this.ask(BASE | CURSOR)
    this.remember()
    this.announce(this.spanText())
  }

  spanText() {
    const first = Math.max(0, Math.ceil(this.span[0])), last = Math.min(this.T, Math.floor(this.span[1])) - 1
    return isWhole(this.span, this.T) ? `all ${this.T} steps are shown` : `steps ${first} to ${last} of ${this.T - 1} are shown`
  }

  /** Closer or wider around the cursor, or around the middle when the cursor is out of sight. */
  zoomBy(factor) {
    const at = isSeen(this.span, this.t) ? this.t + .5 : undefined
    this.setSpan(fitSpan(zoomSpan(this.span, this.T, factor, at).map(Math.round), this.T))
  }

  wheel(event) {
    const [x] = this.local(event), { left, cell } = this.layout ?? {}
    if (!cell || this.T <= FEWEST) return
    if (event.ctrlKey || event.metaKey) this.setSpan(zoomSpan(this.span, this.T, Math.exp(clamp(event.deltaY, -60, 60) * .012), this.span[0] + (x - left) / cell))
    else {
      const by = event.shiftKey ? event.deltaX || event.deltaY : Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : 0
      if (!by || isWhole(this.span, this.T)) return
      this.setSpan(panSpan(this.span, this.T, by / cell))
    }
    event.preventDefault()
  }

  miniTo(event) {
    const box = this.mini.getBoundingClientRect(), at = (event.clientX - box.left - this.layout.left) / this.layout.plot * this.T, half = (this.span[1] - this.span[0]) / 2
    this.setSpan(fitSpan([at - half, at + half], this.T))
  }

  miniKey(event) {
    const width = this.span[1] - this.span[0], by = { ArrowRight: .1, ArrowLeft: -.1, PageUp: .9, PageDown: -.9, Home: -Infinity, End: Infinity }[event.key]
    if (by !== undefined) this.setSpan(panSpan(this.span, this.T, clamp(by * width, -this.T, this.T)))
    else if (!this.zoomKey(event)) return
    event.preventDefault()
  }

  zoomKey({ key }) {
    const factor = { "+": .5, "=": .5, "-": 2, "−": 2 }[key]
    if (factor) this.zoomBy(factor)
    return factor
  }
}
