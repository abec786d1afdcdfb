"""The timeline on a real page: its keys are its own, scrubbing asks for nothing, its tape moves every page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

OVER = "canvas.over"
OVER_NOW = """[...document.querySelectorAll('*')]
    .map(e => e.shadowRoot?.querySelector('.over')).find(Boolean).ariaValueNow"""


@pytest.fixture
def opened(page: Page, wait_idle: Callable[..., None]) -> Page:
    """Hidden states with the shipped run, drawn and at rest."""
    page.goto("/Hidden_states")
    page.locator(OVER).wait_for()
    wait_idle(page)
    return page


def time_of(page: Page) -> int:
    return int(page.locator(OVER).get_attribute("aria-valuenow"))


def settle(page: Page) -> None:
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_space_in_the_viewer_plays_the_sequence_and_trains_nothing(opened, shoot):
    over, before = opened.locator(OVER), urlsplit(opened.url).query
    over.focus()
    start = time_of(opened)
    opened.keyboard.press("Space")
    opened.locator("button.play", has_text="Pause").wait_for()
    opened.wait_for_function(f"() => {OVER_NOW} > {start}")
    opened.keyboard.press("Space")
    opened.locator("button.play", has_text="Play").wait_for()
    opened.get_by_role("button", name="One step back").press("Space")
    settle(opened)
    assert urlsplit(opened.url).query == before and "run=" not in before
    assert opened.evaluate("scrollY") == 0 or opened.locator(OVER).is_visible()
    shoot(opened, full_page=True)


def test_scrubbing_zooming_and_saving_ask_the_server_for_nothing(opened):
    opened.wait_for_load_state("networkidle")  # the page's last typeface
    sent = []
    opened.on("request", lambda request: sent.append(request.url) if request.url.startswith("http") else None)
    opened.evaluate("""() => { window.frames_sent = 0; const send = WebSocket.prototype.send
        WebSocket.prototype.send = function (...given) { window.frames_sent++; return send.apply(this, given) } }""")
    over = opened.locator(OVER)
    for key in ("Home", "ArrowRight", "End", "ArrowDown", "+", "+", "ArrowLeft", "-"):
        over.press(key)
    box = over.bounding_box()
    opened.mouse.move(box["x"] + 300, box["y"] + 10)
    opened.mouse.down()
    opened.mouse.move(box["x"] + 500, box["y"] + 10, steps=10)
    opened.mouse.up()
    over.press("Escape")
    opened.locator("summary[aria-label='Take the picture away']").click()
    with opened.expect_download() as waiting:
        opened.get_by_role("button", name="Picture (PNG)").click()
    assert Path(waiting.value.path()).read_bytes().startswith(b"\x89PNG")
    assert waiting.value.suggested_filename.startswith("rnn-timeline-")
    assert sent == [] and opened.evaluate("window.frames_sent") == 0


def test_letting_the_tape_go_moves_the_page_and_the_cursor_stays(opened, wait_idle, shoot):
    opened.locator(OVER).press("End")
    settle(opened)
    last = time_of(opened)
    tape = opened.locator(".tape input")
    tape.press("ArrowLeft")
    tape.press("ArrowLeft")
    opened.wait_for_url("**moment=*")
    wait_idle(opened)
    (moment,) = parse_qs(urlsplit(opened.url).query)["moment"]
    assert opened.locator(".tape b").inner_text().replace(",", "") == moment
    assert time_of(opened) == last
    shoot(opened)
