"""The timeline by hand in a real browser: zoom, play and the tape."""

from __future__ import annotations

import base64

import torch

from rnn_core.viewer import timeline
from tests.viewer.conftest import put, shaken
from tests.viewer.test_browser import ROOT, settle, time_of

SHOWN = f"() => {ROOT}.querySelector('.mini').getAttribute('aria-valuetext')"


def point(page, share: float, y: float = 130) -> tuple[float, float]:
    """A point of the picture, at a share of its time axis."""
    box = page.locator("canvas.over").bounding_box()
    return box["x"] + 148 + share * (box["width"] - 148 - 58), box["y"] + y


def shown(page) -> list[int]:
    """First and last step that are seen whole."""
    settle(page)
    words = page.evaluate(SHOWN).split()
    return [0, int(words[1]) - 1] if words[0] == "all" else [int(words[1]), int(words[3])]


def magnify(page, times: int = 3) -> None:
    for _ in range(times):
        page.get_by_role("button", name="Closer").click()
    settle(page)


def test_zoom_by_button_key_and_wheel(bare, long):
    page = bare(long)
    mini, whole = page.locator("canvas.mini"), page.get_by_role("button", name="The whole sequence")
    assert shown(page) == [0, 79] and mini.is_hidden() and whole.is_disabled()
    magnify(page, 1)
    assert shown(page)[1] - shown(page)[0] in (38, 39)
    assert mini.is_visible() and page.locator("canvas.mini").get_attribute("role") == "scrollbar"
    page.locator("canvas.over").press("+")
    first, last = shown(page)
    assert last - first in (18, 19, 20) and first <= 40 <= last
    page.locator("canvas.over").press("-")
    whole.click()
    assert shown(page) == [0, 79]
    page.mouse.move(*point(page, 1.0))
    page.keyboard.down("Control")
    page.mouse.wheel(0, -60)
    page.keyboard.up("Control")
    assert shown(page)[1] == 79 and shown(page)[0] > 30
    page.get_by_text(f"steps {shown(page)[0]} to 79 of 79 are shown").wait_for(state="attached")


def test_a_wheel_without_control_scrolls_the_page(bare, long):
    page = bare(long)
    page.evaluate("document.body.style.height = '3000px'")
    page.mouse.move(*point(page, 0.5))
    page.mouse.wheel(0, 200)
    page.wait_for_function("() => scrollY > 0")
    assert shown(page) == [0, 79]


def test_a_magnified_picture_is_dragged_and_its_cursor_too(bare, long):
    page = bare(long)
    magnify(page)
    first, last = shown(page)
    page.mouse.move(*point(page, 0.9))
    page.mouse.down()
    page.mouse.move(*point(page, 0.3), steps=4)
    page.mouse.up()
    assert shown(page)[0] > first + 3 and time_of(page) == 40
    assert page.evaluate("window.picks") == []
    page.mouse.click(*point(page, 0.5))
    settle(page)
    middle = time_of(page)
    assert shown(page)[0] < middle < shown(page)[1] and page.evaluate("window.picks.pop().t") == middle
    page.mouse.move(*point(page, 0.5))
    page.mouse.down()
    page.mouse.move(*point(page, 0.7), steps=4)
    page.mouse.up()
    settle(page)
    assert time_of(page) > middle


def test_the_small_picture_moves_the_window_and_the_cursor_is_followed(bare, long):
    page = bare(long)
    magnify(page)
    mini = page.locator("canvas.mini")
    mini.press("End")
    assert shown(page)[1] == 79
    mini.press("Home")
    assert shown(page)[0] == 0
    box = mini.bounding_box()
    page.mouse.click(box["x"] + 148 + 0.5 * (box["width"] - 206), box["y"] + 8)
    assert shown(page)[0] < 40 < shown(page)[1]
    for key, t in (("Home", 0), ("End", 79), ("PageDown", 69)):
        page.locator("canvas.over").press(key)
        assert shown(page)[0] <= t <= shown(page)[1] and time_of(page) == t


def test_two_fingers_magnify(bare, long):
    page = bare(long, has_touch=True)
    fingers, box = page.context.new_cdp_session(page), page.locator("canvas.over").bounding_box()

    def touch(kind: str, *places: int) -> None:
        points = [{"x": box["x"] + x, "y": box["y"] + 130, "id": k} for k, x in enumerate(places)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        settle(page)

    touch("touchStart", 400)
    touch("touchStart", 400, 440)
    for reach in (20, 60, 100):
        touch("touchMove", 400 - reach, 440 + reach)
    touch("touchEnd")
    first, last = shown(page)
    assert 8 <= last - first < 40
    assert page.evaluate("window.picks") == []
    touch("touchStart", 500)
    touch("touchMove", 420)
    touch("touchMove", 330)
    touch("touchEnd")
    assert shown(page)[0] > first


def test_play_is_faster_at_four_times_the_speed(bare, long):
    page = bare(long)
    page.get_by_role("combobox", name="Speed").select_option("4")
    page.locator("canvas.over").press("Home")
    magnify(page)
    page.evaluate("window.started = performance.now()")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(f"() => {ROOT}.querySelector('.over').ariaValueNow == 79")
    assert page.evaluate("performance.now() - window.started") < 80 * 140
    assert shown(page)[1] == 79
    page.get_by_role("button", name="Play").wait_for()


def test_releasing_the_tape_reports_the_moment_once(bare, long):
    page = bare(long)
    tape = page.get_by_role("slider", name="training moment")
    tape.press("ArrowLeft")
    tape.press("ArrowLeft")
    page.wait_for_function("() => window.picks.length")
    (pick,) = page.evaluate("window.picks")
    assert pick["moment"] == 0 and pick["update"] == pick["tape"] == 0 and pick["t"] == 40
    tape.press("End")
    page.wait_for_function("() => window.picks.length > 1")
    assert page.evaluate("window.picks.at(-1).tape") == "newest"


def test_the_page_may_lead_the_tape_and_a_remount_follows(bare, long, generator, lstm, adding):
    trace = lstm.trace(adding[1].x)
    moments = [(update, trace) for update in (0, 10, 400)]

    def payload(**start) -> bytes:
        return timeline(trace, moments=moments, key="led", start={"t": 3, **start})

    page = bare(payload(moment=1))
    value = page.locator(".tape b")
    assert value.inner_text() == "10"
    for start, seen in (({"moment": 0}, "0"), ({"moment": 2}, "400"), ({}, "400"), ({"moment": 99}, "400")):
        page.evaluate("window.unmount()")
        put(page, payload(**start))
        assert value.inner_text() == seen
    page.get_by_role("slider", name="training moment").press("ArrowLeft")
    page.evaluate("window.unmount()")
    put(page, payload(moment=2))
    assert value.inner_text() == "10", "what the visitor chose stays as long as the page asks for the same"


def test_new_numbers_at_the_same_place_are_not_read_out(bare, lstm, adding, generator):
    with torch.no_grad():
        one, two = (timeline(shaken(lstm, generator).trace(adding[1].x), key="live") for _ in range(2))
    page = bare(one)
    said = page.get_by_text("time 0 of 11")
    said.wait_for(state="attached")
    before = said.inner_text()
    value = page.locator("canvas.over").get_attribute("aria-valuetext")
    page.evaluate("data => window.again(data)", base64.b64encode(two).decode())
    page.wait_for_timeout(400)
    assert page.locator("canvas.over").get_attribute("aria-valuetext") != value and said.inner_text() == before
    page.locator("canvas.over").press("ArrowRight")
    page.get_by_text("time 1 of 11").wait_for(state="attached")
