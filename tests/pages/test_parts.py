"""Architectures, tab Parts: every small part with its picture, its verdict and its table."""

from __future__ import annotations

import json

import pytest

TABLES = ("The functions as a table", "The probabilities as a table", "The lengths as a table", "The matrix as a table",
          "The nearest rows as a table")


def opened(visit, *folds, **query):
    """The page with the tab open."""
    app = visit("Architectures", hidden_size="5", **query)
    app.session_state["view"] = "Parts"
    for fold in folds:
        app.session_state[f"table:{fold}"] = True
    app.run()
    assert not app.exception
    return app


def words(app) -> str:
    """All that is written on a page."""
    return "\n".join(m.value for m in app.markdown).replace("\\", "")


@pytest.mark.parametrize(("architecture", "task", "wiring"), [
    ("lstm", "delayed_recall", "single"), ("elman", "adding", "single"), ("jordan", "temporal_xor", "single"),
    ("gru", "delayed_recall", "bidirectional")])
def test_every_part_is_shown_with_its_verdict(visit, architecture, task, wiring):
    app = opened(visit, architecture=architecture, task=task, wiring=wiring)
    assert len(app.get("plotly_chart")) == 5
    text = words(app)
    assert text.count("**You may say**") == text.count("**You may not say**") == 5
    assert "at most 1 of an error" in text and ("An example" in text) == (task in ("adding", "temporal_xor"))
    for chart in app.get("plotly_chart"):
        assert len(json.loads(chart.proto.spec)["layout"]["meta"]["alt"]) > 40


def test_a_temperature_and_a_limit_change_their_pictures(visit):
    app = opened(visit, architecture="lstm", task="delayed_recall")
    next(s for s in app.select_slider if s.key == "softmax_temperature").set_value(10.0).run()
    assert not app.exception and "at temperature 10 " in words(app)
    limit = next(s for s in app.select_slider if s.key.startswith("clip_limit"))
    limit.set_value(30.0).run()
    assert not app.exception and "passes as it is" in words(app)
    limit.set_value(0.001).run()
    assert not app.exception and "is 0.001 now" in words(app)


def test_every_part_has_its_table(visit):
    app = opened(visit, *TABLES, architecture="lstm", task="delayed_recall")
    shown = [set(frame.value.columns) for frame in app.dataframe]
    for column in ("largest slope", "p at this T", "clipped", "x", "1 − cos"):
        assert any(column in columns for columns in shown), column
