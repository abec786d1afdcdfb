// The colours and fonts of the page around the viewer.
import { luminance, lut, plainColour } from "./colours.js"

/** The colours and fonts of the page the viewer stands in, with the palette's meanings for its light or dark ground. */
export function readTheme(box, probe, palette) {
  const style = getComputedStyle(box)
  const paint = name => { probe.style.color = `var(${name})`; return plainColour(getComputedStyle(probe).color) }
  const paper = paint("--v-paper"), mode = luminance(paper) < 110 ? "dark" : "light"
  const theme = {
    mode, paper, ink: paint("--v-ink"), ink2: paint("--v-ink2"), line: paint("--v-line"), surface: paint("--v-surface"),
    sans: style.getPropertyValue("--v-sans").trim(), serif: style.getPropertyValue("--v-serif").trim(), mono: style.getPropertyValue("--v-mono").trim(),
    tone: name => (palette.sem[name] ?? palette.sem.hidden)[mode], text: name => (palette.sem[name] ?? palette.sem.hidden)[mode + "_text"], scale: {},
  }
  for (const name of Object.keys(palette.sem)) {
    box.style.setProperty(`--tone-${name}`, theme.text(name))
    box.style.setProperty(`--fill-${name}`, theme.tone(name))
  }
  for (const name of ["div", "seq", "grad"]) {
    const stops = palette.scale[`${name}_${mode}_21`]
    theme.scale[name] = lut(stops)
    box.style.setProperty(`--scale-${name}`, `linear-gradient(90deg, ${stops.join(", ")})`)
  }
  box.dataset.theme = mode
  return theme
}
