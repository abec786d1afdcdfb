// The card beside the graph, and the numbers edited in it.
import { asNumber, clamp, decimals, exact, fixed, percent, sample, scientific } from "./numbers.js"
import { shade } from "./colours.js"
import { describeNode } from "./words.js"
import { takenApart } from "./sums.js"
import { html, inTone, letter, prose, put, write } from "./dom.js"
import { CURSOR } from "./view.js"
import { colourKey, equationLetters, equationNumbers } from "./cards.js"

const BARS = 64

/** Tells about the chosen node or weight, and takes edits. */
export const GraphCard = Base => class extends Base {
  /** What was edited, with the way back. */
  fillEdits() {
    const { edits } = this.header
    this.editBox.hidden = !edits.length
    if (!edits.length) return
    const undo = (text, what) => {
      const button = html("button", { type: "button", class: "link", text })
      button.onclick = () => this.pick({ undo: what })
      return button
    }
    this.editBox.replaceChildren(html("span", { class: "mark", "aria-hidden": "true" }), html("span", {}, html("b", { text: "Edited: " }), edits.map(edit => edit.say).join("; "), ". Changed numbers bear a corner."),
      undo("Undo the last", "last"), ...(edits.length > 1 ? [undo("Undo all edits", "all")] : []))
  }

  /** A number field that asks Python to change one number; what is no number is refused here, and the text stays. */
  editField(label, value, edit) {
    const field = html("input", { type: "text", inputmode: "decimal", value, size: 9, "aria-label": label, spellcheck: "false", autocomplete: "off" })
    const why = html("p", { class: "why", role: "alert", hidden: this.complaint?.label !== label, text: this.complaint?.text ?? "" })
    field.addEventListener("input", () => { field.dataset.typed = field.value })
    field.addEventListener("keydown", event => {
      if (event.key !== "Enter") return
      const read = asNumber(field.value)
      this.complaint = read.why ? { label, text: read.why } : undefined
      why.hidden = !read.why
      why.textContent = read.why ?? ""
      if (read.why) { field.select(); return }
      delete field.dataset.typed
      this.pick({ edit: { ...edit(), value: read.value } })
    })
    return { field, box: html("label", { class: "edit" }, html("span", { text: label }), field, html("span", { class: "hint", text: "Enter sets it" })), why }
  }

  /** The card of a node is made once; while the cursor moves only its numbers change. */
  fillCard() {
    const node = this.byId[this.node]
    if (!node) return
    const stamp = [node.id, this.mode, this.theme.mode].join(), moment = [this.t, this.unit, this.cell].join()
    if (stamp !== this.stamp || this.carded !== this.header) {
      Object.assign(this, { stamp, carded: this.header, fresh: [] })
      const head = html("h4", {}, html("span", { class: "eq inline" }, letter({ s: node.symbol, sub: node.sub, tone: node.tone })), " ", node.title)
      const active = this.box.getRootNode().activeElement, field = this.card.contains(active) ? active.getAttribute("aria-label") : undefined, draft = active?.dataset.typed
      this.refocus = field && (() => {
        const again = [...this.card.querySelectorAll("input")].find(one => one.getAttribute("aria-label") === field)
        again?.focus()
        if (again && draft !== undefined) again.value = again.dataset.typed = draft
      })
      this.card.replaceChildren(head, ...(node.kind === "parameter" ? this.weightCard(node) : this.valueCard(node)))
    } else if (moment === this.momentOf) return
    this.momentOf = moment
    for (const refresh of this.fresh) refresh()
    this.refocus?.()
    this.refocus = undefined
    this.announce(describeNode(node, this.nameOf(this.t), this.T, this.values(node.id), this.gradient(node.id)))
  }

  weightCard(node) {
    const say = html("p", { class: "say" }), T = this.T
    prose(say, [["The same "], [node.shape, true], [" numbers at every step: used "], [`${T} times`, true], [". Its gradient is the sum of what all those uses ask for."]])
    const readers = node.readers.map(id => this.byId[id]).filter(Boolean)
    const line = html("p", { class: "say" }, "Read by ", ...readers.flatMap((r, i) => [i ? ", " : "", html("span", { class: "eq inline" }, letter({ s: r.symbol, sub: r.sub, tone: r.tone }))]), `. Values from ${fixed(node.span[0])} to ${fixed(node.span[1])}.`)
    return [say, ...this.askedPart(node), line, ...this.planPart(node), ...this.matrixPart(node)]
  }

  /** What every step asks of a weight, one bar a step, and their sum beside the gradient of the weight. */
  askedPart(node) {
    const read = this.read[`asked:${node.id}`]
    if (!read) return []
    const sizes = Array.from({ length: this.T }, (_, t) => read.at(0, t)), all = sizes.reduce((a, b) => a + b, 0)
    const { picture, paint } = this.barCanvas(sizes.length, t => sizes[t], () => this.t, "gradient", t => { this.pause(); this.setTime(t) }, [0, Math.max(1e-30, ...sizes.filter(Number.isFinite))])
    const here = html("div", { class: "where small" }), sum = html("p", { class: "say back" })
    picture.setAttribute("aria-label", `gradient of ${node.symbol} at each of ${this.T} steps`)
    this.fresh.push(() => { paint(); write(here, `at step ${this.nameOf(this.t)}: ‖∂L/∂${node.symbol}‖ = ${scientific(sizes[this.t])}`) })
    const cancel = Number.isFinite(node.sum) && node.sum < .5 * all ? ` The sizes alone would make ${all.toPrecision(3)}: the steps partly cancel.` : ""
    if (Number.isFinite(node.sum)) prose(sum, [["Their sum has size "], [node.sum.toPrecision(4), true], [", the gradient of the weight "], [node.total.toPrecision(4), true], [": "], ["their sum is the gradient of the weight.", true], [cancel]])
    return [picture, here, sum]
  }

  /** What the next update will do to a weight. */
  planPart(node) {
    const { update } = this.header, plan = update?.weights?.[node.id]
    if (!update) return []
    const say = html("p", { class: "say" })
    prose(say, plan ? [[`Update ${update.number.toLocaleString("en")} would move it by `], [percent(plan.moved ?? Infinity), true], [` of its size (${update.rule}, on its own batch of ${update.rows}).`]] : [[update.why ?? "The next update does not touch it."]])
    return [say]
  }

  /** The numbers of a weight as a picture of squares; one of them can be chosen, and set. */
  matrixPart(node) {
    const read = this.read[`weight:${node.id}`]
    if (!read) return []
    const rows = node.flat ? 1 : read.T, columns = node.flat ? read.T : read.N, at = (r, c) => node.flat ? read.at(0, c, 0) : read.at(0, r, c)
    const size = Math.max(Math.abs(node.span[0]), Math.abs(node.span[1]), 1e-9), w = 246, h = clamp(rows / columns * w, rows > 1 ? 40 : 16, 160)
    const canvas = html("canvas", { class: "matrix", width: columns, height: rows, role: "img", "aria-label": `the ${node.shape} numbers of ${node.symbol}`, style: `height: ${h}px` }), ring = html("span", { class: "ring" })
    const picture = new ImageData(columns, rows), words = new Uint32Array(picture.data.buffer)
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) words[r * columns + c] = shade(at(r, c), [-size, size], this.theme.scale.div)
    canvas.getContext("2d").putImageData(picture, 0, 0)
    canvas.onclick = event => {
      const box = canvas.getBoundingClientRect()
      this.cell = [clamp(Math.floor((event.clientY - box.top) / box.height * rows), 0, rows - 1), clamp(Math.floor((event.clientX - box.left) / box.width * columns), 0, columns - 1)]
      this.ask(CURSOR)
    }
    const where = (name, k, most) => {
      const field = html("input", { type: "number", min: 0, max: most - 1, step: 1, "aria-label": `${name} of ${node.symbol}` })
      field.onchange = () => { this.cell = this.cell.with(k, clamp(Math.round(Number(field.value) || 0), 0, most - 1)); this.ask(CURSOR) }
      return field
    }
    const row = where("row", 0, rows), column = where(node.flat ? "place" : "column", 1, columns), value = html("b"), was = html("span", { class: "was" })
    const edit = this.header.editable.includes(node.id) ? this.editField(`set ${node.symbol} to`, "", () => ({ node: node.id, unit: this.cell[0] * columns + this.cell[1], t: null })) : undefined
    this.fresh.push(() => {
      const [r, c] = this.cell = [clamp(this.cell[0], 0, rows - 1), clamp(this.cell[1], 0, columns - 1)], old = this.header.edits.find(one => one.node === node.id && one.unit === r * columns + c)
      Object.assign(row, { value: r })
      Object.assign(column, { value: c })
      write(value, exact(at(r, c), 4))
      write(was, old ? `before: ${exact(old.was, 4)}` : "")
      ring.style.cssText = `left: ${c / columns * 100}%; top: ${r / rows * 100}%; width: ${100 / columns}%; height: ${100 / rows}%`
      if (edit && this.box.getRootNode().activeElement !== edit.field) edit.field.value = exact(at(r, c), 4)
    })
    const index = html("div", { class: "pickers" }, html("span", { class: "eq inline" }, letter({ s: node.symbol, tone: "shared" })), "[", ...(node.flat ? [column] : [row, ", ", column]), "] = ", value, " ", was)
    return [html("div", { class: "squares" }, canvas, ring), index, ...(edit ? [edit.box, edit.why] : [])]
  }

  valueCard(node) {
    const when = html("p", { class: "say" }), kids = [when], many = node.size > 1
    this.fresh.push(() => {
      this.unit = clamp(this.unit, 0, Math.max(0, (this.read[`value:${node.id}`]?.N ?? 1) - 1))
      write(when, `at step t = ${this.nameOf(this.t)}` + (many ? `, ${node.size} numbers` : "") + (this.header.reverse ? "; this pass starts at the end, so what it calls t−1 is the next step" : ""))
    })
    if (this.read[`value:${node.id}`]) kids.push(...this.unitPart(node))
    if (node.equation) kids.push(equationLetters(node.equation))
    if (node.sum && node.sum.addends.some(addend => addend.weight)) kids.push(this.sumPart(node))
    else if (node.equation?.numbers) {
      const { line, refresh } = equationNumbers(node.equation, term => this.at(term.array, this.t, this.unit))
      const result = html("div", { class: "num result" })
      this.fresh.push(refresh, () => write(result, `= ${fixed(this.at(`value:${node.id}`, this.t, this.unit), 3)}`))
      kids.push(line, result)
    }
    if (node.line) kids.push(html("pre", { class: "line", tabindex: 0, "aria-label": "line of the program" }, html("code", { text: node.line })))
    if (this.header.gradients) {
      const say = html("p", { class: "say back" })
      this.fresh.push(() => {
        const back = this.gradient(node.id)
        say.hidden = back === undefined
        if (back !== undefined) prose(say, [["‖∂L/∂" + node.symbol + "‖ = "], [scientific(back), true], [back < 1e-6 ? ": too small to teach anything." : " arrives here from the error."]])
      })
      kids.push(say)
    }
    kids.push(this.mode === "gradients" ? colourKey({ title: "size of the gradient, fixed log scale", scale: "grad", ends: ["1e−8", "1e−4", "10"], note: "arrows point the way the error travels" })
      : colourKey({ title: `${node.title || "value"}, fixed scale`, scale: node.scale, ends: node.scale === "seq" ? ["0", "1"] : ["−" + node.range[1], "0", "+" + node.range[1]] }))
    return kids
  }

  /** The numbers of a node as bars; one unit is chosen, its number told, and set where it is the visitor's to set. */
  unitPart(node) {
    const read = this.read[`value:${node.id}`], shown = sample(read.N, BARS), now = html("b"), was = html("span", { class: "was" }), kids = []
    const { picture, paint } = this.barCanvas(shown.length, i => read.at(0, this.t, shown[i]), () => shown.indexOf(this.unit), node.tone, i => { this.unit = shown[i]; this.ask(CURSOR) }, node.range, i => this.at(`before:${node.id}`, this.t, shown[i]))
    const field = html("input", { type: "number", min: 0, max: read.N - 1, step: 1, "aria-label": `unit of ${node.symbol}` })
    field.onchange = () => { this.unit = clamp(Math.round(Number(field.value) || 0), 0, read.N - 1); this.ask(CURSOR) }
    const edit = this.header.editable.includes(node.id) ? this.editField(`set ${node.symbol} at this step to`, "", () => ({ node: node.id, unit: this.unit, t: this.nameOf(this.t) })) : undefined
    this.fresh.push(() => {
      const value = read.at(0, this.t, this.unit), old = this.at(`before:${node.id}`, this.t, this.unit)
      paint()
      put(picture, "aria-label", `values ${shown.slice(0, 6).map(n => fixed(read.at(0, this.t, n))).join(", ")}`)
      field.value = this.unit
      write(now, exact(value, decimals(value)))
      write(was, old !== undefined && Math.abs(old - value) > 1e-6 ? `before the edit: ${exact(old, decimals(value))}` : "")
      if (edit && this.box.getRootNode().activeElement !== edit.field) edit.field.value = exact(value, decimals(value))
    })
    if (read.N > 1) kids.push(picture)
    kids.push(html("div", { class: "pickers" }, ...(read.N > 1 ? ["unit ", field, ": "] : ["value: "]), now, " ", was))
    return edit ? [...kids, edit.box, edit.why] : kids
  }

  /** The sum of the chosen unit, product by product, and what bends it: all real numbers, and what is shown adds up. */
  sumPart(node) {
    const box = html("div", { class: "apart", role: "table", "aria-label": `how unit of ${node.symbol} is computed` })
    const symbol = id => this.byId[id]?.symbol ?? id, index = (...places) => `[${places.join(",")}]`
    const line = (name, product, value, kind = "") => html("div", { class: "product " + kind, role: "row" }, html("span", { role: "cell" }, ...name), html("span", { class: "num", role: "cell", text: product }), html("span", { class: "num", role: "cell", text: value }))
    const tone = (text, tone) => html("span", { style: inTone(tone), text })
    const few = v => exact(v, 2)
    this.fresh.push(() => {
      const { shown, more, digits, total } = takenApart(node.sum, this.unit, this.t, (name, t, n) => this.at(name, t, n))
      const lines = shown.map(p => {
        const weight = p.weight ? this.byId[p.weight] : undefined, source = this.byId[p.source], gates = p.gates.flatMap(([id]) => [tone(symbol(id), this.byId[id]?.tone), " "])
        const name = [...(p.scale < 0 ? ["−"] : []), ...gates, ...(weight ? [tone(weight.symbol + (weight.flat ? index(p.row) : index(p.row, p.column)), "shared")] : []), ...(weight && p.source ? [" "] : []),
          ...(p.source ? [tone((source ? source.symbol : p.source) + index(p.place), source?.tone)] : [])]
        return line(name, [...p.gates.map(([, v]) => few(v)), ...(p.weight ? [few(p.w)] : []), ...(p.source ? [few(p.v)] : [])].join(" · "), exact(p.said, digits))
      })
      const value = this.at(`value:${node.id}`, this.t, this.unit), bend = node.sum.bend
      if (more) lines.push(line([`+ ${more.count} more`], "", exact(more.said, digits), "rest"))
      lines.push(line([bend ? "sum" : `${node.symbol}${index(this.unit)}`], "", exact(total, digits), "total"))
      if (bend) lines.push(line([`${node.symbol}${index(this.unit)}`], `${bend}(${exact(total, digits)})`, exact(value, decimals(value)), "total"))
      box.replaceChildren(...lines)
    })
    return box
  }

  /** A row of bars on canvas: {picture, paint}; pressing one chooses it. */
  barCanvas(count, valueOf, nowAt, tone, choose, [low, high], oldOf) {
    const w = 246, h = 56, picture = html("canvas", { class: "bars", role: "img", width: 2 * w, height: 2 * h }), g = picture.getContext("2d"), size = w / Math.max(1, count)
    picture.onclick = event => { const box = picture.getBoundingClientRect(); choose(clamp(Math.floor((event.clientX - box.left) / box.width * count), 0, count - 1)) }
    const Y = v => (1 - (clamp(v, low, high) - low) / (high - low || 1)) * h, zero = Y(0)
    const paint = () => {
      g.setTransform(2, 0, 0, 2, 0, 0)
      g.clearRect(0, 0, w, h)
      g.fillStyle = this.theme.line
      g.fillRect(nowAt() * size, 0, size, h)
      g.fillStyle = this.theme.tone(tone)
      for (let i = 0; i < count; i++) {
        const v = valueOf(i)
        if (Number.isFinite(v)) g.fillRect(i * size + Math.min(1, size * .1), Math.min(zero, Y(v)), Math.max(.8, size - Math.min(2, size * .2)), Math.max(.8, Math.abs(Y(v) - zero)))
      }
      g.fillStyle = this.theme.ink
      for (let i = 0; i < count; i++) {
        const old = oldOf?.(i)
        if (Number.isFinite(old) && Math.abs(old - valueOf(i)) > 1e-6) g.fillRect(i * size, Y(old) - .75, size, 1.5)
      }
    }
    return { picture, paint }
  }
}
