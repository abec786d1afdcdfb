"""The shipped module in a real browser, offline, in both hosts' shapes."""

from __future__ import annotations

import pytest
import torch

from rnn_core.analysis.step_graph import step_graph
from rnn_core.viewer import graph, timeline
from tests.viewer.conftest import put

HOSTS = ("streamlit", "anywidget")
COLOURS = """canvas => {
    const { width, height } = canvas, data = canvas.getContext("2d").getImageData(0, 0, width, height).data
    return new Set(new Uint32Array(data.buffer)).size
}"""
ROOT = "document.querySelector('#root').shadowRoot"
WIDTHS = "() => [document.documentElement.scrollWidth, innerWidth]"


@pytest.fixture
def unrolled(lstm, adding) -> bytes:
    """A graph of 12 steps with gradients of all ones."""
    trace = lstm.trace(adding[1].x).main
    step = step_graph(trace, lstm.readout)
    nodes = [
        type(n)(n.id, n.kind, n.label, n.equation, n.line, n.tone, n.value, torch.ones_like(n.value))
        if n.kind in ("probe", "output")
        else n
        for n in step.nodes
    ]
    return graph(type(step)(tuple(nodes), step.edges, step.carry), key="graph", start={"t": 2})


def time_of(page) -> int:
    return int(page.locator("canvas.over").get_attribute("aria-valuenow"))


def settle(page) -> None:
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.mark.parametrize("shape", HOSTS)
def test_keys_move_the_cursor_and_enter_picks(bare, payload, shape):
    page = bare(payload, shape)
    slider = page.get_by_role("slider", name="time cursor")
    slider.focus()
    moves = {"Home": 0, "ArrowRight": 1, "Shift+ArrowRight": 11, "ArrowLeft": 10, "PageDown": 0, "End": 11}
    for key, t in moves.items():
        page.keyboard.press(key)
        settle(page)
        assert time_of(page) == t
    before = slider.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowDown")
    settle(page)
    assert slider.get_attribute("aria-valuetext") != before
    assert page.evaluate("window.picks") == []
    page.keyboard.press("Enter")
    (pick,) = page.evaluate("window.picks")
    assert pick["t"] == 11 and pick["map"] == "0.h" and pick["moment"] == 2
    assert ("at" in pick) == (shape == "anywidget")


@pytest.mark.parametrize("shape", HOSTS)
def test_the_picture_is_drawn_and_scrubbing_asks_for_nothing(bare, payload, shape):
    page = bare(payload, shape)
    assert page.locator("canvas.base").evaluate(COLOURS) > 40
    assert page.locator("canvas.over").evaluate(COLOURS) > 5
    box = page.locator("canvas.over").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 640, box["y"] + 20, steps=8)
    settle(page)
    right = time_of(page)
    page.mouse.move(box["x"] + 220, box["y"] + 20, steps=8)
    settle(page)
    assert time_of(page) < right
    page.mouse.up()
    assert page.evaluate("window.picks") == []


def test_a_click_on_a_square_selects_its_unit_and_picks(bare, payload):
    page = bare(payload)
    box = page.locator("canvas.over").bounding_box()
    page.mouse.click(box["x"] + 400, box["y"] + 125)
    settle(page)
    (pick,) = page.evaluate("window.picks")
    heading = page.locator(".card h4").inner_text()
    assert heading == f"Unit {pick['unit']} at t = {pick['t']}"


@pytest.mark.parametrize("shape", HOSTS)
def test_a_remount_keeps_the_cursor(bare, payload, shape):
    page = bare(payload, shape)
    page.get_by_role("slider", name="time cursor").focus()
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    settle(page)
    before = page.locator(".card h4").inner_text()
    page.evaluate("window.unmount()")
    assert page.locator("canvas").count() == 0
    put(page, payload, shape)
    assert page.locator(".card h4").inner_text() == before
    assert time_of(page) == 2


def test_a_second_call_with_the_same_data_only_repaints(bare, payload):
    page = bare(payload)
    page.get_by_role("slider", name="time cursor").press("End")
    page.evaluate("window.again()")
    settle(page)
    assert time_of(page) == 11 and page.locator("canvas").count() == 3


def test_play_runs_to_the_end_and_is_silent_on_the_way(bare, payload):
    page = bare(payload)
    page.get_by_role("slider", name="time cursor").press("Home")
    page.get_by_text("time 0 of 11").wait_for(state="attached")
    said = page.locator("output").inner_text()
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(f"() => {ROOT}.querySelector('.over').ariaValueNow > 2")
    assert page.locator("output").inner_text() == said
    page.get_by_role("button", name="Play").wait_for()
    settle(page)
    assert time_of(page) == 11
    page.get_by_text("time 11 of 11").wait_for(state="attached")


def test_the_tape_changes_the_picture_and_the_try_links_set_it(bare, payload):
    page = bare(payload)
    picture = "canvas => canvas.toDataURL()"
    last = page.locator("canvas.base").evaluate(picture)
    page.get_by_role("slider", name="training moment").press("Home")
    settle(page)
    assert page.locator("canvas.base").evaluate(picture) != last
    assert "after update 0" in page.locator("canvas.over").get_attribute("aria-valuetext")
    page.get_by_role("button", name="update 400").click()
    settle(page)
    assert page.locator("canvas.base").evaluate(picture) == last


def test_rows_without_tape_are_dimmed_and_said_so(bare, lstm, adding):
    trace = lstm.trace(adding[1].x)
    page = bare(timeline(trace, moments=[(0, trace), (5, trace), (9, trace)], budget=900, key="dim"))
    note = page.locator(".card .note")
    assert note.is_hidden()
    page.get_by_role("slider", name="training moment").press("Home")
    settle(page)
    assert note.inner_text().startswith("After update 0 only the bright rows")
    assert page.locator(".card .equations").is_hidden()


@pytest.mark.parametrize("dark", [False, True])
def test_the_ground_decides_the_colours(bare, payload, dark):
    page = bare(payload, dark=dark)
    assert page.locator(".rnn-viewer").get_attribute("data-theme") == ("dark" if dark else "light")


@pytest.mark.parametrize("picture", ["payload", "unrolled"])
def test_a_phone_needs_no_sideways_scrolling(bare, request, picture):
    page = bare(request.getfixturevalue(picture), width=375)
    inner, outer = page.evaluate(WIDTHS)
    assert inner <= outer == 375
    stage, card = (page.locator(name).bounding_box() for name in (".stage", ".card"))
    assert card["y"] >= stage["y"] + stage["height"]


def test_text_of_a_visitor_is_never_markup(bare, lstm, adding):
    task, batch = adding
    nasty = '<img src=x onerror="window.hacked=1">'
    story = task.story(batch, 0)._replace(inputs=[nasty] * 12, expected=nasty)
    tries = [{"say": nasty, "label": nasty, "set": {"t": 1}}]
    page = bare(timeline(lstm.trace(batch.x), batch=batch, story=story, tries=tries, key=nasty))
    settle(page)
    assert page.locator("img").count() == 0 and page.evaluate("window.hacked") is None
    assert page.get_by_role("button", name=nasty).count() == 1


def test_linked_viewers_share_the_cursor(bare, lstm, adding):
    trace = lstm.trace(adding[1].x)
    page = bare(timeline(trace, key="one", link="run"))
    put(page, timeline(trace, key="two", link="run"))
    page.locator("canvas.over").first.press("End")
    settle(page)
    assert page.locator("canvas.over").last.get_attribute("aria-valuenow") == "11"


def test_the_graph_shows_a_node_its_formula_and_its_line(bare, unrolled):
    page = bare(unrolled)
    page.get_by_role("button", name="c at step 2 of 11").click()
    settle(page)
    card = page.locator(".card")
    assert "cell state" in card.locator("h4").inner_text()
    assert card.locator("pre").inner_text() == "c = f * state.c + i * g"
    assert card.locator(".num").first.inner_text().count("·") == 2
    assert page.evaluate("window.picks").pop() == {"t": 2, "node": "c", "rolled": False}


def test_the_graph_by_keyboard(bare, unrolled):
    page = bare(unrolled)
    page.locator("svg [tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    focused = page.locator("svg [tabindex='0']")
    assert focused.get_attribute("data-t") == "3" and focused.evaluate("e => e.getRootNode().activeElement === e")
    page.keyboard.press("ArrowUp")
    settle(page)
    assert page.locator("svg [tabindex='0']").get_attribute("data-node") != "h"
    page.keyboard.press("Enter")
    assert page.evaluate("window.picks").pop()["t"] == 3


def test_a_shared_weight_is_drawn_once_with_a_fan_to_every_step(bare, unrolled):
    page = bare(unrolled)
    assert page.locator(".badge").count() == 5 and page.locator(".fan").count() == 0
    page.get_by_role("button", name="R, shared weights 20 × 5, used 12 times").click()
    settle(page)
    assert page.locator(".fan").count() == 11 + 4
    assert "used 12 times" in page.locator(".card").inner_text()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_rolled_and_unrolled(bare, unrolled, motion):
    page = bare(unrolled, reduced_motion=motion)
    shown = f"() => [...{ROOT}.querySelectorAll('.closed')].filter(e => e.style.display !== 'none').length"
    assert page.evaluate(shown) == 11
    page.get_by_role("button", name="Rolled", exact=True).click()
    page.wait_for_function(f"() => ({shown})() === 0")
    assert page.get_by_text("back in, one step later").is_visible()
    page.get_by_role("button", name="Unrolled").click()
    page.wait_for_function(f"() => ({shown})() === 11")


def test_gradients_run_backwards(bare, unrolled):
    page = bare(unrolled)
    assert page.locator(".edge.back").count() == 0
    page.get_by_role("button", name="Gradients").click()
    settle(page)
    assert page.locator(".edge.back").count() > 10
    assert page.locator(".size").first.text_content() == "2e0"


def test_labels_of_the_graph_are_readable(bare, unrolled):
    for width in (1280, 375):
        page = bare(unrolled, width=width)
        sizes = page.locator("svg text").evaluate_all("all => all.map(e => parseFloat(getComputedStyle(e).fontSize))")
        assert min(sizes) >= 11
