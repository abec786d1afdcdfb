// One opened step of the graph.
import { fixed, gradientWidth, mix, norm, sample, scientific } from "./numbers.js"
import { describeNode, stepSub } from "./words.js"
import { smooth } from "./folds.js"
import { put, svg, write } from "./dom.js"

export const NODE = { w: 58, h: 38 }, BADGE = { w: 58, h: 34, gap: 14 }, CELLS = 24

/** A line with its head at the end (no markers: they cannot take the line's colour everywhere), drawn anew in place. */
export class Arrow {
  constructor() {
    this.path = svg("path", { fill: "none" })
    this.head = svg("path")
    this.g = svg("g", { class: "edge" }, this.path, this.head)
  }

  set(points, colour, width = 1.25, back = false, dash = "none") {
    const [x, y] = points.at(-1), side = points.at(-2)[0] <= x ? 1 : -1, size = Math.max(4, width * 1.6)
    put(this.g, "class", back ? "edge back" : "edge")
    put(this.path, "d", smooth(points))
    put(this.path, "stroke", colour)
    put(this.path, "stroke-width", Math.max(.75, width))
    put(this.path, "stroke-dasharray", dash)
    put(this.head, "d", `M${x},${y}l${-side * size},${-size * .6}v${size * 1.2}z`)
    put(this.head, "fill", colour)
    return this
  }
}

/** One opened step; `show` puts the numbers of another step into the same drawing. */
export class OpenFold {
  constructor(view) {
    const { geometry: G, header } = this.view = view, { w, h } = NODE
    this.ground = svg("rect", { class: "ground", x: 0, y: G.top - 6, width: G.open, height: G.bottom - G.top + 6, rx: 8 })
    this.name = svg("text", { class: "step", x: G.open / 2, y: G.bottom + 18, "text-anchor": "middle" })
    this.cost = svg("text", { class: "cost", x: G.open / 2, y: G.top - 14, "text-anchor": "middle" })
    this.lanes = view.loops.map(loop => ({ loop, in: svg("path", { fill: "none" }), out: svg("path", { fill: "none" }) }))
    this.edges = header.edges.map(([a, b, bends]) => ({ a: view.byId[a], b: view.byId[b], bends, arrow: new Arrow() }))
    this.numbers = svg("g", { class: "numbers", "aria-hidden": "true" })
    this.nodes = view.nodes.map(node => {
      const [x, y] = G.point(node.x, node.y), parts = { node }
      parts.sub = svg("tspan", { class: "sub", dy: 4 })
      parts.symbol = svg("text", { class: "symbol", y: 1, "text-anchor": "middle", style: `fill: var(--tone-${node.tone})` }, node.symbol, parts.sub)
      parts.cells = sample(view.read[`value:${node.id}`]?.N ?? 0, CELLS)
      const wide = (w - 14) / Math.max(1, parts.cells.length)
      parts.strip = parts.cells.map((_, i) => svg("rect", { x: 7 - w / 2 + i * wide, y: h / 2 - 11, width: wide + .3, height: 6 }))
      parts.size = svg("text", { class: "size", y: 14, "text-anchor": "middle" })
      parts.mark = svg("path", { class: "changed", d: `M${w / 2 - 11},${-h / 2}h11v11z` })
      parts.g = svg("g", { class: "node", transform: `translate(${x},${y})`, role: "button", "data-node": node.id, "data-lm-suppress-shortcuts": "true" },
        svg("rect", { x: -w / 2, y: -h / 2, width: w, height: h, rx: node.kind === "state" || node.kind === "input" ? h / 2 : 6, style: `stroke: var(--fill-${node.tone})` }), parts.symbol,
        ...(view.mode === "gradients" ? [parts.size] : parts.strip), parts.mark)
      const weights = header.shared.filter(weight => weight.readers.includes(node.id)).map(weight => weight.symbol)
      if (weights.length) parts.g.append(svg("text", { class: "uses", x: w / 2, y: h / 2 + 9, "text-anchor": "end", text: [...new Set(weights)].join(" ") }))
      return parts
    })
    this.g = svg("g", { class: "fold" }, this.ground, this.name, this.cost, ...this.lanes.flatMap(lane => [lane.in, lane.out]),
      ...this.edges.map(edge => edge.arrow.g), ...this.nodes.map(parts => parts.g), this.numbers)
  }

  show(t) {
    const { view } = this, current = t === view.t, flat = view.u > .5 || view.goal
    this.t = t
    put(this.ground, "class", current ? "ground now" : "ground")
    write(this.name, view.stepName(t))
    write(this.cost, view.costName(t))
    for (const lane of this.lanes) this.lane(lane)
    for (const edge of this.edges) this.edge(edge)
    for (const { node, g, sub, cells, strip, size, mark } of this.nodes) {
      const chosen = current && node.id === view.node, back = view.backward(node.id, t)
      put(g, "class", chosen ? "node chosen" : "node")
      put(g, "tabindex", chosen ? 0 : -1)
      put(g, "data-t", t)
      put(g, "aria-pressed", chosen)
      put(g, "aria-label", describeNode(node, view.nameOf(t), view.T, view.values(node.id, t), back))
      write(sub, flat ? stepSub(node.sub, view.nameOf(t), view.way) : node.sub)
      if (view.mode === "gradients") write(size, back === undefined ? "" : scientific(back))
      else cells.forEach((n, i) => put(strip[i], "fill", view.colour(node, t, n)))
      put(mark, "display", view.changed(node.id, t) ? "inline" : "none")
    }
    this.label()
  }

  edge({ a, b, bends, arrow }) {
    const { view, t } = this, { point } = view.geometry, back = view.backward(b.id, t)
    const [ax, ay] = point(a.x, a.y), [bx, by] = point(b.x, b.y), middle = bends.map(([x, y]) => point(x, y))
    const chosen = view.t === t && (a.id === view.node || b.id === view.node)
    if (back === undefined) arrow.set([[ax + NODE.w / 2, ay], ...middle, [bx - NODE.w / 2 - 1, by]], chosen ? "var(--v-ink)" : "var(--v-edge)", chosen ? 1.75 : 1.25)
    else arrow.set([[bx - NODE.w / 2, by], ...middle.toReversed(), [ax + NODE.w / 2 + 1, ay]], view.warm(back), gradientWidth(back), true, gradientWidth(back) ? "none" : "2 4")
  }

  /** A carried state: in from the left edge, out of its node to the right edge. */
  lane({ loop: { y, leave, enter, lane }, in: into, out }) {
    const { view, t } = this, { point, open } = view.geometry, inside = view.byId[enter], from = view.byId[leave]
    const draw = (path, d, step) => {
      const back = step < 0 ? undefined : view.backward(leave, step)
      put(path, "d", d)
      put(path, "stroke", back === undefined ? `var(--fill-${from?.tone ?? "hidden"})` : view.warm(back))
      put(path, "stroke-width", back === undefined ? 1.75 : Math.max(.75, gradientWidth(back)))
    }
    if (inside) draw(into, `M0,${y}H${point(inside.x, 0)[0] - NODE.w / 2}`, t - 1)
    if (!from) return
    const [x, height] = point(from.x, from.y)
    draw(out, smooth([[x + NODE.w / 2, height], ...lane.map(([a, b]) => point(a, b)), [open, y]]), t)
  }

  /** Numbers on the edges of the node that is pointed at, else of the chosen one: sizes that pass along, or gradients back. */
  label() {
    const { view, t } = this, { point } = view.geometry, near = view.over?.t === t ? view.over.id : t === view.t ? view.node : undefined
    const told = `${near} ${t} ${view.mode} ${view.header.key}`
    if (told === this.told && view.header === this.toldOf) return
    Object.assign(this, { told, toldOf: view.header })
    this.numbers.replaceChildren(...this.edges.filter(({ a, b }) => a.id === near || b.id === near).map(({ a, b, bends }) => {
      const ends = [point(a.x, a.y), ...bends.map(([x, y]) => point(x, y)), point(b.x, b.y)], k = a.id === near ? ends.length - 2 : 0
      const values = view.values(a.id, t), back = view.backward(b.id, t)
      const text = back !== undefined ? scientific(back) : values.length === 1 ? fixed(values[0]) : `‖${fixed(norm(values))}‖`
      const share = a.id === near ? .6 : .5, tight = Math.abs(ends[k + 1][0] - ends[k][0]) < NODE.w + 40
      return svg("text", { class: back === undefined ? "number" : "number back", x: mix(ends[k][0], ends[k + 1][0], share), y: mix(ends[k][1], ends[k + 1][1], share) + (tight ? -NODE.h / 2 - 4 : 3.5), "text-anchor": "middle", text })
    }))
  }
}
