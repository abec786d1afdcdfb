"""How long from a press on a control that trains nothing until the new picture is in the page, in a real browser?

Each press is timed in the page itself, from the event to the first frame in which the picture's pixels or paths differ.
"""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator

from playwright.sync_api import Page, sync_playwright

from benchmarks._dashboard import dashboard
from benchmarks._measure import report

PRESSES = 20
IDLE = """() => { const app = document.querySelector('[data-testid="stApp"]');
  return app && app.dataset.testConnectionState === "CONNECTED" && app.dataset.testScriptState === "notRunning" }"""
ARMED = """picture => {
  const all = root => [...root.querySelectorAll('*')].flatMap(e => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])])
  const row = (e, at) => e.getContext('2d').getImageData(0, Math.floor(e.height * at), e.width, 1).data.join()
  const line = e => [.2, .4, .6, .8].map(at => row(e, at)).join()
  const shown = e => e.isConnected && e.getBoundingClientRect().width > 0
  const find = () => all(document).filter(e => e.matches(picture) && shown(e))
  let seen = find()
  const drawn = () => {
    if (!seen.length || !seen.every(shown)) seen = find()
    return seen.map(e => e.getContext ? line(e) : e.outerHTML).join('')
  }
  const before = drawn()
  window.took = new Promise(done => {
    const start = async () => {
      for (const kind of ['pointerdown', 'keydown']) removeEventListener(kind, start, true)
      const started = performance.now()
      while (performance.now() - started < 10000) {
        await new Promise(requestAnimationFrame)
        const now = drawn()
        if (now && now !== before) break
      }
      done(performance.now() - started)
    }
    for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, start, true)
  })
}"""


def presses(page: Page, control: str, key: str, picture: str) -> Iterator[float]:
    """Milliseconds of each press, the page at rest in between; keys take turns, and the first press is not counted."""
    for k in range(PRESSES + 1):
        page.wait_for_function(IDLE, timeout=60_000)
        page.wait_for_timeout(400)
        where = page.locator(control).first
        where.focus()
        page.evaluate(ARMED, picture)
        keys = key.split()
        where.press(keys[k % len(keys)]) if keys else where.click()
        took = page.evaluate("window.took")
        if k:
            yield took


def main() -> None:
    """Measure the cheap controls of every page that has some: the tape, the sequence, the lab, a reservoir."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    more, gain = "[data-testid=stNumberInputStepUp]", ".st-key-lab_gain input[type=range]"
    back, lines = ".st-key-tape_back button", ".js-plotly-plot .scatterlayer"
    other = "[data-variant=segmented_control][aria-checked=false]"
    places = [
        ("Train", "", back, "", ".st-key-curve canvas"),
        ("Hidden_states", "", more, "", ".stage canvas"),
        ("Hidden_states", "", back, "", ".stage canvas"),
        ("Gradients", "", back, "", f".st-key-norms {lines}"),
        ("Gradients", "The lab", gain, "ArrowRight", f".st-key-lab {lines}"),
        ("Unrolled_graph", "", more, "", ".stage svg"),
        ("Unrolled_graph", "", back, "", ".stage svg"),
        ("Architectures", "Parts", ".st-key-softmax_temperature input[type=range]", "ArrowLeft ArrowRight",
         ".st-key-part_temperature .barlayer"),
        ("Race", "", f".st-key-race_over {other}", "", f".st-key-race {lines}"),
        ("Associative_memory", "", ".st-key-damage input[type=range]", "ArrowRight ArrowRight ArrowLeft",
         f".st-key-recall {lines}"),
        ("Dynamics", "An echo state network", ".st-key-reservoir_mackey_glass_leak input[type=range]",
         "ArrowRight ArrowLeft ArrowLeft", f".st-key-free_run {lines}"),
        ("Runs", "", f".st-key-runs_over {other}", "", f".st-key-compare {lines}"),
    ]
    everything: list[float] = []
    with dashboard() as (address, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--disable-gpu", "--disable-dev-shm-usage"]
        )
        for place, section, control, key, picture in places:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{address}/{place}")
            page.wait_for_function(IDLE, timeout=60_000)
            page.wait_for_timeout(2000)
            if section:
                page.get_by_role("tab", name=section).click()
                page.locator(control).first.wait_for(timeout=60_000)
            took = sorted(presses(page, control, key, picture))
            everything += took
            report(
                f"control to picture, {place}{f', {section}' if section else ', tape' if control == back else ''}",
                "p95 ≤ 500 ms",
                percentile(took, 0.95) <= 500,
                p50=percentile(took, 0.5),
                p95=percentile(took, 0.95),
            )
            page.close()
        browser.close()
    everything.sort()
    report(
        "control to picture",
        "p50 ≤ 200 ms, p95 ≤ 500 ms",
        percentile(everything, 0.5) <= 200 and percentile(everything, 0.95) <= 500,
        p50=percentile(everything, 0.5),
        p95=percentile(everything, 0.95),
        mean=statistics.fmean(everything),
        presses=len(everything),
    )


def percentile(values: list[float], q: float) -> float:
    """The q-quantile of sorted values, the nearest of them."""
    return values[min(len(values) - 1, round(q * (len(values) - 1)))]


if __name__ == "__main__":
    main()
