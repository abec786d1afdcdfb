"""An agent in a real browser: watched as it acts; and the noise of its gradient, in the dark, on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect


@pytest.mark.timeout(600)
def test_an_agent_is_watched(page: Page, wait_idle, shoot) -> None:
    page.goto("/Train?architecture=lstm&task=t_maze&learner=reinforce&hidden_size=4&length=2")
    page.get_by_text("this episode took").first.wait_for(timeout=300_000)
    wait_idle(page)
    play = page.locator(".updatemenu-button").first
    play.wait_for(timeout=60_000)
    play.click()
    expect(page.locator(".heatmaplayer image")).to_have_count(2, timeout=60_000)
    shoot(page, full_page=True)


@pytest.mark.timeout(600)
def test_the_noise_fits_a_phone_in_the_dark(browser: Browser, server: str, wait_idle, shoot) -> None:
    window = browser.new_context(base_url=server, viewport={"width": 375, "height": 800}, color_scheme="dark")
    page = window.new_page()
    page.goto("/Learning_rules?architecture=lstm&task=t_maze&hidden_size=4&length=5")
    wait_idle(page)
    page.get_by_role("tab", name="Reward").click()
    page.get_by_text("its noise grows as T").first.wait_for(timeout=300_000)
    wait_idle(page)
    shoot(page, full_page=True)
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    window.close()
    assert wide <= 375
