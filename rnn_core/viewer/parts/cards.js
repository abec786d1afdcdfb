// The parts of a card.
import { fixed } from "./numbers.js"
import { html, inTone, letter, write } from "./dom.js"

/** An equation in coloured letters. */
export function equationLetters(equation) {
  return html("div", { class: "eq" }, ...equation.terms.map(term => term.s ? letter(term) : term.op))
}

/** The same equation with the numbers of one unit in place of the letters; returns the line and a function that fills it. */
export function equationNumbers(equation, valueOf) {
  const slots = []
  const kids = equation.terms.map(term => {
    if (!term.s) return term.op.replaceAll("⊙", "·").replaceAll(" · ", "·")
    const slot = html("span", { style: inTone(term.tone) })
    slots.push([slot, term])
    return slot
  })
  const line = html("div", { class: "num" }, ...kids)
  return { line, refresh() { for (const [slot, term] of slots) write(slot, fixed(valueOf(term))) } }
}

export function colourKey(key) {
  return html("div", { class: "key" }, key.title, html("div", { class: "ramp", style: `background: var(--scale-${key.scale})` }),
    html("div", { class: "ends" }, ...key.ends.map(text => html("span", { text }))), ...(key.note ? [key.note] : []))
}

export function tryLinks(list, go) {
  const lines = list.map(({ say, label, set }) => {
    const button = html("button", { type: "button", class: "link", text: label })
    button.onclick = () => go(set)
    return html("p", {}, say + " ", button)
  })
  return html("div", { class: "try" }, html("b", { text: "Try" }), ...lines)
}
