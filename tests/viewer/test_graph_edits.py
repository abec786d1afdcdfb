"""The card of the graph in a real browser: sums that add up, weights and inputs that can be set, and the way back."""

from __future__ import annotations

import pytest

import rnn_core as rc
from rnn_core.viewer import graph

ADDS_UP = """() => [...document.querySelector('#root').shadowRoot.querySelectorAll('.apart')].map(table => {
    const number = row => Number(row.lastChild.textContent.replace('−', '-')), rows = [...table.children]
    const totals = rows.filter(row => row.classList.contains('total'))
    const parts = rows.filter(row => !totals.includes(row))
    const digits = (totals[0].lastChild.textContent.split('.')[1] ?? '').length
    return [parts.reduce((sum, row) => sum + number(row), 0).toFixed(digits), number(totals[0]).toFixed(digits)]
})"""


@pytest.fixture
def told(lstm, adding):
    """Makes a payload with sums, gradients and weights that can be set."""
    task, batch = adding

    def make(**more) -> bytes:
        found = rc.costates(lstm, batch, task.loss)
        step = rc.step_graph(found.trace.main, lstm.readout, found.passes[0], found.outputs)
        asked = rc.shared_gradients(lstm, batch.rows(slice(0, 1)), task.loss)
        sizes = {
            name.rpartition(".")[2]: {"norms": n, "sum": asked.sums[name].norm(), "total": asked.totals[name].norm()}
            for name, n in asked.norms.items()
        }
        sums = rc.unit_sums(found.trace.main, lstm.readout)
        options = {"key": "edits", "editable": ["x", "W", "R", "b"], "sums": sums, "asked": sizes} | more
        return graph(step, start={"t": 2, "node": "f"}, **options)

    return make


def settle(page) -> None:
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_what_is_shown_of_a_sum_adds_up(bare, told):
    page = bare(told())
    for unit, key in (("0", None), ("3", "ArrowRight"), ("4", "End")):
        page.get_by_label("unit of f", exact=True).fill(unit)
        page.get_by_label("unit of f", exact=True).press("Enter")
        settle(page)
        if key:
            page.locator("svg [tabindex='0']").press(key)
            settle(page)
        ((parts, total),) = page.evaluate(ADDS_UP)
        assert float(parts) == float(total)
        words = page.locator(".apart").inner_text()
        assert "W[" in words and "more" in words and "σ(" in words and f"f[{unit}]" in words


def test_what_is_no_number_gets_one_sentence_and_stays(bare, told):
    page = bare(told())
    page.get_by_role("button", name="x at step 2").click()
    settle(page)
    before = len(page.evaluate("window.picks"))
    field = page.get_by_label("set x at this step to")
    why = page.locator(".why")
    for text in ("abc", "NaN", "1e999", ""):
        field.fill(text)
        field.press("Enter")
        assert why.is_visible() and why.inner_text().count(".") == 1 and field.input_value() == text
        assert len(page.evaluate("window.picks")) == before
    field.fill("−0,5")
    field.press("Enter")
    assert why.is_hidden()
    assert page.evaluate("window.picks").pop()["edit"] == {"node": "x", "unit": 0, "t": 2, "value": -0.5}


def test_a_weight_is_chosen_and_set(bare, told):
    page = bare(told())
    page.get_by_role("button", name="R, shared weights").click()
    settle(page)
    page.get_by_label("row of R").fill("7")
    page.get_by_label("row of R").press("Tab")
    page.get_by_label("column of R").fill("99")
    page.get_by_label("column of R").press("Enter")
    settle(page)
    field = page.get_by_label("set R to")
    field.fill("1.5")
    field.press("Enter")
    assert page.evaluate("window.picks").pop()["edit"] == {"node": "R", "unit": 7 * 5 + 4, "t": None, "value": 1.5}
    page.locator("canvas.matrix").click(position={"x": 1, "y": 1})
    settle(page)
    assert page.get_by_label("row of R").input_value() == "0" and page.locator(".ring").is_visible()


def test_what_is_being_typed_survives_new_numbers(bare, told):
    page = bare(told())
    page.get_by_role("button", name="x at step 2").click()
    settle(page)
    field = page.get_by_label("set x at this step to")
    field.fill("0.12")
    page.get_by_role("button", name="Gradients").evaluate("button => button.click()")
    settle(page)
    assert field.input_value() == "0.12" and field.evaluate("e => e.getRootNode().activeElement === e")
    field.press("Enter")
    assert page.evaluate("window.picks").pop()["edit"]["value"] == 0.12
    field.fill("no number")
    field.press("Enter")
    page.get_by_role("button", name="Values").evaluate("button => button.click()")
    settle(page)
    assert page.locator(".why").is_visible() and field.input_value() == "no number"


def test_the_sum_of_the_steps_is_told_beside_the_gradient(bare, told):
    page = bare(told())
    page.get_by_role("button", name="W, shared weights").click()
    settle(page)
    words = page.locator(".card .back").inner_text()
    summed, gradient = page.locator(".card .back b").all_inner_texts()[:2]
    assert summed == gradient and "their sum is the gradient of the weight" in words
    assert page.locator("canvas.bars").count() == 1


def test_edits_are_marked_and_can_be_undone(bare, told, lstm, adding):
    x = adding[1].x.clone()
    x[:, 5, 0] += 1
    before = rc.step_graph(lstm.trace(x).main, lstm.readout)
    edits = [{"node": "x", "unit": 0, "t": 5, "value": 2.0, "was": 0.5, "say": "x[0] at t = 5 from 0.5 to 2"}] * 2
    page = bare(told(before=before, edits=edits))
    assert "x[0] at t = 5 from 0.5 to 2" in page.locator(".edits").inner_text()
    shown = "all => all.filter(e => e.getAttribute('display') !== 'none').length"
    assert page.locator(".node .changed").evaluate_all(shown) == 0
    assert page.locator(".closed .changed").count() == 7
    page.get_by_role("button", name="open step 5").click()
    settle(page)
    assert page.locator(".node .changed").evaluate_all(shown) >= 7
    page.get_by_role("button", name="c at step 5").click()
    settle(page)
    assert "before the edit: " in page.locator(".card").inner_text()
    page.get_by_role("button", name="Undo all edits").click()
    assert page.evaluate("window.picks").pop()["undo"] == "all"
    page.get_by_role("button", name="Undo the last").click()
    assert page.evaluate("window.picks").pop()["undo"] == "last"


def test_the_card_fits_a_phone(bare, told):
    page = bare(told(), width=375)
    for node in ("x at step 2", "i at step 2", "R, shared weights"):
        page.get_by_role("button", name=node).click()
        settle(page)
        inner, outer = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
        assert inner <= outer == 375


def test_numbers_on_the_edges_follow_the_pointer(bare, told):
    page = bare(told())
    chosen = page.locator(".number").all_inner_texts()
    page.get_by_role("button", name="c at step 2").hover()
    settle(page)
    assert page.locator(".number").count() == 5 and page.locator(".number").all_inner_texts() != chosen
    page.get_by_role("button", name="Gradients").click()
    settle(page)
    assert page.locator(".number.back").count() > 0
