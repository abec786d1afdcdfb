// The two hosts: Streamlit and anywidget.
import { unpack } from "./payload.js"
import { html } from "./dom.js"
import { TimelineView } from "./timeline.js"
import { GraphView } from "./graph.js"

const VIEWS = { timeline: TimelineView, graph: GraphView }

/** host = {emit(name, value)}; the view is made when the first payload says which one it is. */
export function mount(root, host) {
  const box = html("div", { class: "rnn-viewer" })
  root.append(box)
  let view
  return {
    update(payload, freshHost) {
      const Kind = VIEWS[payload.header.view]
      if (!Kind) {
        view?.destroy()
        view = undefined
        box.replaceChildren(html("p", { text: `There is no view “${payload.header.view}” here: page and viewer are of different versions. Reloading the page may help.` }))
        return
      }
      if (!(view instanceof Kind)) {
        view?.destroy()
        box.replaceChildren()
        view = new Kind(box, freshHost ?? host)
      }
      view.host = freshHost ?? host
      view.update(payload)
    },
    retheme() { view?.retheme() },
    destroy() {
      view?.destroy()
      box.remove()
    },
  }
}

const live = new WeakMap()

/** Streamlit calls this again at every change of data or theme; only the last returned function is run at unmount. */
function streamlit({ data, parentElement, setTriggerValue }) {
  const host = { emit: setTriggerValue }
  let entry = live.get(parentElement)
  if (!entry) live.set(parentElement, entry = { view: mount(parentElement, host) })
  if (entry.seen === data) entry.view.retheme()
  else if (data) {
    entry.seen = data
    entry.view.update(unpack(data), host)
  }
  return () => {
    if ((parentElement.host ?? parentElement).isConnected) return
    live.delete(parentElement)
    entry.view.destroy()
  }
}

/** anywidget; a picked value carries the time because equal values do not notify. */
function render({ model, el }) {
  const view = mount(el, { emit(name, value) { model.set(name, { ...value, at: Date.now() }); model.save_changes() } })
  const sync = () => view.update(unpack(model.get("packed")))
  model.on("change:packed", sync)
  sync()
  return () => {
    model.off("change:packed", sync)
    view.destroy()
  }
}

export default context => context?.parentElement ? streamlit(context) : { render }
