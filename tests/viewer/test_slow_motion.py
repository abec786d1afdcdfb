"""Slow motion in a real browser: four phases, one sentence each, and not one request."""

from __future__ import annotations

import pytest

import rnn_core as rc
from rnn_core.viewer import graph

TEXT = "document.querySelector('#root').shadowRoot.querySelector('.slow p').textContent"
PLAN = {
    "weights": {k: {"moved": 0.01 if k == "R" else 0.001, "gradient": 0.1} for k in ("W", "R", "b", "V", "d")},
    "before": 0.125,
    "after": 0.124,
    "norm": 2.0,
    "clipped": 0.5,
    "number": 8,
    "rows": 4,
    "rule": "Adam, η = 0.01",
}


@pytest.fixture
def told(lstm, adding) -> bytes:
    """A graph with gradients, a loss at its last step, and a rehearsed update."""
    task, batch = adding
    found = rc.costates(lstm, batch, task.loss)
    step = rc.step_graph(found.trace.main, lstm.readout, found.passes[0], found.outputs)
    asked = rc.shared_gradients(lstm, batch.rows(slice(0, 1)), task.loss)
    sizes = {
        name.rpartition(".")[2]: {"norms": n, "sum": asked.sums[name].norm(), "total": asked.totals[name].norm()}
        for name, n in asked.norms.items()
    }
    losses = rc.step_losses(lstm, batch.rows(slice(0, 1)), task.loss).parts
    return graph(step, key="slow", asked=sizes, losses=losses, update=PLAN)


def settle(page) -> None:
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def story(page) -> str:
    settle(page)
    return page.locator(".slow p").inner_text()


def dim(page) -> int:
    return page.locator("svg .dim").count()


def test_phase_by_phase(bare, told):
    page = bare(told)
    page.get_by_role("button", name="Slow motion", exact=True).click()
    assert story(page).startswith("Forward, step 0: it reads ") and dim(page) == 11
    onward = page.get_by_role("button", name="Next phase")
    onward.click()
    assert story(page).startswith("Loss, step 11: it says ") and "which costs L = 1." in story(page)
    onward.click()
    assert story(page).startswith("Backward, step 11: of the error, ‖∂L/∂h‖ = ") and dim(page) == 11
    assert page.locator(".edge.back").count() > 5
    onward.click()
    assert story(page) == (
        "Update 8, rehearsed on its own batch of 4: the gradient has length 2e0 and is cut to 50 %; Adam, η = 0.01 "
        "moves R the most, by 1 % of its size. The loss on that batch goes from 0.125 to 0.124."
    )
    assert dim(page) == 0 and page.locator(".moved").all_text_contents() == ["Δ 0.1 %", "Δ 1 %"] + ["Δ 0.1 %"] * 3
    assert onward.is_disabled() and page.evaluate("window.picks") == []
    page.get_by_role("button", name="Slow motion", exact=True).click()
    settle(page)
    assert page.locator(".slow").is_hidden() and page.locator(".edge.back").count() == 0


def test_by_keyboard(bare, told):
    page = bare(told)
    page.get_by_role("button", name="Slow motion", exact=True).press("Enter")
    page.locator("svg [tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    assert story(page).startswith("Forward, step 1") and dim(page) == 10
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")
    assert story(page).startswith("Backward, step 10") and dim(page) == 10
    page.keyboard.press("Space")
    page.wait_for_function(f"() => !{TEXT}.startsWith('Backward, step 10')")
    page.keyboard.press("Space")
    before = story(page)
    page.get_by_role("button", name="Forward", exact=True).click()
    assert before.startswith("Backward") and story(page).startswith("Forward, step 0")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_it_plays_to_its_end(bare, told, motion):
    page = bare(told, reduced_motion=motion)
    page.get_by_label("Speed", exact=True).select_option("4")
    page.get_by_role("button", name="Slow motion", exact=True).click()
    page.get_by_role("button", name="Play slow motion").click()
    settle(page)
    assert page.locator(".flow").count() == 0 or motion == "no-preference"
    page.wait_for_function(f"() => !{TEXT}.startsWith('Forward, step 0')")
    page.get_by_role("button", name="Backward", exact=True).click()
    page.locator("svg [tabindex='0']").press("Home")
    page.get_by_role("button", name="Play slow motion").click()
    page.wait_for_function(f"() => {TEXT}.startsWith('Update')")
    page.get_by_role("button", name="Play slow motion").wait_for()
    assert page.evaluate("window.picks") == []


def test_only_phases_that_there_are_numbers_for(bare, lstm, adding):
    page = bare(graph(rc.step_graph(lstm.trace(adding[1].x).main, lstm.readout)))
    page.get_by_role("button", name="Slow motion", exact=True).click()
    names = page.locator(".slow [data-phase]").evaluate_all("all => all.filter(e => !e.hidden).map(e => e.textContent)")
    assert names == ["Forward"] and story(page).startswith("Forward, step 0")


def test_it_fits_a_phone(bare, told):
    page = bare(told, width=375)
    page.get_by_role("button", name="Slow motion", exact=True).click()
    settle(page)
    inner, outer = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert inner <= outer == 375
