"""What is taken from the timeline in a real browser: selections, files, keys; and payloads at their limits."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from rnn_core.viewer import pack, timeline, unpack
from tests.viewer.conftest import LSTM, drawn, put
from tests.viewer.test_browser import settle, time_of
from tests.viewer.test_timeline_browser import magnify, point, shown

HEARD = """() => { window.heard = []; document.addEventListener("keydown", e => window.heard.push(e.key)) }"""
LIMIT = """limit => {
    limit.value = limit.max
    for (const type of ["input", "change"]) limit.dispatchEvent(new Event(type))
}"""


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
    assert size_of(png) == (2 * round(box["width"] + 24), 2 * round(box["height"] + 24))
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
