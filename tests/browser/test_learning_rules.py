"""Learning rules in a real browser: trained side by side, paused, one update, found again, narrow and dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page


@pytest.mark.timeout(400)
def test_rules_side_by_side(page: Page, wait_idle, shoot) -> None:
    page.goto("/Learning_rules?architecture=elman&task=adding&hidden_size=6&length=12")
    wait_idle(page)
    main = page.locator("[data-testid=stMain]")
    page.locator(".js-plotly-plot").first.wait_for(timeout=60_000)
    shoot(page, "opened")
    page.get_by_role("button", name="Train side by side").click()
    page.get_by_text("ms an update").first.wait_for(timeout=120_000)
    shoot(page, "running")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_text("stopped").first.wait_for(timeout=120_000)
    wait_idle(page)
    assert "rules=" in page.url
    page.reload()
    wait_idle(page)
    page.get_by_text("stopped").first.wait_for(timeout=60_000)
    page.get_by_role("tab", name="Who needs what").click()
    page.get_by_text("local in time: Real-time recurrent learning").wait_for(timeout=120_000)
    page.get_by_role("tab", name="What it costs").click()
    page.get_by_role("button", name="Count", exact=True).click()
    page.get_by_text("multiplications grow as").wait_for(timeout=200_000)
    wait_idle(page)
    shoot(page, "costs", full_page=True)
    assert "Exception" not in main.inner_text()


@pytest.mark.timeout(180)
def test_it_fits_a_phone_in_the_dark(browser: Browser, server: str, wait_idle, shoot) -> None:
    window = browser.new_context(base_url=server, viewport={"width": 375, "height": 800}, color_scheme="dark")
    page = window.new_page()
    page.goto("/Learning_rules")
    wait_idle(page)
    page.locator(".js-plotly-plot").first.wait_for(timeout=60_000)
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    shoot(page, full_page=True)
    window.close()
    assert wide <= 375
