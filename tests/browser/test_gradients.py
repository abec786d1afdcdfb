"""Gradients in a real browser: the spectrum plays without asking anybody, the lab warns, the sweep is drawn."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect


@pytest.mark.timeout(600)
def test_the_spectrum_plays_in_the_browser(page: Page, wait_idle, shoot) -> None:
    sent: list[int] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(len(frame))))
    page.goto("/Gradients?architecture=elman&task=adding&hidden_size=8&length=20")
    wait_idle(page)
    page.get_by_role("tab", name="Every step").click()
    words = page.locator(".st-key-spectrum .textpoint").first
    expect(words).to_contain_text("t = 0")
    wait_idle(page)
    asked = len(sent)
    rail = page.locator(".st-key-spectrum .slider-rail-touch-rect")
    rail.click(position={"x": rail.bounding_box()["width"] / 2, "y": 8})
    expect(words).to_have_text(re.compile(r"^t = (9|10)\d{2,3}% inside"))
    page.locator(".st-key-spectrum .updatemenu-button").first.click()
    expect(words).to_contain_text("t = 19")
    slider = page.locator(".st-key-spectrum").get_by_role("slider", name="Time step")
    slider.press("Home")
    expect(words).to_contain_text("t = 0")
    for step in (1, 2, 3):
        slider.press("ArrowRight")
        expect(words).to_contain_text(f"t = {step}")
    expect(slider).to_have_attribute("aria-valuetext", "time step 3")
    slider.press("End")
    expect(words).to_contain_text("t = 19")
    slider.press("Home")
    page.locator(".st-key-spectrum").get_by_role("button", name="Play").press("Enter")
    expect(words).to_contain_text("t = 19")
    assert len(sent) == asked
    shoot(page, full_page=True)


@pytest.mark.timeout(600)
def test_the_lab_warns_and_the_sweep_is_drawn(page: Page, wait_idle, shoot) -> None:
    page.goto("/Gradients?architecture=elman&task=adding&hidden_size=8&length=20")
    wait_idle(page)
    page.get_by_role("tab", name="The lab").click()
    expect(page.locator(".st-key-lab .js-plotly-plot")).to_be_visible()
    page.locator(".st-key-lab_warning label").click()
    expect(page.get_by_text("5.05, 5.01, 3.75").first).to_be_visible()
    shoot(page, "warning")
    page.get_by_role("tab", name="Gain × length").click()
    expect(page.get_by_text("of these 1,024 fresh networks").first).to_be_visible()
    expect(page.locator(".st-key-phases .heatmaplayer image")).to_have_count(1)
    shoot(page, "sweep")
