// The card beside the timeline.
import { fixed, scientific } from "./numbers.js"
import { sentence } from "./words.js"
import { html, inTone, prose, write } from "./dom.js"
import { colourKey, equationLetters, equationNumbers, tryLinks } from "./cards.js"
import { FLOOR } from "./timeline_rows.js"

/** Tells about the selected unit at the cursor. */
export const TimelineCard = Base => class extends Base {
  buildCard() {
    const map = this.mapRow, card = map?.card ?? this.header.card ?? {}, wide = this.maps.length > 1
    this.headText = html("span")
    this.head = html("h4", {}, this.headText, ...(wide ? [html("span", { class: "where", text: ` · ${map.symbol} ${map.title}` })] : []))
    this.sentence = html("p", { class: "say" })
    this.note = html("p", { class: "note" })
    this.slots = []
    const valueOf = term => this.value(term.array)
    const shown = [], folded = []
    for (const equation of card.equations ?? []) {
      if (equation.numbers) {
        const { line, refresh } = equationNumbers(equation, valueOf)
        this.slots.push(refresh)
        shown.push(equationLetters(equation), line)
      } else {
        const value = html("span", { class: "num", style: inTone(equation.tone) })
        this.slots.push(() => { write(value, equation.array ? fixed(this.value(equation.array)) : "") })
        ;(equation.main ? shown : folded).push(html("div", { class: "made" }, equationLetters(equation), value))
      }
    }
    this.equations = html("div", { class: "equations" }, ...shown)
    if (folded.length) {
      const details = html("details", { open: this.unfolded ?? !shown.length }, html("summary", { text: shown.length ? "How the other letters are made" : "How the letters are made" }), ...folded)
      details.addEventListener("toggle", () => { this.unfolded = details.open })
      this.equations.append(details)
    }
    this.card.replaceChildren(this.brushBox, this.head, this.sentence, this.equations, this.note)
    if (card.gradient) this.equations.append(this.gradientLine(card.gradient, map.symbol))
    if (map?.key) this.card.append(colourKey(map.key))
    if (card.below) this.card.append(colourKey(card.below))
    if (this.header.try?.length) this.card.append(tryLinks(this.header.try, set => { this.pause(); this.set(set) }))
  }

  /** How much of the error reaches the state, and this unit, at the cursor. */
  gradientLine({ norm, unit, others }, symbol) {
    const say = html("p", { class: "say back" })
    this.slots.push(() => {
      const size = this.value(norm, this.t, 0), own = unit && this.value(unit), also = others.map(one => `, ${one.symbol} with ${scientific(this.value(one.array, this.t, 0) ?? NaN)}`)
      prose(say, [["The error reaches " + symbol + " with "], [scientific(size ?? NaN), true], [also.join("")], [own === undefined ? "" : `; this unit with ${scientific(own)}`], [size < FLOOR ? ": too small to teach anything." : "."]])
    })
    return say
  }

  fillCard() {
    const map = this.mapRow, memory = map?.card?.memory ?? {}
    write(this.headText, map ? `Unit ${this.unit} at t = ${this.t}` : `Step t = ${this.t}`)
    const late = memory.keep && !this.known(memory.keep)
    if (map) {
      const gate = name => name && !late ? this.value(name) : undefined
      prose(this.sentence, sentence({
        keep: gate(memory.keep), write: gate(memory.write), candidate: gate(memory.candidate), noun: memory.noun, bounded: memory.bounded,
        value: this.value(map.array), before: this.t ? this.value(map.array, this.t - 1) : undefined,
      }))
    }
    const dim = this.layout.rows.some(({ row }) => this.dimmed(row)) || (map?.card?.equations ?? []).some(e => e.array && !this.known(e.array))
    this.equations.hidden = dim
    this.note.hidden = !dim
    if (dim) write(this.note, `After update ${this.moments[this.moment].toLocaleString("en")} only the bright rows are kept on the tape; the dimmed ones belong to update ${this.moments[this.full].toLocaleString("en")}.`)
    if (!dim) for (const refresh of this.slots) refresh()
  }
}
