"""The unrolled graph on its page: a number is set by keyboard, flows, is taken back; slow motion asks for nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

SMALL = "architecture=elman&task=adding&hidden_size=5&length=9&seed=3"


@pytest.mark.timeout(600)
def test_a_weight_and_an_input_are_set_and_taken_back(page: Page, wait_idle, shoot) -> None:
    page.goto(f"/Unrolled_graph?{SMALL}")
    wait_idle(page)
    page.get_by_role("button", name="x at step 2").click()
    field = page.get_by_label("set x at this step to")
    field.fill("1e999")
    field.press("Enter")
    assert "too large for a network" in page.locator(".why").inner_text()
    field.fill("5")
    field.press("Enter")
    page.get_by_text("x[0] at t = 2 from").wait_for()
    wait_idle(page)
    assert "at t = 2" in page.locator(".edits").inner_text() and "update 0" not in page.locator(".edits").inner_text()
    page.get_by_role("button", name="R, shared weights").click()
    page.get_by_label("set R to").fill("-1.5")
    page.get_by_label("set R to").press("Enter")
    page.get_by_text("to −1.5").wait_for()
    wait_idle(page)
    shoot(page, "unrolled graph, edited")
    page.get_by_role("button", name="Undo all edits").click()
    page.locator(".edits").wait_for(state="hidden")


@pytest.mark.timeout(600)
def test_slow_motion_asks_for_nothing(page: Page, wait_idle, shoot) -> None:
    page.goto(f"/Unrolled_graph?{SMALL}")
    wait_idle(page)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if one.resource_type in ("fetch", "xhr") else None)
    page.evaluate("""() => {
        const send = WebSocket.prototype.send
        window.sent = 0
        WebSocket.prototype.send = function (data) { window.sent += 1; return send.call(this, data) }
    }""")
    page.get_by_role("button", name="Slow motion", exact=True).click()
    story = page.locator(".slow p")
    for phase in ("Forward, step 0", "Loss, step 8", "Backward, step 8", "Update 1, rehearsed on its own batch of 32"):
        page.get_by_text(phase).wait_for()
        if phase.startswith("Backward"):
            shoot(page, "slow motion, backward")
        if not phase.startswith("Update"):
            page.get_by_role("button", name="Next phase").click()
    assert "The loss on that batch goes from" in story.inner_text()
    assert page.evaluate("window.sent") == 0 and [url for url in asked if "/_stcore/" not in url] == []
