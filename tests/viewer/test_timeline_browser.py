"""The timeline by hand in a real browser: zoom, play, tape, selection, files, keys, and payloads at their limits."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from rnn_core.analysis.costates import costates
from rnn_core.tasks.adding import Adding
from rnn_core.viewer import pack, timeline, unpack
from tests.viewer.conftest import LSTM, drawn, put, shaken
from tests.viewer.test_browser import ROOT, settle, time_of

SHOWN = f"() => {ROOT}.querySelector('.mini').getAttribute('aria-valuetext')"
HEARD = """() => { window.heard = []; document.addEventListener("keydown", e => window.heard.push(e.key)) }"""
LIMIT = """limit => {
    limit.value = limit.max
    for (const type of ["input", "change"]) limit.dispatchEvent(new Event(type))
}"""


@pytest.fixture
def long(generator) -> bytes:
    """A timeline of 80 steps with a tape of three moments and the gradient."""
    task = Adding(Adding.Settings(length=80))
    batch = task.sample(2, generator)
    network = drawn(LSTM, generator, hidden_size=6)
    with torch.no_grad():
        moments = [(update, shaken(network, generator).trace(batch.x)) for update in (0, 10, 400)]
    back = costates(network, batch, task.loss)
    told = {"batch": batch, "story": task.story(batch, 0), "moments": moments, "costates": back}
    return timeline(moments[-1][1], **told, key="long", start={"t": 40})


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
    assert pick["moment"] == 0 and pick["update"] == 0 and pick["t"] == 40


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


def test_a_stretch_is_selected_by_dragging_with_shift(bare, long):
    page = bare(long)
    page.mouse.move(*point(page, 0.25))
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(*point(page, 0.5), steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")
    (pick,) = page.evaluate("window.picks")
    brush = pick["brush"]
    assert brush["map"] == "0.h" and brush["unit"] == pick["unit"] and (brush["first"], brush["last"]) == (20, 40)
    box = page.locator(".brush")
    assert f"Unit {brush['unit']}, steps 20 to 40" in box.inner_text()
    page.get_by_role("slider", name="threshold").evaluate(LIMIT)
    settle(page)
    assert page.evaluate("window.picks.at(-1).brush.threshold") > brush["threshold"]
    assert "on at 0 of 80" in box.inner_text()
    page.locator("canvas.over").press("Escape")
    settle(page)
    assert page.evaluate("window.picks.at(-1).brush") is None and box.is_hidden()


def test_the_handle_of_the_threshold_is_dragged(bare, long):
    page = bare(long)
    page.mouse.move(*point(page, 0.25))
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(*point(page, 0.5), steps=2)
    page.mouse.up()
    page.keyboard.up("Shift")
    settle(page)
    text = page.locator(".brush label b")
    before, height = text.inner_text(), page.locator("canvas.over").bounding_box()["height"]
    found = False
    for y in range(180, int(height), 6):
        page.mouse.move(*point(page, 0.9, y))
        page.mouse.down()
        page.mouse.move(*point(page, 0.9, y - 14), steps=2)
        page.mouse.up()
        settle(page)
        if text.inner_text() != before:
            found = True
            break
    assert found and page.evaluate("window.picks.at(-1).brush.threshold") != float(before.replace("−", "-"))


def test_a_stretch_is_selected_by_keyboard_and_remembered(bare, long):
    page = bare(long)
    select = page.get_by_role("button", name="Select steps of a unit")
    select.press("Enter")
    settle(page)
    assert select.get_attribute("aria-pressed") == "true"
    for key in ("Enter", "ArrowRight", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    settle(page)
    (pick,) = page.evaluate("window.picks")
    assert (pick["brush"]["first"], pick["brush"]["last"]) == (40, 43)
    assert select.get_attribute("aria-pressed") == "false"
    page.evaluate("window.unmount()")
    put(page, long)
    assert "steps 40 to 43" in page.locator(".brush").inner_text()
    page.get_by_role("button", name="Clear the selection").click()
    settle(page)
    assert page.locator(".brush").is_hidden()


def saved(page, kind: str) -> tuple[str, bytes]:
    """Name and content of the file that the menu hands over."""
    page.locator("summary[aria-label='Take the picture away']").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=kind).click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG")
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


def test_the_picture_is_taken_away_as_png_and_svg(bare, long):
    page = bare(long, dark=True)
    box = page.locator("canvas.over").bounding_box()
    name, png = saved(page, "Picture")
    assert name == "rnn-timeline-long.png"
    assert size_of(png) == (2 * round(box["width"]), 2 * round(box["height"]))
    name, drawing = saved(page, "Drawing")
    root = ElementTree.fromstring(drawing)
    words = "".join(root.itertext())
    assert name == "rnn-timeline-long.svg" and root.tag.endswith("svg")
    assert "time step t →" in words and "keep gate" in words and "t = 40" in words and "gradient" in words
    assert root[0].get("fill") == "rgb(20, 23, 28)"
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 8


def test_the_graph_is_taken_away_with_its_styles(bare, lstm, adding):
    from rnn_core.analysis.step_graph import step_graph
    from rnn_core.viewer import graph

    page = bare(graph(step_graph(lstm.trace(adding[1].x).main, lstm.readout), key="a/b"))
    name, drawing = saved(page, "Drawing")
    root = ElementTree.fromstring(drawing)
    assert name == "rnn-graph-a-b.svg"
    texts = list(root.iter("{http://www.w3.org/2000/svg}text"))
    assert len(texts) > 20 and all(text.get("font-size") and text.get("fill") for text in texts)
    assert b"var(" not in drawing and b"class=" not in drawing
    name, png = saved(page, "Picture")
    assert size_of(png) == (2 * int(root.get("width")), 2 * int(root.get("height")))


def test_its_keys_stay_in_the_viewer_and_letters_do_not(bare, long):
    page = bare(long)
    page.evaluate(HEARD)
    over = page.locator("canvas.over")
    for key in (" ", " ", "ArrowRight", "Enter", "Home"):
        over.press(key)
    page.get_by_role("button", name="One step on").press(" ")
    page.get_by_role("slider", name="training moment").press("ArrowLeft")
    assert page.evaluate("window.heard") == []
    over.press("q")
    assert page.evaluate("window.heard") == ["q"]


@pytest.mark.parametrize("width, dark", [(375, False), (375, True), (1280, True)])
def test_all_tools_have_room(bare, long, width, dark):
    page = bare(long, width=width, dark=dark)
    magnify(page, 2)
    inner, outer = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert inner <= outer
    for button in page.locator(".bar button:visible, .bar select, .bar summary").all():
        box = button.bounding_box()
        assert box["height"] >= 36 and 0 <= box["x"] and box["x"] + box["width"] <= width
    assert page.locator("canvas.mini").is_visible()


def trace_of(x, **settings):
    return drawn(LSTM, torch.Generator().manual_seed(3), inputs=x.shape[-1], **settings).trace(x)


def test_nothing_at_all_one_step_one_unit_and_missing_numbers(bare):
    one = timeline(trace_of(torch.rand(1, 1, 2), hidden_size=1), key="one")
    trace = trace_of(torch.rand(1, 9, 2), hidden_size=3)
    header, arrays = unpack(timeline(trace, key="nan"))
    lost = {name: np.full_like(values, np.nan) for name, values in arrays.items()}
    lost["0.f"][..., 0], header = np.inf, {k: v for k, v in header.items() if k != "arrays"}
    bars = {"kind": "bars", "array": "x", "symbol": "x", "tone": "input", "range": [0, 1], "given": True}
    none = {"view": "timeline", "T": 4, "start": {"t": 77, "unit": 5, "map": "?", "moment": -3}}
    lone = pack({"x": np.ones((1, 4, 1), np.float32)}, **none, key="lone", rows=[bars], palette=header["palette"])
    empty = pack({}, **none, key="none", rows=[], palette=header["palette"])
    for payload in (one, pack(lost, **header), lone, empty):
        page = bare(payload)
        over = page.locator("canvas.over")
        for key in (" ", "End", "ArrowDown", "Enter", "+", "Escape"):
            over.press(key)
        settle(page)
        assert time_of(page) == unpack(payload)[0]["T"] - 1
        assert saved(page, "Drawing")[1].startswith(b"<svg")


def test_a_view_that_is_not_there_is_told_and_left(bare, long):
    page = bare(pack({}, view="<b>globe", key="k"))
    assert "There is no view “<b>globe” here" in page.locator(".rnn-viewer").inner_text()
    put(page, long)
    assert page.locator("canvas.over").count() == 1


def test_forty_moments_of_500_steps_are_drawn_within_their_budget(bare):
    network = drawn(LSTM, torch.Generator().manual_seed(3), hidden_size=128)
    with torch.no_grad():
        trace = network.trace(torch.rand(1, 500, 2))
    page = bare(timeline(trace, moments=[(k, trace) for k in range(40)], key="large"))
    page.get_by_role("slider", name="training moment").press("Home")
    settle(page)
    assert page.locator(".tape b").inner_text() == "0" and shown(page) == [0, 499]
