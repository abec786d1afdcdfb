"""An echo state network in a real browser: sliders, pictures and refusals, wide and on a phone, light and dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_why_and_what_if import WIDE, section

TITLE = "An echo state network"


def opened(page: Page, wait_idle) -> None:
    page.goto("/Dynamics?architecture=gru&task=adding&hidden_size=4&length=8")
    wait_idle(page)
    section(page, wait_idle, TITLE)


def show(page: Page, wait_idle, view: str) -> None:
    page.get_by_text(view, exact=True).click()
    wait_idle(page)


@pytest.mark.timeout(600)
def test_a_slider_makes_it_part_and_a_leak_of_nothing_is_refused(page: Page, wait_idle, shoot) -> None:
    opened(page, wait_idle)
    said = page.get_by_text("left alone after 200 values it stays within 0.4 deviations").first
    expect(said).to_be_visible()
    before = said.inner_text()
    radius = page.get_by_role("slider", name="Spectral radius (ρ)")
    radius.focus()
    radius.press("End")
    wait_idle(page)
    expect(said).not_to_have_text(before)
    shoot(page, "too lively")
    leak = page.get_by_role("slider", name="Leak (a)")
    leak.focus()
    leak.press("Home")
    expect(page.get_by_text("With a leak of 0 no unit is ever renewed")).to_be_visible()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("width, scheme", [(1440, "light"), (1440, "dark"), (375, "light"), (375, "dark")])
def test_every_picture_in_every_light(page: Page, wait_idle, shoot, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    opened(page, wait_idle)
    words = {
        "Its units": "units over 200 steps",
        "What it holds": "How much of the input of each lag",
        "Two starts": "Distance of other starts",
        "It goes on": "What the network says beside the truth",
    }
    for view, alt in words.items():
        show(page, wait_idle, view)
        expect(page.get_by_label(alt).or_(page.locator(f'[aria-label*="{alt}"], [alt*="{alt}"]')).first).to_be_attached(
            timeout=30_000
        )
        assert not page.evaluate(WIDE)
        shoot(page, f"{view} {width} {scheme}")
