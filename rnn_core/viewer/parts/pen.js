// Drawings as SVG text, and files handed to the browser's downloads.
import { plainColour } from "./colours.js"
import { fill, html, SVG, svg } from "./dom.js"

const escaped = text => String(text).replace(/[&<>"]/g, sign => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign])
const brief = number => String(Number(Number(number).toFixed(2)))
const MOST_RECTS = 4096

/** Takes the strokes meant for a 2-D canvas and writes them down as SVG: text stays text and lines stay lines. */
export class SvgPen {
  constructor(width, height, measure) {
    Object.assign(this, { width, height, measure, parts: [], d: "", kept: [], clips: 0 })
    Object.assign(this, { fillStyle: "black", strokeStyle: "black", lineWidth: 1, globalAlpha: 1, font: "400 10px sans-serif", textAlign: "left", dash: [] })
  }

  add(tag, attributes, inner = "") {
    const list = Object.entries(attributes).filter(([, value]) => value !== undefined)
    this.parts.push(`<${tag}${list.map(([name, value]) => ` ${name}="${escaped(typeof value === "number" ? brief(value) : value)}"`).join("")}` + (inner ? `>${inner}</${tag}>` : "/>"))
  }

  get paint() { return { fill: this.fillStyle, "fill-opacity": this.globalAlpha < 1 ? this.globalAlpha : undefined } }

  get line() {
    return { fill: "none", stroke: this.strokeStyle, "stroke-width": this.lineWidth, "stroke-linejoin": "round",
      "stroke-opacity": this.globalAlpha < 1 ? this.globalAlpha : undefined, "stroke-dasharray": this.dash.join(" ") || undefined }
  }

  save() { this.kept.push([this.parts.length, false, { fillStyle: this.fillStyle, strokeStyle: this.strokeStyle, lineWidth: this.lineWidth, globalAlpha: this.globalAlpha, font: this.font, textAlign: this.textAlign, dash: this.dash }]) }

  restore() {
    const [, clipped, state] = this.kept.pop()
    if (clipped) this.parts.push("</g>")
    Object.assign(this, state)
  }

  clip() {
    const id = `seen${++this.clips}`
    this.parts.push(`<clipPath id="${id}"><path d="${this.d}"/></clipPath><g clip-path="url(#${id})">`)
    this.kept.at(-1)[1] = true
  }

  beginPath() { this.d = "" }
  moveTo(x, y) { this.d += `M${brief(x)},${brief(y)}` }
  lineTo(x, y) { this.d += `L${brief(x)},${brief(y)}` }
  rect(x, y, w, h) { this.d += `M${brief(x)},${brief(y)}h${brief(w)}v${brief(h)}h${brief(-w)}z` }
  roundRect(x, y, w, h, r) { this.d += `M${brief(x + r)},${brief(y)}h${brief(w - 2 * r)}q${r},0 ${r},${r}v${brief(h - 2 * r)}q0,${r} ${-r},${r}h${brief(2 * r - w)}q${-r},0 ${-r},${-r}v${brief(2 * r - h)}q0,${-r} ${r},${-r}z` }

  /** Whole circles only. */
  arc(x, y, r) { this.d += `M${brief(x - r)},${brief(y)}a${r},${r} 0 1 0 ${2 * r},0a${r},${r} 0 1 0 ${-2 * r},0z` }

  fill() { this.add("path", { d: this.d, ...this.paint }) }
  stroke() { this.add("path", { d: this.d, ...this.line }) }
  fillRect(x, y, width, height) { this.add("rect", { x, y, width, height, ...this.paint }) }
  strokeRect(x, y, width, height) { this.add("rect", { x, y, width, height, ...this.line }) }
  setLineDash(list) { this.dash = list }
  measureText(text) { return { width: this.measure(text, this.font) } }
  fillText(text, x, y) { this.write(text, x, y, this.paint) }
  strokeText(text, x, y) { this.write(text, x, y, this.line) }

  write(text, x, y, paint) {
    const [, slant, weight, size, family] = this.font.match(/^\s*(italic|normal)?\s*(\d+)?\s*([\d.]+)px\s+(.*)$/) ?? [, , , 14, "sans-serif"]
    const anchor = { center: "middle", right: "end" }[this.textAlign]
    this.add("text", { x, y, "font-family": family, "font-size": Number(size), "font-weight": weight === "400" ? undefined : weight, "font-style": slant, "text-anchor": anchor, ...paint }, escaped(text))
  }

  /** Part of a picture of coloured cells: cell by cell when there are few, else as an image in sharp pixels. */
  drawImage(source, sx, sy, sw, sh, x, y, w, h) {
    const from = Math.floor(sx), to = Math.ceil(sx + sw), dx = w / sw, dy = h / sh
    if ((to - from) * sh > MOST_RECTS) {
      const image = `<image width="${source.width}" height="${source.height}" preserveAspectRatio="none" image-rendering="pixelated" href="${source.toDataURL()}"/>`
      this.add("svg", { x, y, width: w, height: h, viewBox: [sx, sy, sw, sh].map(brief).join(" "), preserveAspectRatio: "none", opacity: this.globalAlpha < 1 ? this.globalAlpha : undefined }, image)
      return
    }
    const { data } = source.getContext("2d").getImageData(from, sy, to - from, sh), words = new Uint32Array(data.buffer, data.byteOffset, (to - from) * sh)
    let cells = ""
    words.forEach((word, i) => {
      const t = from + i % (to - from), left = Math.max(t, sx), right = Math.min(t + 1, sx + sw)
      if (word) cells += `<rect x="${brief(x + (left - sx) * dx)}" y="${brief(y + Math.floor(i / (to - from)) * dy)}" width="${brief((right - left) * dx)}" height="${brief(dy)}" fill="rgb(${word & 255},${word >> 8 & 255},${word >> 16 & 255})"/>`
    })
    this.add("g", { "shape-rendering": "crispEdges", opacity: this.globalAlpha < 1 ? this.globalAlpha : undefined }, cells)
  }

  /** The whole drawing on its ground, with a margin. */
  drawing(ground, margin = 0) {
    const width = brief(this.width + 2 * margin), height = brief(this.height + 2 * margin)
    return `<svg xmlns="${SVG}" width="${width}" height="${height}" viewBox="${-margin} ${-margin} ${width} ${height}">`
      + `<rect x="${-margin}" y="${-margin}" width="100%" height="100%" fill="${escaped(ground)}"/>${this.parts.join("")}</svg>`
  }
}

/** Hands a file to the browser's downloads; nothing leaves the page. */
export function download(blob, name) {
  const link = html("a", { href: URL.createObjectURL(blob), download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

const WRITTEN = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-size", "font-style", "font-weight", "text-anchor"]

/** A drawing of the page as SVG text of its own: what the style sheet says is written into every element. */
export function serialised(drawn, ground) {
  const copy = drawn.cloneNode(true), box = drawn.getBoundingClientRect(), width = Math.ceil(box.width), height = Math.ceil(box.height)
  const copies = [...copy.querySelectorAll("*")], originals = [...drawn.querySelectorAll("*")], hidden = []
  originals.forEach((element, i) => {
    const style = getComputedStyle(element), one = copies[i]
    if (style.display === "none" || style.visibility === "hidden") return hidden.push(one)
    for (const name of [...one.getAttributeNames()].filter(name => /^(class|style|role|tabindex|aria-|data-)/.test(name))) one.removeAttribute(name)
    for (const name of WRITTEN) if (style.getPropertyValue(name)) one.setAttribute(name, plainColour(style.getPropertyValue(name)))
  })
  for (const one of hidden) one.remove()
  for (const name of copy.getAttributeNames()) copy.removeAttribute(name)
  fill(copy, { width, height, viewBox: `0 0 ${width} ${height}` }, [])
  copy.prepend(svg("rect", { width: "100%", height: "100%", fill: ground }))
  return new XMLSerializer().serializeToString(copy)
}
