"""Hold a gate, follow a wrong answer back, take the advice of the diagnosis: each once in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

FRESH = "architecture=gru&task=adding&hidden_size=6&length=24&gain=0.5"
WIDE = """() => ['stMain', 'stMainBlockContainer'].flatMap(
    name => [...document.querySelectorAll(`[data-testid=${name}]`)]).some(e => e.scrollWidth > e.clientWidth + 1)"""


def section(page: Page, wait_idle, title: str) -> None:
    """Open a section of the page and wait for its picture."""
    page.get_by_role("tab", name=title).click()
    wait_idle(page)


@pytest.mark.timeout(600)
def test_a_gate_is_held_kept_and_let_go(page: Page, wait_idle, shoot) -> None:
    page.goto(f"/Hidden_states?{FRESH}")
    wait_idle(page)
    section(page, wait_idle, "What if?")
    said = page.get_by_text("holding all of z at 0 from step 8 to 12").first
    expect(said).to_be_visible()
    value = page.get_by_label("Value", exact=True)
    value.fill("0.9")
    value.press("Enter")
    expect(page.get_by_text("holding all of z at 0.9 from step 8 to 12").first).to_be_visible()
    page.get_by_role("button", name="Keep it, add another").click()
    kept = page.get_by_role("button", name="Hold all of z at 0.9 from step 8 to 12")
    expect(kept).to_be_visible()
    wait_idle(page)
    shoot(page, "kept", full_page=True)
    kept.click()
    expect(kept).to_have_count(0)


@pytest.mark.timeout(600)
def test_a_wrong_answer_is_followed_back_on_a_phone_in_the_dark(page: Page, wait_idle, shoot) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    page.emulate_media(color_scheme="dark")
    page.goto(f"/Hidden_states?{FRESH}")
    wait_idle(page)
    section(page, wait_idle, "Why did it forget this?")
    expect(page.get_by_text("What would have kept it?")).to_be_visible()
    page.get_by_role("radiogroup", name="Held-out sequence").get_by_role("radio").nth(2).click()
    expect(page.get_by_text("for held-out sequence 2.").first).to_be_visible()
    wait_idle(page)
    shoot(page, "followed")
    assert not page.evaluate(WIDE)
    section(page, wait_idle, "What if?")
    assert not page.evaluate(WIDE)


@pytest.mark.timeout(600)
def test_the_advice_of_the_diagnosis_can_be_tried(page: Page, wait_idle, shoot) -> None:
    page.goto("/Train?architecture=elman&task=adding&hidden_size=8&length=60&gain=0.5")
    wait_idle(page)
    expect(page.get_by_text("Nothing up to step").first).to_be_visible()
    shoot(page, "found")
    page.get_by_role("button", name="See it").click()
    page.wait_for_url("**/Gradients?**")
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("What can it learn?")
    wait_idle(page)
    page.go_back()
    page.wait_for_url("**/Train?**")
    wait_idle(page)
    page.get_by_role("button", name="Try it").first.click()
    page.wait_for_url("**architecture=lstm**")
