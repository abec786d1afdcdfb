"""Hidden states: every section shows what its analysis gives, follows its controls, and says what cannot be."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace

import numpy as np
import pytest

import rnn_core as rc
from pages.shared.matches import brush
from rnn_core.shipped import shipped
from tests.pages.reading import told

LONG, AGAIN, LOOKED, SPACE = (
    "How long does it remember?",
    "When does this pattern come again?",
    "What did it look at?",
    "State space",
)
FAST = {"architecture": "gru", "task": "adding", "hidden_size": "5", "length": "12"}


def figures(app) -> list[dict]:
    """The plotly charts of a page."""
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def numbers(values) -> np.ndarray:
    """A column of a chart, packed or not."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), np.dtype(values["dtype"]))
    return np.array(values, float)


def opened(visit, title: str, **query):
    """The page with one section open."""
    return visit("Hidden states", section=title, **query)


def test_units_by_their_memory_and_what_can_be_read(visit) -> None:
    app = opened(visit, LONG)
    span, probes = figures(app)
    result = rc.memory_span(shipped(), rows=128)
    np.testing.assert_allclose(numbers(span["data"][1]["x"]), result.memory[result.order], rtol=1e-5)
    lines = {line["name"]: numbers(line["customdata"]) for line in probes["data"]}
    now, before = (rc.linear_probe(shipped(), rows=128, update=u).score for u in (None, 0))
    np.testing.assert_allclose(lines["now"], now, rtol=1e-4)
    np.testing.assert_allclose(lines["before training"], before, rtol=1e-4)
    rival = rc.linear_probe(shipped().spec.with_(architecture="gru"), rows=128)
    np.testing.assert_allclose(lines["GRU, fresh"], rival.score, rtol=1e-4)
    assert result.says in told(app) and "now" in lines and len(lines) == 4


def test_rivals_are_chosen(visit) -> None:
    app = opened(visit, LONG, **FAST)
    (chosen,) = [one for one in app.multiselect if one.key.startswith("rivals_")]
    assert "GRU" not in chosen.options and "LSTM" in chosen.options
    chosen.set_value(["jordan"]).run()
    names = [line["name"] for line in figures(app)[1]["data"]]
    assert names == ["now", "Jordan network, fresh"]


def test_another_sequence_is_followed_by_the_sections(visit) -> None:
    app = visit("Hidden states", **FAST)
    app.number_input(key="pick:row:adding:0").set_value(9).run()
    assert not app.exception and "Held-out sequence 9, one row a unit" in told(app)


def test_every_section_shows_where_the_tape_stands(visit) -> None:
    app = visit("Hidden states")
    app.session_state["moment"] = 0
    app.run()
    assert rc.memory_span(shipped().then(0), rows=128).says in told(app)
    assert "untrained weights" in told(app)
    assert [line["name"] for line in figures(app)[1]["data"]] == ["now", "Elman network, fresh", "GRU, fresh"]


def test_a_span_and_a_level_are_chosen(visit) -> None:
    app = opened(visit, AGAIN, **FAST)
    run = rc.Run(rc.Experiment.of("gru", "adding", hidden_size=5, length=12))
    row = app.session_state["row:adding:0"]
    (span,), (level,) = ([s for s in app.slider if s.key.startswith(k)] for k in ("span_", "level_"))
    start = rc.select_and_match(run, rows=128, sequence=row)
    assert span.value == (start.chosen.first, start.chosen.last) and level.value == round(start.threshold, 2)
    span.set_value((2, 4))
    level.set_value(0.05)
    next(t for t in app.toggle if t.key == "match_after").set_value(False).run()
    assert not app.exception
    result = rc.select_and_match(run, rows=128, sequence=row, first=2, last=4, threshold=0.05, after=0)
    assert result.says in told(app)


def test_a_brush_on_the_timeline_is_searched_for(visit) -> None:
    app = visit("Hidden states", **FAST)
    spec = rc.Experiment.of("gru", "adding", hidden_size=5, length=12)
    row = app.session_state["row:adding:0"]
    app.session_state["brushed"] = (spec.id, row, 0, "z", (3, 5), 0.4)
    app.session_state["sections:states"] = AGAIN
    app.run()
    result = rc.select_and_match(rc.Run(spec), rows=128, sequence=row, first=3, last=5, threshold=0.4, probe="z")
    assert not app.exception and result.says in told(app) and "Units of z" in told(app)
    app.session_state["brushed"] = (spec.id, row, 0, "nothing", (3, 50), 0.4)
    app.run()
    assert "has no quantity" in app.info[0].value.replace("\\", "")


@pytest.mark.parametrize(
    "pick",
    [
        None,
        {},
        {"map": "0.h"},
        {"map": "7.h", "first": 1, "last": 2, "threshold": 0},
        {"map": "h", "first": 1, "last": 2, "threshold": 0},
        {"map": "0.h", "first": 3, "last": 2, "threshold": 0},
        {"map": "0.h", "first": "x", "last": 2, "threshold": 0},
        {"map": "0.h", "first": 1, "last": 2, "threshold": float("nan")},
        {"map": "0.h", "first": float("inf"), "last": 2, "threshold": 0},
    ],
)
def test_a_brush_that_makes_no_sense_gets_one_sentence(pick) -> None:
    hand = SimpleNamespace(passes=lambda: ["h"])
    assert brush(hand, pick) == "This stretch of the timeline cannot be searched for."


@pytest.mark.parametrize("task", ["adding", "delayed_recall", "next_character"])
def test_what_moved_the_answer(visit, task: str) -> None:
    length = {"delayed_recall": {"lag": "9"}}.get(task, {"length": "10"})
    app = opened(visit, LOOKED, **FAST | {"task": task} | length)
    row = app.session_state[f"row:{task}:0"]
    spec = rc.Experiment.of("gru", task, hidden_size=5, **{k: int(v) for k, v in length.items()})
    run = rc.Run(spec)
    batch = run.held_out.rows(slice(row, row + 1))
    assert rc.saliency(run.network, batch).says in told(app) and rc.order_sensitivity(run).says in told(app)
    (step,) = [s for s in app.slider if s.key.startswith("asked_")]
    step.set_value(4).run()
    bars = numbers(figures(app)[0]["data"][0]["y"])
    expected = rc.saliency(run.network, batch, step=4).absolute[0]
    np.testing.assert_allclose(bars[:5], expected[:5], rtol=1e-4)
    if task == "delayed_recall":
        (which,) = [s for s in app.selectbox if s.key.startswith("output_")]
        which.set_value(2).run()
        assert not app.exception and "output 1 at step 4" in told(app)


def test_state_space_in_three_dimensions_by_answer(visit) -> None:
    app = opened(visit, SPACE, **FAST | {"architecture": "lstm"})
    flat = figures(app)[0]
    assert flat["data"][0]["type"] == "scatter" and len(flat["frames"]) == 12
    for key, value in (("space_ink", "answer"), ("space_dimensions", 3)):
        next(one for one in app.button_group if one.key == key).set_value(value)
    (field,) = [one for one in app.button_group if one.key.startswith("space_field")]
    assert list(field.options) == ["the whole state", "h", "c"]
    field.set_value("c").run()
    solid = figures(app)[0]
    assert not app.exception and solid["data"][0]["type"] == "scatter3d" and "of 5 that there are" in told(app)


@pytest.mark.parametrize(
    "query",
    [
        {"wiring": "bidirectional", "ragged": "true"},
        {"wiring": "stack", "ragged": "true"},
        {"architecture": "jordan", "hidden_size": "1"},
        {"architecture": "elman", "activation": "linear", "gain": "5"},
        {"task": "delayed_recall", "lag": "1"},
    ],
)
def test_odd_networks_are_shown_or_one_sentence_is_said(visit, query: dict) -> None:
    app = visit("Hidden states", **{k: v for k, v in FAST.items() if not (k == "length" and "lag" in query)} | query)
    for title in (LONG, AGAIN, LOOKED, SPACE):
        app.session_state["sections:states"] = title
        app.run()
        assert not app.exception and not app.error and (figures(app) or app.info), title
