"""How long does the viewer's own script take in each frame, in a real browser, at 128 units × 500 steps?

The shipped module is mounted in an empty page, as Streamlit would, and the browser's own trace is read: processor time
of the page's thread, which waiting for a busy machine does not change. Script is what animation frames, events and
timers run; style and layout, which the browser does afterwards, stand beside it as a mean. One gesture a frame: the
hardest a visitor can ask for. Frames in which nothing happened (0.3 ms of script at most) do not count.
"""

from __future__ import annotations

import base64
import json
import shutil
import sys
from bisect import bisect
from collections.abc import Iterator

import torch
from playwright.sync_api import Browser, Page, sync_playwright

import rnn_core as rc
from benchmarks._measure import report
from rnn_core.viewer import HERE

UNITS, STEPS, FRAMES, MOMENTS = 128, 500, 150, 40
TARGET, IDLE = 8.0, 0.3
COLOURS = "--st-text-color:#1f242b;--st-background-color:#fbfaf7;--st-border-color:#dcd8ce;--st-primary-color:#1f4fd0"

MOUNT = """async ([source, css, data]) => {
    const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0)), root = document.getElementById("root")
    const inner = root.attachShadow({ mode: "open" })
    inner.append(Object.assign(document.createElement("style"), { textContent: css }))
    const place = inner.appendChild(document.createElement("div"))
    const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })))
    module.default({ data: bytes, parentElement: place, setTriggerValue() {} })
    window.inside = selector => place.querySelector(selector)
    for (let k = 0; k < 10; k++) await new Promise(requestAnimationFrame)
}"""

RUN = """async ([gesture, frames]) => {
    const act = new Function("k", "inside", gesture), way = new MessageChannel()
    for (let k = 0; k < frames; k++) {
        performance.mark(k < 10 ? "warm" : "frame")
        act(k, window.inside)
        await new Promise(requestAnimationFrame)
        await new Promise(done => { way.port1.onmessage = done; way.port2.postMessage(0) })
    }
    performance.mark("end")
}"""
SCRIPT, LAYOUT = {"FireAnimationFrame", "EventDispatch", "TimerFire"}, {"Layout", "UpdateLayoutTree"}
TRACED = ["devtools.timeline", "blink.user_timing"]

DRAG = """const over = inside('.over'), box = over.getBoundingClientRect(), where = (k * 7) % 500 / 500
const place = { clientX: box.x + 150 + where * (box.width - 210), clientY: box.y + 9 }
const at = { bubbles: true, pointerId: 1, buttons: 1, ...place }
over.dispatchEvent(new PointerEvent(k ? 'pointermove' : 'pointerdown', at))"""
KEY = """const way = k %% 22 < 11 ? '%s' : '%s'
inside('%s').dispatchEvent(new KeyboardEvent('keydown', { key: way, bubbles: true, composed: true }))"""
STEP = KEY % ("ArrowRight", "ArrowLeft", "svg [tabindex=\"0\"]")
PLAY = "if (k === 0) inside('button.play').click()"
TAPE = """const tape = inside('.tape input')
tape.value = k % 40
tape.dispatchEvent(new Event('input', { bubbles: true }))"""
ROLL = "if (k % 50 === 0) inside('[data-value=' + (k % 100 ? 'unrolled' : 'rolled') + ']').click()"
GRADIENTS = "if (k === 0) inside('[data-value=gradients]').click()\n"

ZOOM = """const over = inside('.over'), box = over.getBoundingClientRect()
const at = { bubbles: true, cancelable: true, ctrlKey: true, clientX: box.x + 400, clientY: box.y + 90 }
over.dispatchEvent(new WheelEvent('wheel', { ...at, deltaY: k % 40 < 20 ? -18 : 18 }))"""
PAN = """const over = inside('.over'), box = over.getBoundingClientRect()
const at = { bubbles: true, cancelable: true, clientX: box.x + 400, clientY: box.y + 90 }
const turn = k < 3 ? { ctrlKey: true, deltaY: -60 } : { deltaX: k % 40 < 20 ? 9 : -9 }
over.dispatchEvent(new WheelEvent('wheel', { ...at, ...turn }))"""
BRUSH = """const over = inside('.over'), box = over.getBoundingClientRect(), where = (k * 7) % 500 / 500
const place = { clientX: box.x + 150 + where * (box.width - 210), clientY: box.y + 150, shiftKey: true }
const at = { bubbles: true, pointerId: 1, buttons: 1, ...place }
over.dispatchEvent(new PointerEvent(k ? 'pointermove' : 'pointerdown', at))"""

TIMELINE = {
    "timeline, scrub": DRAG,
    "timeline, play": PLAY,
    "timeline, unit by unit": KEY % ("ArrowDown", "ArrowUp", ".over"),
    "timeline, tape of 40 moments": TAPE,
    "timeline, zoom in and out": ZOOM,
    "timeline, magnified, moved sideways": PAN,
    "timeline, a stretch of steps is selected": BRUSH,
}
GRAPH = {
    "graph, step by step": STEP,
    "graph, gradients, step by step": GRADIENTS + STEP,
    "graph, play": PLAY,
    "graph, rolled and unrolled": ROLL,
}


def mounted(browser: Browser, payload: bytes) -> Page:
    """A page of its own with the shipped module showing a payload."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_content(f'<body style="margin:16px;{COLOURS};background:var(--st-background-color)"><div id="root"></div>')
    source, css = (HERE / "viewer.js").read_text("utf-8"), (HERE / "viewer.css").read_text("utf-8")
    page.evaluate(MOUNT, [source, css, base64.b64encode(payload).decode()])
    return page


def gesture(page: Page, code: str) -> tuple[list[float], float]:
    """Milliseconds of script in each frame of a gesture, ascending, and the mean of style and layout."""
    page.context.browser.start_tracing(page=page, categories=TRACED)
    page.evaluate(RUN, [code, 10 + FRAMES])
    events = json.loads(page.context.browser.stop_tracing())["traceEvents"]
    marks = sorted(one["ts"] for one in events if one["name"] in ("frame", "end") and "user_timing" in one["cat"])
    script, layout, done = [0.0] * len(marks), 0.0, 0
    for one in sorted((e for e in events if e.get("ph") == "X"), key=lambda e: (e["ts"], -e["dur"])):
        frame = bisect(marks, one["ts"]) - 1
        if not 0 <= frame < len(marks) - 1 or one.get("args", {}).get("data", {}).get("type") == "message":
            continue
        if one["name"] in LAYOUT:
            layout += one["tdur"] / 1e3
        elif one["name"] in SCRIPT and one["ts"] >= done:
            script[frame] += one["tdur"] / 1e3
            done = one["ts"] + one["dur"]
    return sorted(took for took in script if took > IDLE) or [0.0], layout / FRAMES


def payloads() -> Iterator[tuple[str, bytes, dict[str, str]]]:
    """The timeline with a tape, and the graph of short, middling and long sequences, all of an LSTM of 128 units."""
    torch.set_num_threads(1)
    run = rc.Run(rc.Experiment.of("lstm", "adding", hidden_size=UNITS, length=STEPS))
    batch = run.held_out.rows(slice(0, 1))
    story = run.task.story(batch, 0)
    moments, trace = [], run.network.trace(batch.x)
    for update in range(MOMENTS):
        moments.append((update, trace))
    costates = rc.costates(run.network, batch, run.task.loss)
    whole = rc.viewer.timeline(trace, batch=batch, story=story, moments=moments, costates=costates, budget=4 << 20)
    yield "", whole, TIMELINE
    for steps in (12, 40, STEPS):
        short = run if steps == STEPS else rc.Run(run.spec.with_(length=steps))
        batch = short.held_out.rows(slice(0, 1))
        found = rc.costates(short.network, batch, short.task.loss)
        drawn = rc.step_graph(found.trace.passes[0], short.network.readout, found.passes[0], found.outputs)
        yield f", T = {steps}", rc.viewer.graph(drawn), GRAPH


def main() -> None:
    """Measure every gesture on every payload, each in a page of its own; words given choose among the gestures."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--disable-gpu", "--disable-dev-shm-usage"]
        )
        for suffix, payload, gestures in payloads():
            for name, code in gestures.items():
                if not all(word in name + suffix for word in sys.argv[1:]):
                    continue
                page = mounted(browser, payload)
                took, layout = gesture(page, code)
                p95 = took[round(0.95 * (len(took) - 1))]
                report(f"viewer script a frame: {name}{suffix}", "p95 ≤ 8 ms", p95 <= TARGET,
                       p50=took[len(took) // 2], p95=p95, most=took[-1], style_and_layout=layout,
                       frames=len(took), payload_kB=len(payload) / 1024)
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
