"""Learning rules in a real browser: trained side by side, paused, one update, found again, narrow and dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page


@pytest.mark.timeout(600)
def test_rules_side_by_side(page: Page, wait_idle, shoot) -> None:
    page.goto("/Learning_rules?architecture=elman&task=adding&hidden_size=6&length=12")
    wait_idle(page)
    main = page.locator("[data-testid=stMain]")
    page.locator(".js-plotly-plot").first.wait_for()
    shoot(page, "opened")
    page.get_by_role("button", name="Train side by side").click()
    page.get_by_text("ms an update").first.wait_for()
    shoot(page, "running")
    main.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_text("stopped").first.wait_for()
    wait_idle(page)
    assert "rules=" in page.url
    page.reload()
    wait_idle(page)
    page.get_by_text("stopped").first.wait_for()
    page.get_by_role("tab", name="Who needs what").click()
    page.get_by_text(re.compile("local in time: .*Real-time recurrent learning")).first.wait_for()
    page.get_by_role("tab", name="What it costs").click()
    page.get_by_role("button", name="Count", exact=True).click()
    page.get_by_text("multiplications grow as").wait_for()
    wait_idle(page)
    shoot(page, "costs", full_page=True)
    assert "Exception" not in main.inner_text()


@pytest.mark.timeout(600)
def test_a_population_is_bred_and_shown(page: Page, wait_idle, shoot) -> None:
    page.goto("/Train?architecture=elman&task=temporal_xor&learner=genetic&hidden_size=4&sure_only=true&population=40"
              "&updates=12&length=15&batch_size=8")
    wait_idle(page)
    page.locator(".st-key-play button").first.click()
    page.get_by_text("done after update").first.wait_for()
    wait_idle(page)
    page.get_by_role("link", name="Learning rules", exact=True).first.click()
    wait_idle(page)
    page.get_by_role("tab", name="Population").click()
    page.get_by_text("after 12 generations the best of 40 networks").wait_for()
    for view, words in (("Generations", "The best goes on unchanged"), ("Family", "joined by thick lines")):
        page.get_by_text(view, exact=True).first.click()
        page.get_by_text(words).wait_for()
    wait_idle(page)
    page.get_by_text("joined by thick lines").scroll_into_view_if_needed()
    shoot(page, "family")


@pytest.mark.timeout(600)
def test_it_fits_a_phone_in_the_dark(phone: Page, wait_idle, shoot) -> None:
    phone.goto("/Learning_rules")
    wait_idle(phone)
    phone.locator(".js-plotly-plot").first.wait_for()
    shoot(phone, full_page=True)
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 375
