// Elements, icons and letters.

export const SVG = "http://www.w3.org/2000/svg"

export function fill(element, attributes, kids) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value
    else if (value === true) element.setAttribute(name, "")
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value)
  }
  element.append(...kids)
  return element
}

export const html = (tag, attributes = {}, ...kids) => fill(document.createElement(tag), attributes, kids)
export const svg = (tag, attributes = {}, ...kids) => fill(document.createElementNS(SVG, tag), attributes, kids)

const ICONS = {
  home: ["M4 4h2v12H4zM16 4v12L7 10z"], play: ["M5 3v14l12-7z"], pause: ["M4 3h4v14H4zM12 3h4v14h-4z"],
  back: ["M12 5l-5 5 5 5", true], on: ["M8 5l5 5-5 5", true],
  closer: ["M4 10h12M10 4v12", true], wider: ["M4 10h12", true], whole: ["M3 4v12M17 4v12M6 10h8M8 7l-3 3 3 3M12 7l3 3-3 3", true],
  select: ["M4 7V4h3M13 4h3v3M16 13v3h-3M7 16H4v-3M8 10h4", true], save: ["M10 3v9M6 8.5l4 4 4-4M4 16h12", true],
}

export function icon(name) {
  const [d, open] = ICONS[name]
  const paint = open ? { fill: "none", stroke: "currentColor", "stroke-width": 2 } : { fill: "currentColor" }
  return svg("svg", { viewBox: "0 0 20 20", width: 17, height: 17, "aria-hidden": "true", ...paint }, svg("path", { d }))
}

export const inTone = tone => tone ? `color: var(--tone-${tone})` : undefined
export const letter = ({ s, sub, tone }) => html("span", { class: "letter", style: inTone(tone) }, s, ...(sub ? [html("sub", { text: sub })] : []))

/** Sets an element's text only when it changes: the browser lays out less. */
export function write(element, text) { if (element.textContent !== text) element.textContent = text }

/** Text with its strong parts: [["This unit is "], ["writing", true]]. */
export function prose(element, parts) { element.replaceChildren(...parts.map(([text, strong]) => strong ? html("b", { text }) : text)) }

/** Sets an attribute only when it changes: the browser lays out and paints less. */
export function put(element, name, value) { if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value) }
