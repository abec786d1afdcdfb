"""How long from a click on another page until its question and its main picture stand there, in a warm dashboard?

Timed in the page itself: from the press to the first frame in which the new page's title and picture are there. The
time until its script has come to rest is told beside it.
"""

from __future__ import annotations

import shutil
import statistics
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks._dashboard import dashboard
from benchmarks._measure import report
from benchmarks.controls import IDLE, percentile

ROUNDS = 6
VIEWER, PLOTLY = ".stage canvas, .stage svg", ".js-plotly-plot .main-svg"
PAGES = {
    "Train": "[data-testid=stMain] canvas",
    "Hidden states": VIEWER,
    "Gradients": PLOTLY,
    "Unrolled graph": VIEWER,
    "Architectures": PLOTLY,
    "Race": PLOTLY,
    "Runs": "[data-testid=stDataFrame] canvas, [data-testid=stMain] table",
    "Home": VIEWER,
}
ARMED = """([label, picture]) => {
  const all = root => [...root.querySelectorAll('*')].flatMap(e => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])])
  const title = () => document.querySelector('h1')?.innerText
  const idle = () => document.querySelector('[data-testid="stApp"]').dataset.testScriptState === 'notRunning'
  const links = [...document.querySelectorAll('[data-testid=stPageLink] a')]
  const link = links.find(a => a.innerText.trim().endsWith(label))
  const before = title()
  window.took = new Promise(done => {
    const started = performance.now()
    let seen
    link.click()
    const look = () => {
      const now = performance.now() - started
      const there = title() && title() !== before && all(document).some(
        e => e.matches(picture) && e.getBoundingClientRect().width > 0 && !e.closest('[data-stale=true]'))
      if (there) seen ??= now
      if (seen !== undefined && idle() || now > 20000) done([seen ?? now, now])
      else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
}"""


def switch(page: Page, label: str, picture: str) -> list[float]:
    """Milliseconds until the page is seen, and until it rests."""
    page.wait_for_function(IDLE, timeout=60_000)
    page.wait_for_timeout(300)
    page.evaluate(ARMED, [label, picture])
    return page.evaluate("window.took")


def main() -> None:
    """Walk through all pages in one tab; the first round warms up and is not counted."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    took: dict[str, list[list[float]]] = {label: [] for label in PAGES}
    with dashboard() as (address, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--disable-gpu", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)
        page.wait_for_function(IDLE, timeout=60_000)
        page.wait_for_timeout(2000)
        for k in range(ROUNDS + 1):
            for label, picture in PAGES.items():
                one = switch(page, label, picture)
                took[label] += [one] if k else []
        browser.close()
    for label, times in took.items():
        _report(f"page switch to {label}", times)
    _report("page switch", [one for times in took.values() for one in times])


def _report(figure: str, times: list[Any]) -> None:
    seen, rest = (sorted(one[k] for one in times) for k in (0, 1))
    numbers = {"p50": statistics.median(seen), "p95": percentile(seen, 0.95), "at_rest_p95": percentile(rest, 0.95)}
    report(figure, "p95 ≤ 1,000 ms", numbers["p95"] <= 1000, **numbers, switches=len(times))


if __name__ == "__main__":
    main()
