"""Dynamics in a real browser: every section opened once, a wrong range, the fresh weights, a phone in the dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

SMALL = "architecture=gru&task=adding&hidden_size=4&length=12"
PICTURES = {
    "Modes": "part_modes",
    "Trajectories": "part_trajectories",
    "Phase plane": "part_nullclines",
    "Bifurcation": "part_bifurcation",
    "Cobweb": "part_cobweb",
    "Left alone": "part_impulse_response",
    "Lyapunov spectrum": "part_lyapunov_spectrum",
    "The onset of chaos": "part_chaos_transition",
}
WIDE = """() => ['stMain', 'stMainBlockContainer'].flatMap(
    name => [...document.querySelectorAll(`[data-testid=${name}]`)]).some(e => e.scrollWidth > e.clientWidth + 1)"""


def section(page: Page, wait_idle, title: str) -> None:
    """Open a section of the page and wait for its picture."""
    page.get_by_role("tab", name=title).click()
    wait_idle(page, 120)
    expect(page.locator(f".st-key-{PICTURES[title]} .main-svg").first).to_be_visible()


@pytest.mark.timeout(600)
def test_every_section_opens_and_a_wrong_range_is_told(page: Page, wait_idle, shoot) -> None:
    page.goto(f"/Dynamics?{SMALL}")
    wait_idle(page, 120)
    expect(page.get_by_text("These are fresh random weights").first).to_be_visible()
    for title in PICTURES:
        section(page, wait_idle, title)
        shoot(page, title.split()[-1])
    section(page, wait_idle, "Bifurcation")
    end = page.get_by_label("To", exact=True)
    end.fill("-1")
    end.press("Enter")
    expect(page.get_by_text("must end at a larger number")).to_be_visible()
    expect(page.locator(".st-key-part_bifurcation .main-svg")).to_have_count(0)


@pytest.mark.timeout(600)
def test_a_latch_of_ones_own_on_a_phone_in_the_dark(page: Page, wait_idle, shoot) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    page.emulate_media(color_scheme="dark")
    page.goto("/Dynamics")
    wait_idle(page, 120)
    page.get_by_text("as they were drawn").first.click()
    wait_idle(page, 120)
    section(page, wait_idle, "Cobweb")
    expect(page.get_by_text("has 3 rests in this window").first).to_be_visible()
    weight = page.get_by_role("slider", name="Weight (w)")
    weight.focus()
    for _ in range(12):
        weight.press("ArrowLeft")
    wait_idle(page, 120)
    expect(page.get_by_text("has 1 rest in this window").first).to_be_visible()
    assert not page.evaluate(WIDE)
    shoot(page, "cobweb")
    section(page, wait_idle, "Trajectories")
    assert not page.evaluate(WIDE)


@pytest.mark.timeout(600)
def test_the_hidden_states_lead_here(page: Page, wait_idle) -> None:
    page.goto(f"/Hidden_states?{SMALL}")
    wait_idle(page, 120)
    page.get_by_role("button", name="Where would it go if left alone?").click()
    page.wait_for_url("**/Dynamics**")
    wait_idle(page, 120)
    expect(page.get_by_role("tab", name="Phase plane")).to_have_attribute("aria-selected", "true")
