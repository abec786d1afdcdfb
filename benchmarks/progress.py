"""How long from a press on what takes its time until the page shows that it is at work, in a real browser?

Timed in the page itself, from the event to the first frame with a spinner, a progress bar, the button to pause or the
first of several pictures.
"""

from __future__ import annotations

import shutil
from typing import NamedTuple

from playwright.sync_api import Page, sync_playwright

from benchmarks._dashboard import dashboard
from benchmarks._measure import report
from benchmarks.controls import ARMED, IDLE, percentile

SPINNER, MORE = "[data-testid=stSpinner]", "[data-testid=stNumberInputStepUp]"


class Long(NamedTuple):
    """Something that takes its time: where it is, what is pressed, the sign, and what undoes it for the next press."""

    page: str
    section: str
    control: str
    sign: str
    undo: tuple[str, ...] = ()
    presses: int = 8


ALL = (
    Long("Train", "", ".st-key-play button", ".st-key-pause button", (".st-key-stop button", ".st-key-same button")),
    Long("Hidden_states", "Why did it forget this?", "[data-variant=pills][aria-checked=false]",
         ".st-key-forgetting .scatterlayer", presses=5),
    Long("Gradients", "Gain × length", f".st-key-phase_draw {MORE}", SPINNER),
    Long("Race", "", ".st-key-race_start button", "[data-testid=stProgress]",
         (".st-key-race_stop button", ".st-key-race_back button")),
)


def waits(page: Page, long: Long) -> list[float]:
    """Milliseconds of each press until the sign."""
    took = []
    for _ in range(long.presses):
        page.wait_for_function(IDLE, timeout=60_000)
        page.wait_for_timeout(500)
        control = page.locator(long.control).first
        control.focus()
        page.evaluate(ARMED, long.sign)
        control.click()
        took.append(page.evaluate("window.took"))
        for undo in long.undo:
            page.locator(undo).first.click()
            page.wait_for_timeout(1500)
    return sorted(took)


def main() -> None:
    """Measure every one, each on a page of its own."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with dashboard() as (address, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--disable-gpu", "--disable-dev-shm-usage"]
        )
        for long in ALL:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{address}/{long.page}")
            page.wait_for_function(IDLE, timeout=60_000)
            page.wait_for_timeout(2000)
            if long.section:
                page.get_by_role("tab", name=long.section).click()
                page.locator(long.control).first.wait_for(timeout=60_000)
            took = waits(page, long)
            name = f"press to sign of work, {long.page}{long.section and f', {long.section}'}"
            report(name, "most ≤ 500 ms", took[-1] <= 500, p50=percentile(took, 0.5), most=took[-1], presses=len(took))
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
