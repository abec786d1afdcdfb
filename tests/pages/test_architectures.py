"""Architectures: one card each, their real numbers, two side by side, and whatever is dropped in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rnn_core as rc
from pages.shared.words import plain
from rnn_core import catalogue
from rnn_core.catalogue import costs
from tests.pages.reading import written

DROPPED = '''"""A newcomer."""
from rnn_core.cells.elman import Elman
from rnn_core.records import Card


class Newcomer(Elman):
    """A newcomer."""

    card = Card(
        title="New <b>net</b>", row="A0", year=2031,
        reference="**Nobody** :red[x]", summary="`code` <script>x</script>",
        equations={"a": "a_t = W x_t", "h": "$\\\\href{javascript:x}{h}$"}, symbols={"h": "hidden", "a": "candidate"},
        parameters="H*(I+H+1)", use="$$x$$",
    )
'''


@pytest.fixture
def dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with a cell of a stranger's own, for one test."""
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / "newcomer.py").write_text(DROPPED, encoding="utf-8")
    monkeypatch.setenv(catalogue.PLUGINS, "")
    before = {room: list(room.__path__) for room in (catalogue.cells, catalogue.learners, catalogue.tasks)}
    rc.add_folder(tmp_path)
    yield
    for room, path in before.items():
        room.__path__[:] = path
    catalogue._forget([str(tmp_path / "cells")])


def eras(app) -> Iterator[Any]:
    """The page with each of the stretches of years, one after the other."""
    for k in range(len(app.segmented_control(key="era").options)):
        yield app.segmented_control(key="era").set_value(k).run()


def take(app, name: str) -> Any:
    """The button that takes an architecture, in whatever years it stands."""
    pages = (page for page in eras(app) if any(b.key == f"take_{name}" for b in page.button))
    return next(pages).button(key=f"take_{name}")


def open_tab(app, label: str):
    """The page with another tab in front."""
    app.session_state["view"] = label
    return app.run()


def test_every_architecture_has_its_card_its_numbers_and_its_drawing(visit) -> None:
    app = visit("Architectures", "The gallery as a table", architecture="elman", task="adding", hidden_size="7")
    table, seen = app.dataframe[0].value, [(written(page), len(page.get("plotly_chart"))) for page in eras(app)]
    text = "\n".join(words for words, _ in seen)
    assert sum(charts for _, charts in seen) == len(rc.architectures())
    for name, card in rc.architectures().items():
        assert f"{plain(card.title)} :gray[{card.year}]" in text
        count = rc.make_cell(name, 2, output_size=1, hidden_size=7).weight_count
        assert f"**{count:,}** weights" in text
    assert "**70** weights" in text
    for cost in (costs.told(name) for name in rc.architectures()):
        assert cost is None or cost in text
    assert text.count("one training step costs about") == len(costs.step_costs()["elmans"])
    assert set(table["architecture"]) == {card.title for card in rc.architectures().values()}


def test_cards_stand_in_the_order_of_years(visit) -> None:
    years = [int(s.value.rsplit("[", 1)[1].rstrip("]")) for page in eras(visit("Architectures"))
             for s in page.subheader]
    assert years == sorted(years) and len(years) == len(rc.architectures())


def test_the_drawing_is_that_of_the_real_step(visit) -> None:
    charts = [json.loads(c.proto.spec) for c in visit("Architectures").get("plotly_chart")]
    hovers = " ".join(a.get("hovertext", "") for chart in charts for a in chart["layout"]["annotations"])
    assert "c = f * state.c + i * g" in hovers


def test_put_it_in_hand(visit) -> None:
    app = visit("Architectures", architecture="elman", task="adding", hidden_size="7")
    assert app.button(key="take_elman").disabled and app.button(key="take_elman").label == "In hand"
    assert take(app, "hopfield").disabled
    take(app, "gru").click().run()
    assert app.query_params["architecture"] in ("gru", ["gru"]) and app.query_params["hidden_size"] in ("7", ["7"])
    assert app.button(key="take_gru").disabled and not take(app, "elman").disabled


def test_two_side_by_side(visit) -> None:
    app = open_tab(visit("Architectures", architecture="lstm", task="adding", hidden_size="7"), "Two side by side")
    left, right = (next(b for b in app.selectbox if b.key.startswith(side)) for side in ("Left", "Right"))
    assert (left.value, right.value) == ("elman", "lstm") and len(app.get("plotly_chart")) == 2
    text = written(app)
    for row in ("Idea", "Good for", "One step", "Equations", "Numbers", "Published in"):
        assert f"{row} &nbsp;·&nbsp; Elman network" in text and f"{row} &nbsp;·&nbsp; LSTM" in text
    left.select("gru").run()
    assert not app.exception and "Equations &nbsp;·&nbsp; GRU" in written(app)
    app.button(key="pair_0_take").click().run()
    assert app.query_params["architecture"] in ("gru", ["gru"])


def test_the_ways_to_wire_them(visit) -> None:
    app = open_tab(visit("Architectures", architecture="gru", task="adding", hidden_size="5"), "Ways to wire them")
    assert app.button(key="wire_single").disabled
    assert all(card.title in written(app).replace("\\", "") for card in rc.wirings().values())
    app.button(key="wire_stack").click().run()
    assert app.query_params["wiring"] in ("stack", ["stack"])


def test_a_wiring_that_cannot_be_is_said(visit) -> None:
    app = open_tab(visit("Architectures", architecture="jordan", task="adding", hidden_size="5"), "Ways to wire them")
    app.button(key="wire_stack").click().run()
    assert len(app.error) == 1 and not app.exception


def test_a_dropped_cell_appears_by_itself_and_its_words_are_harmless(visit, dropped) -> None:
    app = visit("Architectures", architecture="newcomer", task="adding", hidden_size="5")
    assert app.button(key="take_newcomer").disabled and costs.told("newcomer") is None
    text = written(app)
    assert "\\<script\\>" in text and "<script" not in text.replace("\\<script", "")
    assert "\\*\\*Nobody\\*\\*" in text and "href" not in text.replace(r"\text{href}", "") and "$$" not in text
    assert "**40** weights" in text


def test_five_cards_for_the_shapes_of_a_task(visit) -> None:
    app = open_tab(visit("Architectures", architecture="gru", task="four_shapes"), "Shapes of a task")
    assert [s.value for s in app.subheader] == ["One to one", "One to many", "Many to one", "Many to many",
                                                "Many, then many"]
    assert written(app).count("Untrained") == 5 and "is asked at 1;" in written(app)
    app.button(key="shape_train_one to many").click().run()
    assert app.query_params["shape"] in ("one to many", ["one to many"]) and not app.exception
