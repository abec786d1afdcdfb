// The graph's picture, rolled and unrolled.
import { clamp, ease, fixed, gradientLevel, gradientWidth, mix, percent, sample, scientific, visible } from "./numbers.js"
import { cssColour, shade } from "./colours.js"
import { describeNode } from "./words.js"
import { litIn } from "./slow_motion.js"
import { carryPath, fanPath, foldList, foldPositions, smooth } from "./folds.js"
import { put, svg, write } from "./dom.js"
import { BASE, BITMAP, CURSOR } from "./view.js"
import { Arrow, BADGE, CELLS, NODE, OpenFold } from "./graph_fold.js"

/** Draws the folds, the shelf of weights and the lines between. */
export const GraphPainting = Base => class extends Base {
  paint(bits) {
    if (!this.stage.isConnected || !this.theme || !this.stage.clientWidth) return
    const active = this.box.getRootNode().activeElement, focused = this.focus || this.svg.contains(active)
    if (bits & (BASE | BITMAP)) { this.measure(); this.arrange(bits & BITMAP) }
    const now = this.morph()
    this.fillCard()
    this.follow(now)
    const target = focused ? this.svg.querySelector('[tabindex="0"]') : undefined
    if (target && target !== active) target.focus({ preventScroll: true })
    this.focus = false
    this.shape.set(this.goal ? "unrolled" : "rolled")
    this.what.set(this.mode)
  }

  measure() {
    const { header } = this, [layers, height] = header.size
    this.width = this.stage.clientWidth
    const small = this.width < 560, dy = 50
    const dx = clamp((this.width - 330) / Math.max(1, layers - 1), small ? 74 : 80, 100)
    const top = 34 + 13 * header.carry.length, open = (layers - 1) * dx + NODE.w + 44
    const point = (x, y) => [NODE.w / 2 + 14 + x * dx, top + 28 + y * dy]
    const around = this.width > 3 * open + 200 ? 1 : 0
    const list = foldList(this.T, this.t), sizes = { open, box: 52, gap: 62, space: 26, around }
    const { items, width } = foldPositions(list, this.t, sizes)
    const bottom = top + 56 + height * dy, shelf = this.shelfPlaces(bottom + 38, small)
    this.geometry = { top, open, point, items, margin: 40, total: width + 80, bottom, shelf, height: shelf.bottom, small }
  }

  /** The weights stand in rows below the folds and stay in sight while these are scrolled. */
  shelfPlaces(y, small) {
    const left = small ? 2 : 112, each = BADGE.w + BADGE.gap, row = Math.max(1, Math.floor((this.width - left) / each)), top = small ? y + 20 : y
    const below = this.header.shared.some(node => this.read[`asked:${node.id}`]) ? 32 : 0, tall = BADGE.h + 10 + below
    const places = this.header.shared.map((_, i) => [left + (i % row) * each + BADGE.w / 2 + 2, top + Math.floor(i / row) * tall + BADGE.h / 2 + 2])
    return { label: [2, small ? y + 8 : y + 16], places, bottom: (places.at(-1)?.[1] ?? y) + BADGE.h / 2 + 6 + below }
  }

  /** What stays while the cursor moves is made once; then each fold's drawing is found again, or made. */
  arrange(fresh) {
    const { geometry: G, header } = this, stamp = [header.key, this.mode, this.theme.mode, G.bottom, G.open, G.small, this.width].join()
    if (fresh || stamp !== this.furnished || header !== this.furnishedOf) this.furnish()
    Object.assign(this, { furnished: stamp, furnishedOf: header })
    const spare = new Set(this.open)
    for (const { t, opened } of G.items) if (opened) spare.delete(this.open.find(fold => fold.t === t))
    this.folds = G.items.map(item => {
      if (item.gap) return { item, g: this.gap(item) }
      if (!item.opened) return { item, g: this.boxed(item) }
      let fold = this.open.find(one => one.t === item.t && !spare.has(one)) ?? [...spare][0]
      if (!fold) this.open.push(fold = new OpenFold(this))
      spare.delete(fold)
      fold.show(item.t)
      return { item, g: fold.g }
    })
    const wanted = new Set(this.folds.map(fold => fold.g))
    for (const g of [...this.stack.children]) if (!wanted.has(g)) g.remove()
    for (const { g } of this.folds) if (g.parentNode !== this.stack) this.stack.append(g)
    if (this.u < 1 || !this.goal) this.stack.append(this.folds.find(({ item }) => item.t === this.t).g)
    this.light()
    this.lanes()
    header.shared.forEach((node, i) => this.badges[i].show())
    this.paintFans()
  }

  furnish() {
    const { geometry: G, header } = this
    Object.assign(this, { boxes: new Map(), open: [], rails: [] })
    this.spine = svg("g", { class: "spine" })
    this.railBox = svg("g", { transform: `translate(${G.margin},0)` })
    this.stack = svg("g")
    this.fans = svg("g", { class: "fans" })
    this.shelf = svg("g", { class: "shelf", transform: `translate(${this.scrolled},0)` })
    this.loops = header.carry.map(([leave, enter, port, lane], i) => {
      const tone = this.byId[leave]?.tone ?? "hidden", path = svg("path", { class: "carry", style: `stroke: var(--fill-${tone})` })
      return { path, y: G.point(0, port)[1], lift: G.top - 18 - 13 * i, leave, enter, lane }
    })
    this.spine.append(...this.loops.map(loop => loop.path), this.railBox)
    const [x, y] = G.shelf.label, words = ["shared weights,", `used ${this.T} times`]
    if (header.shared.length) this.shelf.append(...(G.small ? [words.join(" ")] : words).map((text, i) => svg("text", { class: "step", x, y: y + 16 * i, text })))
    this.badges = header.shared.map((node, i) => this.badge(node, G.shelf.places[i]))
    this.shelf.append(...this.badges.map(badge => badge.g))
    this.later = svg("text", { class: "step", y: G.top - 24 - 13 * header.carry.length, "text-anchor": "middle", text: header.carry.length ? `back in, one step ${header.reverse ? "earlier" : "later"}` : "" })
    this.svg.replaceChildren(this.spine, this.later, this.stack, this.fans, this.shelf)
    this.svg.setAttribute("height", G.height)
    this.svg.style.height = G.height + "px"
  }

  /** In slow motion, what has not happened yet is pale. */
  light() {
    const { beat } = this
    for (const { item, g } of this.folds) {
      const lit = !beat || (item.gap ? litIn(beat, item.gap[0]) || litIn(beat, item.gap[1]) : litIn(beat, item.t))
      g.classList.toggle("dim", !lit)
    }
  }

  /** The state spine: each carried state as one level line from fold to fold. */
  lanes() {
    const { items } = this.geometry, { beat } = this
    let k = 0
    for (const { y, leave } of this.loops) {
      items.forEach((item, i) => {
        const next = items[i + 1]
        if (!next) return
        const arrow = this.rails[k] ??= new Arrow(), [x1, x2] = [item.x + item.width, next.x], tone = this.byId[leave]?.tone ?? "hidden"
        if (!arrow.g.parentNode) this.railBox.append(arrow.g)
        const back = next.t === undefined ? undefined : this.backward(leave, Math.max(0, next.t - 1))
        if (back === undefined) arrow.set([[x1, y], [x2 - 1, y]], `var(--fill-${tone})`, 1.75)
        else arrow.set([[x2 - 1, y], [x1 + 1, y]], this.warm(back), gradientWidth(back), true)
        const now = beat && (beat.phase === "forward" ? next.t === this.t : beat.phase === "backward" ? item.t === this.t : false)
        arrow.g.classList.toggle("flow", !!now && !this.calm)
        k++
      })
    }
    for (const arrow of this.rails.splice(k)) arrow.g.remove()
  }

  warm(size) { return cssColour(shade(Math.max(.22, gradientLevel(size)), [0, 1], this.theme.scale.grad)) }

  symbol(node, sub, y) {
    return svg("text", { class: "symbol", y: y + 4, "text-anchor": "middle", style: `fill: var(--tone-${node.tone})` }, node.symbol,
      ...(sub ? [svg("tspan", { class: "sub", dy: 4, text: sub })] : []))
  }

  /** Top and bottom of a closed fold: all lanes pass through it. */
  closedSpan() {
    const ys = this.loops.map(loop => loop.y), low = Math.min(...ys, this.geometry.bottom - 60) - 26
    return [low, Math.max(...ys, low + 60) + 26]
  }

  /** A closed fold: the carried state after this step as a small column of colours. */
  boxed(item) {
    const { geometry: G, header } = this, { t } = item, [low, high] = this.closedSpan()
    const kept = this.boxes.get(t)
    if (kept) return kept
    const g = svg("g", { class: "closed", role: "button", "data-t": t, tabindex: -1, "aria-label": `open step ${this.nameOf(t)}` })
    g.append(svg("rect", { class: "ground", x: 0, y: low, width: item.width, height: high - low, rx: 8 }))
    const states = header.carry.map(([leave]) => this.byId[leave]).filter(Boolean).slice(0, 3)
    const wide = 10, start = item.width / 2 - states.length * (wide + 3) / 2 + 1.5
    states.forEach((node, k) => {
      const cells = sample(this.read[`value:${node.id}`]?.N ?? 0, CELLS), size = Math.min(high - low - 16, 84), h = size / Math.max(1, cells.length)
      const grad = this.backward(node.id, t), x = start + k * (wide + 3), top = (low + high) / 2 - size / 2
      if (grad !== undefined) g.append(svg("rect", { x, y: top, width: wide, height: size, fill: this.warm(grad) }))
      else cells.forEach((n, i) => g.append(svg("rect", { x, y: top + i * h, width: wide, height: h + .3, fill: this.colour(node, t, n) })))
    })
    if (states.some(node => this.changed(node.id, t))) g.append(svg("path", { class: "changed", d: `M${item.width - 11},${low}h3a8,8 0 0 1 8,8v3z` }))
    g.append(svg("text", { class: "step", x: item.width / 2, y: G.bottom + 18, "text-anchor": "middle", text: this.stepName(t, true) }))
    if (this.costName(t)) g.append(svg("text", { class: "cost", x: item.width / 2, y: low - 8, "text-anchor": "middle", text: this.cost(t) < .001 ? scientific(this.cost(t)) : fixed(this.cost(t), 3) }))
    const first = states[0] && (this.mode === "gradients" ? scientific(this.gradient(states[0].id, t) ?? NaN) : "")
    if (first) g.append(svg("text", { class: "size", x: item.width / 2, y: high + 14, "text-anchor": "middle", text: first }))
    this.boxes.set(t, g)
    return g
  }

  gap(item) {
    const { geometry: G } = this, [from, to] = item.gap, middle = Math.round((from + to) / 2), y = this.loops[0]?.y ?? G.bottom / 2, name = `gap ${from < this.t ? "before" : "after"}`
    let g = this.boxes.get(name)
    if (!g) {
      g = svg("g", { class: "gap", role: "button", tabindex: -1 }, svg("rect", { class: "cover", x: 0, y: G.top, width: item.width, height: G.bottom - G.top + 24 }),
        svg("text", { class: "dots", x: item.width / 2, y: y + 6, "text-anchor": "middle", text: "···" }), svg("text", { class: "step", x: item.width / 2, y: y + 26, "text-anchor": "middle" }))
      this.boxes.set(name, g)
    }
    put(g, "data-t", middle)
    put(g, "aria-label", `steps ${this.nameOf(from)} to ${this.nameOf(to)} are folded away; open step ${this.nameOf(middle)}`)
    write(g.lastChild, `${to - from + 1} steps`)
    return g
  }

  stepName(t, brief = false) {
    const name = this.nameOf(t), label = visible(this.header.labels?.[name])
    return (brief && this.T > 9 ? "t=" + name : `t = ${name}`) + (label ? ` ${label}` : "")
  }

  /** A shared weight: its symbol, and while gradients are shown the size of their sum and what the next update makes of it. */
  badge(node, [x, y]) {
    const { w, h } = BADGE, sum = svg("text", { class: "size", y: h / 2 + 14, "text-anchor": "middle" }), moved = svg("text", { class: "moved", y: h / 2 + 28, "text-anchor": "middle" })
    const g = svg("g", { class: "node badge", transform: `translate(${x},${y})`, role: "button", "data-node": node.id, "data-lm-suppress-shortcuts": "true", "aria-label": describeNode(node, this.t, this.T, []) },
      svg("rect", { x: -w / 2, y: -h / 2, width: w, height: h, rx: 6 }), svg("rect", { x: -w / 2 + 3, y: -h / 2 + 3, width: w - 6, height: h - 6, rx: 4 }), this.symbol(node, node.sub, 1), sum, moved)
    const show = () => {
      const chosen = node.id === this.node, plan = this.header.update?.weights?.[node.id]
      put(g, "class", chosen ? "node badge chosen" : "node badge")
      put(g, "tabindex", chosen ? 0 : -1)
      put(g, "aria-pressed", chosen)
      write(sum, this.mode === "gradients" && Number.isFinite(node.sum) ? `Σ ${scientific(node.sum)}` : "")
      write(moved, this.beat?.phase === "update" && plan ? `Δ ${percent(plan.moved ?? Infinity)}` : "")
    }
    return { g, show }
  }

  /** Thin lines from a weight to every place that reads it, while it is hovered or chosen. */
  paintFans() {
    if (!this.fans) return
    const chosen = this.byId[this.fan] ?? (this.byId[this.node]?.kind === "parameter" ? this.byId[this.node] : undefined)
    if (!chosen && !this.fans.firstChild) return
    this.fans.replaceChildren()
    if (!chosen || !this.where) return
    const { geometry: G } = this, [bx, by] = G.shelf.places[this.header.shared.indexOf(chosen)], x0 = this.scrolled + bx, y0 = by - BADGE.h / 2
    for (const { item, x, shown } of this.where) {
      if (!shown) continue
      const kind = item.gap ? "fan faint" : "fan"
      const ends = item.opened ? chosen.readers.map(id => this.byId[id]).filter(Boolean).map(node => G.point(node.x, node.y)) : [[item.gap ? item.width / 2 : 10, this.closedSpan()[1]]]
      for (const [nx, ny] of ends) this.fans.append(svg("path", { class: kind, fill: "none", d: item.opened ? fanPath(x0, y0, x + nx - NODE.w / 2, ny) : smooth([[x0, y0], [x + nx, y0 - 10]]) + `V${ny - 2}` }))
    }
  }

  // rolled and unrolled

  morph() {
    if (this.begin) {
      const share = this.calm ? 1 : clamp((performance.now() - this.begin.at) / 650, 0, 1)
      this.u = mix(this.begin.from, this.goal, ease(share))
      if (share < 1) this.ask(CURSOR)
      else { this.begin = undefined; this.ask(BASE) }
    }
    const { geometry: G, u } = this, now = G.items.find(item => item.t === this.t), centre = Math.max(G.margin, (this.width - G.open) / 2)
    this.where = this.folds.map(({ item, g }) => {
      const x = mix(centre, G.margin + item.x, u), shown = item === now || u > .02
      put(g, "transform", `translate(${x},0)`)
      put(g, "opacity", item === now ? 1 : clamp(u * 1.6 - .4, 0, 1))
      if ((g.style.display === "none") === shown) g.style.display = shown ? "" : "none"
      return { item, x, shown }
    })
    put(this.railBox, "opacity", clamp(u * 3 - 2, 0, 1))
    const at = mix(centre, G.margin + now.x, u), next = G.items[G.items.indexOf(now) + 1]
    for (const { path, y, lift } of this.loops) {
      put(path, "display", u < 1 ? "inline" : "none")
      if (u === 1) continue
      const left = mix(at, next ? G.margin + next.x : at + now.width, u)
      put(path, "d", carryPath(at + now.width, left, y, lift, u))
      put(path, "opacity", clamp(3 - 3 * u, 0, 1))
    }
    put(this.later, "display", u < 1 ? "inline" : "none")
    if (u < 1) {
      put(this.later, "x", at + now.width / 2)
      put(this.later, "opacity", clamp(1 - 3 * u, 0, 1))
    }
    const total = Math.max(this.width, mix(Math.max(this.width, G.open + 2 * G.margin), Math.max(G.total, this.width), u))
    if (total !== this.total) {
      this.total = total
      this.svg.setAttribute("width", total)
      this.svg.style.width = total + "px"
    }
    return { x: at, width: now.width, total }
  }

  /** Keep the opened fold in sight; last of all, because scrolling waits for the layout. */
  follow({ x, width, total }) {
    const key = `${this.t} ${this.goal} ${this.width} ${this.u}`
    if (key === this.followed) return
    this.followed = key
    const view = this.width, node = this.byId[this.node]
    const focus = width <= view ? x + width / 2 : x + (node?.x !== undefined ? this.geometry.point(node.x, node.y)[0] : width / 2)
    const scrolled = Math.round(clamp(focus - view / 2, 0, Math.max(0, total - view)))
    if (scrolled === this.scrolled) return
    this.scrolled = scrolled
    this.scroller.scrollLeft = scrolled
    this.placeShelf()
  }

  placeShelf() {
    if (!this.shelf) return
    put(this.shelf, "transform", `translate(${this.scrolled},0)`)
    this.paintFans()
  }
}
