"""The transport bar and the tape in a real browser: keys, speed, stop rules, every page at the same moment."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.waiting import line, until

SLOW = "architecture=gru&task=adding&hidden_size=24&length=30&updates=100000"


def update(page: Page) -> int:
    """The update in a line such as “paused after update 1,234 of 4,000”."""
    return int(line(page).split("update", 1)[1].split()[0].replace(",", ""))


def moment(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query).get("moment", [""])[0]


@pytest.mark.timeout(600)
def test_keys_play_pause_make_one_update_and_move_the_tape(page: Page, wait_idle, shoot) -> None:
    page.goto(f"/Train?{SLOW}&seed=31")
    wait_idle(page)
    page.locator("html[data-keys=heard]").wait_for(state="attached")
    wait_idle(page)
    page.keyboard.press("Space")
    until(page, lambda: "training, update" in line(page) and update(page) > 8)
    page.keyboard.press("Space")
    until(page, lambda: "paused after update" in line(page))
    wait_idle(page)
    stood = update(page)
    page.keyboard.press("Enter")
    until(page, lambda: update(page) == stood + 1)
    wait_idle(page)
    page.keyboard.press("ArrowLeft")
    until(page, lambda: moment(page) != "")
    wait_idle(page)
    first = int(moment(page))
    page.keyboard.press("ArrowLeft")
    until(page, lambda: int(moment(page)) < first)
    wait_idle(page)
    shoot(page, "in the past")
    there = moment(page)
    page.get_by_role("link", name="Hidden states", exact=True).click()
    wait_idle(page)
    page.get_by_text(f"Every picture shows update {int(there):,}").wait_for()
    page.reload()
    wait_idle(page)
    assert moment(page) == there
    page.get_by_text(f"Every picture shows update {int(there):,}").wait_for()


@pytest.mark.timeout(600)
def test_the_tapes_slider_keeps_the_keyboard(page: Page, wait_idle) -> None:
    page.goto("/Hidden_states")
    wait_idle(page)
    tape = page.get_by_role("slider", name="Tape of training")
    tape.focus()
    stands = []
    for _ in range(3):
        for _ in range(2):
            tape.press("ArrowLeft")
            page.wait_for_timeout(60)
        until(page, lambda: tape.get_attribute("aria-valuetext") == f"update {int(moment(page) or -1):,}")
        page.wait_for_timeout(400)
        wait_idle(page)
        assert tape.count() == 1 and tape.evaluate("e => e === document.activeElement")
        stands.append(int(moment(page)))
    assert stands[0] > stands[1] > stands[2]
    page.get_by_role("button", name="Now", exact=True).click()
    until(page, lambda: moment(page) == "")
    wait_idle(page)
    last = tape.get_attribute("aria-valuetext")
    tape.press("ArrowLeft")
    until(page, lambda: moment(page) != "")
    wait_idle(page)
    assert tape.get_attribute("aria-valuetext") != last


@pytest.mark.timeout(600)
def test_a_key_belongs_to_what_has_the_focus(page: Page, wait_idle) -> None:
    page.goto(f"/Train?{SLOW}&seed=32")
    wait_idle(page)
    share = page.get_by_role("button", name="Share")
    share.focus()
    page.keyboard.press("Space")
    page.get_by_text("The same in a notebook").wait_for()
    assert "run=" not in page.url, "Space opened Share and trained nothing"
    page.keyboard.press("Escape")
    size = page.locator("input[aria-label^='Hidden size']")
    size.fill("12")
    size.press("Enter")
    until(page, lambda: "hidden_size=12" in page.url)
    assert "run=" not in page.url, "Enter set the size and trained nothing"


@pytest.mark.timeout(600)
def test_a_slow_run_stops_where_it_was_told(page: Page, wait_idle, shoot) -> None:
    page.goto(f"/Train?{SLOW}&seed=33")
    wait_idle(page)
    speed = page.get_by_role("slider", name="Speed")
    speed.focus()
    for _ in range(3):
        speed.press("ArrowLeft")
        wait_idle(page)
        assert speed.evaluate("e => e === document.activeElement"), "the slider keeps the keyboard"
    page.locator(".st-key-play button").first.click()
    until(page, lambda: "training, update" in line(page) and update(page) >= 3)
    seen, began = update(page), time.monotonic()
    page.get_by_role("button", name="Stop at").click()
    page.get_by_text("at an update", exact=True).click()
    goal = page.locator("[data-testid=stPopoverBody] input[aria-label='Update']")
    goal.fill("100")
    goal.press("Enter")
    wait_idle(page)
    page.get_by_role("button", name="Set", exact=True).click()
    until(page, lambda: "paused after update" in line(page))
    wait_idle(page)
    shoot(page, "told to stop")
    assert update(page) == 100
    assert 100 - seen <= 12 * (time.monotonic() - began), "it went slowly"
    page.get_by_text("as asked").wait_for()
