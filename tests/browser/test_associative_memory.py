"""Associative memory in a real browser: drawing by mouse, keys and finger, and what the network makes of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.waiting import until

COUNT = re.compile(r"(\d+) of 64 on")


def board(page: Page, label: str = "Your pattern") -> Locator:
    """The grid that is drawn on."""
    return page.get_by_role("img", name=re.compile(f"^{label}"))


def on(canvas: Locator) -> int:
    """How many cells are on."""
    return int(COUNT.search(canvas.get_attribute("aria-label"))[1])


def centre(canvas: Locator, row: int, column: int) -> tuple[float, float]:
    """Where the middle of a cell stands in the window."""
    box = canvas.bounding_box()
    return box["x"] + box["width"] * (column + 0.5) / 8, box["y"] + box["height"] * (row + 0.5) / 8


def choose(page: Page, label: str, option: str) -> None:
    """Pick one of the last select box of this name; a page that is drawn anew closes the list, so it is asked again."""
    box, wanted = (page.get_by_role("combobox", name=re.compile(label)).last,
                   page.get_by_role("option", name=option, exact=True))

    def listed() -> bool:
        if not wanted.count():
            box.click()
            page.wait_for_timeout(300)
        return wanted.count() == 1

    until(page, listed)
    wanted.click()


@pytest.mark.timeout(600)
def test_a_letter_is_drawn_by_mouse_and_mended_by_keys(page: Page, wait_idle, shoot) -> None:
    page.goto("/Associative_memory")
    wait_idle(page)
    choose(page, "Start from", "Empty")
    expect(page.get_by_text("The grid is empty")).to_be_visible()
    canvas = board(page)
    expect(canvas).to_have_attribute("aria-label", COUNT)
    assert on(canvas) == 0
    for row in (0, 1):
        page.mouse.move(*centre(canvas, row, 0))
        page.mouse.down()
        page.mouse.move(*centre(canvas, row, 7), steps=20)
        page.mouse.up()
    assert on(canvas) == 16
    expect(page.get_by_text("You may say over").first).to_be_visible()
    wait_idle(page)
    canvas.focus()
    for key in ("ArrowDown", "Space", "ArrowLeft", "Space"):
        canvas.press(key)
    assert on(canvas) == 18 and "row 3, column 7 is on" in canvas.get_attribute("aria-label")
    for row in range(2, 8):
        page.mouse.move(*centre(canvas, row, 3))
        page.mouse.down()
        page.mouse.move(*centre(canvas, row, 4), steps=4)
        page.mouse.up()
    assert on(canvas) == 30
    expect(page.get_by_text("it rests at T").first).to_be_visible()
    wait_idle(page)
    assert on(board(page)) == 30
    expect(board(page, "What the network")).to_have_attribute("aria-label", re.compile("28 of 64 on"))
    shoot(page)


@pytest.mark.timeout(600)
def test_all_units_at_once(page: Page, wait_idle) -> None:
    page.goto("/Associative_memory")
    wait_idle(page)
    expect(page.locator(".st-key-recall").filter(has_text="changes, one unit at a time").first).to_be_visible()
    page.locator(".st-key-together label").click()
    expect(page.locator(".st-key-recall").filter(has_text="updates of all units").first).to_be_visible()
    page.get_by_role("tab", name="A swing of two").click()
    expect(page.get_by_text("swings between two states for ever").first).to_be_visible()
    wait_idle(page)
    swing = page.locator(".st-key-swing_True")
    expect(swing).to_contain_text("updates of all units")
    slider = page.get_by_role("slider", name="change").nth(1)
    slider.press("Home")
    first = on(board(page, "All units at once"))
    slider.press("ArrowRight")
    assert on(board(page, "All units at once")) == 64 - first


@pytest.mark.timeout(600)
def test_either_half_of_a_pair_brings_back_the_other(page: Page, wait_idle, shoot) -> None:
    page.goto("/Associative_memory")
    wait_idle(page)
    page.get_by_role("tab", name="Pairs (BAM)").click()
    expect(page.get_by_text("rests at A and a").first).to_be_visible()
    wait_idle(page)
    page.get_by_role("radio", name="Small → capital").click()
    wait_idle(page)
    choose(page, "Start from", "x")
    expect(page.get_by_text("rests at X and x").first).to_be_visible()
    wait_idle(page)
    canvas = board(page, "One half of a pair")
    before = on(canvas)
    page.mouse.click(*centre(canvas, 0, 0))
    assert abs(on(canvas) - before) == 1
    wait_idle(page)
    expect(page.locator(".st-key-pair_recall").filter(has_text="z ← y").first).to_be_visible()
    shoot(page)


@pytest.mark.timeout(600)
def test_a_finger_draws(phone: Page, wait_idle, shoot) -> None:
    phone.goto("/Associative_memory")
    wait_idle(phone)
    canvas = board(phone)
    canvas.scroll_into_view_if_needed()
    before, place = on(canvas), centre(canvas, 3, 3)
    phone.touchscreen.tap(*place)
    assert abs(on(canvas) - before) == 1
    wait_idle(phone)
    before = on(canvas)
    touch = phone.context.new_cdp_session(phone)
    path = [centre(canvas, 4, k / 4) for k in range(32)]
    scrolled = canvas.bounding_box()["y"]
    for kind, (x, y) in [("touchStart", path[0]), *(("touchMove", p) for p in path[1:])]:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    wait_idle(phone)
    assert on(canvas) != before and canvas.bounding_box()["y"] == scrolled
    assert phone.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    shoot(phone)


@pytest.mark.timeout(600)
def test_the_capacity_curve_is_stopped_and_goes_on(page: Page, wait_idle, shoot) -> None:
    page.goto("/Associative_memory")
    wait_idle(page)
    page.get_by_role("tab", name="How many patterns it holds").click()
    expect(page.get_by_text("15 of 15 loads, N = 100")).to_be_visible()
    expect(page.locator(".st-key-capacity").filter(has_text="0.138").first).to_be_visible()
    slider = page.get_by_test_id("stSlider").filter(has_text="Units (N)").get_by_role("slider")
    slider.focus()
    slider.press("End")
    expect(page.get_by_text(re.compile("of 15 loads, N = 1000"))).to_be_visible()
    page.get_by_role("button", name="Stop here").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    wait_idle(page)
    stands = page.get_by_test_id("stProgress").inner_text()
    page.wait_for_timeout(2500)
    assert page.get_by_test_id("stProgress").inner_text() == stands
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Stop here")).to_be_visible()
    page.get_by_role("button", name="Stop here").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    shoot(page)
