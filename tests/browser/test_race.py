"""The race in a real browser: started, watched, paused, found again after a reload, narrow and dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

STANDS = "[data-testid=stProgress]"


def fill(page: Page, key: str, value: object) -> None:
    """Type a number into a control."""
    field = page.locator(f".st-key-{key} input")
    field.fill(str(value))
    field.press("Enter")


def stands(page: Page, words: str) -> None:
    """Wait until the line above the picture says so."""
    page.locator(STANDS).filter(has_text=words).wait_for()


@pytest.mark.timeout(600)
def test_a_race_is_started_paused_and_found_again(page: Page, wait_idle, shoot) -> None:
    page.goto("/Race")
    wait_idle(page)
    page.locator(".js-plotly-plot").first.wait_for()
    assert "ships with the explorer" in page.locator("[data-testid=stMain]").inner_text()
    shoot(page, "shipped")
    page.get_by_text("Tuning and all settings").click()
    for key, value in (("draft_tuning", 2), ("draft_adding_length_20", 6), ("draft_updates", 100_000)):
        fill(page, key, value)
        wait_idle(page)
    page.get_by_role("button", name="Start the race").click()
    page.locator(STANDS).wait_for()
    stands(page, "the race, update")
    page.locator(".js-plotly-plot").first.wait_for()
    shoot(page, "running")
    page.get_by_role("button", name="Pause").click()
    stands(page, "paused")
    wait_idle(page)
    line = page.locator(STANDS).inner_text()
    address = page.url
    assert "race=" in address
    page.reload()
    wait_idle(page)
    stands(page, "paused")
    assert page.locator(STANDS).inner_text() == line and page.url == address
    page.locator(".st-key-race_stop button").first.click()
    stands(page, "stopped")
    assert re.search("lower|no difference shown", page.locator("[data-testid=stMain]").inner_text(), re.I)


@pytest.mark.timeout(600)
def test_it_fits_a_phone_in_the_dark(phone: Page, wait_idle, shoot) -> None:
    phone.goto("/Race")
    wait_idle(phone)
    phone.locator(".js-plotly-plot").nth(1).wait_for()
    shoot(phone, full_page=True)
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 375
