"""Associative memory without a browser: every section answers, and what cannot be recalled is said in one sentence."""

from __future__ import annotations

import pytest

from tests.cells.cases import one_sentence
from tests.pages.test_questions import section

PAGE = "Associative memory"


def charts(app) -> set[str]:
    """The keys of the pictures on the page."""
    return {one.proto.id.split("-")[-1] for one in app.get("plotly_chart")}


def words(app) -> str:
    return " ".join(one.value for one in app.markdown)


@pytest.mark.parametrize(("title", "pictures", "said"), [
    ("How much damage it survives", {"basins"}, "starts come back"),
    ("A swing of two", {"swing_True", "swing_False"}, "swings between two states for ever"),
    ("Pairs (BAM)", {"pair_recall"}, "stored pairs stand still"),
    ("Noise and temperature", {"occupancy"}, "Boltzmann"),
    ("A memristive circuit", {"circuit", "hysteresis"}, "both vanish together"),
])  # fmt: skip
def test_every_section_answers(visit, title, pictures, said) -> None:
    app = section(visit(PAGE), "memory", title)
    assert {"recall", *pictures} <= charts(app) and said in words(app)


def test_digits_and_random_patterns_are_stored_as_well(visit) -> None:
    app = visit(PAGE)
    app.button_group(key="stored").set_value(["A", "7", "0"]).run()
    app.number_input(key="besides").set_value(2).run()
    app.selectbox(key="begun").set_value("7").run()
    assert not app.exception and "rests at 7" in words(app)


def test_nothing_stored_nothing_drawn_and_too_much(visit) -> None:
    app = visit(PAGE)
    app.selectbox(key="begun").set_value("Empty").run()
    assert "The grid is empty" in app.info[0].value
    app.number_input(key="besides").set_value(60).run()
    assert [info.value for info in app.info][:1] == [
        "65 patterns are more than the 64 units, so none could be told from another: take some away."
    ]
    app.number_input(key="besides").set_value(0).run()
    app.button_group(key="stored").set_value([]).run()
    assert "No pattern is stored" in app.info[0].value
    app = section(app, "memory", "Pairs (BAM)")
    app.button_group(key="pairs").set_value([]).run()
    assert not app.exception and any("No pair is stored" in info.value for info in app.info)
    for info in app.info:
        one_sentence(info.value)


def test_pairs_are_recalled_backwards(visit) -> None:
    app = visit(PAGE, section="Pairs (BAM)")
    app.button_group(key="pair_way").set_value(True).run()
    app.selectbox(key="pair_begun").set_value("k").run()
    assert not app.exception and "rests at K and k" in words(app)


def test_without_a_source_memories_fade_by_the_law(visit) -> None:
    app = visit(PAGE, section="A memristive circuit")
    app.toggle(key="source_on").set_value(False).run()
    assert not app.exception and "without a source each follows" in words(app)
    app.select_slider(key="memristors").set_value(1).run()
    assert not app.exception


def test_the_capacity_curve_grows_and_can_be_stopped(visit) -> None:
    app = visit(PAGE, section="How many patterns it holds")
    for _ in range(60):
        if app.session_state["capacity_now"]["share"] == 1:
            break
        app.run()
    assert app.session_state["capacity_now"]["share"] == 1 and "with 100 units" in words(app)
    app.select_slider(key="capacity_units").set_value(500).run()
    app.button(key="capacity_on").click().run()
    now = app.session_state["capacity_now"]
    share = now["share"]
    assert not now["moves"] and 0 < share < 1
    app.run()
    assert not app.exception and now["share"] == share and app.button(key="capacity_on").label == "Go on"
    app.button(key="capacity_on").click().run()
    assert now["share"] > share


def test_matrices_that_take_turns(visit) -> None:
    app = visit(PAGE, section="Noise and temperature")
    app.button_group(key="regimes").set_value(2).run()
    app.slider(key="beta").set_value(2.0).run()
    assert not app.exception and "take turns" in words(app)
