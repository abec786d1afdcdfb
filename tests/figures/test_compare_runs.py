"""The comparison of runs: their own numbers, one level a baseline, names that neither hide nor do anything."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rnn_core as rc
from rnn_core.figures.compare_runs import spread
from rnn_core.figures.ink import INKS
from rnn_core.records import Baseline

BASE = Baseline(0.9, 0.25, "guess the mean")


def story(*values: float, every: int = 10) -> pd.DataFrame:
    """A history that was measured every so many updates, half a second each."""
    known = list(range(0, every * len(values), every))
    table = pd.DataFrame({"update": range(known[-1] + 1)}).assign(held_out=np.nan, metric=np.nan)
    table.loc[known, "held_out"] = values
    table.loc[known, "metric"] = [v / 2 for v in values]
    return table.assign(seconds=table["update"] / 2)


@pytest.mark.parametrize("over", ["update", "seconds"])
@pytest.mark.parametrize("value", ["held_out", "metric"])
def test_each_line_is_the_run_s_own(run, theme, value, over):
    other = story(1.0, 0.5, 0.1)
    figure = rc.figures.compare_runs({"A": run.history, "B": other}, value=value, over=over, theme=theme)
    for drawn, history in zip(figure.data, (run.history, other)):
        kept = history.dropna(subset=[value])
        np.testing.assert_allclose(np.array(drawn.x, float), kept[over].to_numpy(float))
        np.testing.assert_allclose(np.array(drawn.y, float), kept[value].to_numpy(float))
    assert (figure.layout.yaxis.type == "log") == (value == "held_out")
    assert len({(d.line.color, d.line.dash) for d in figure.data}) == 2


def test_one_level_for_each_baseline_there_is(theme):
    same = {"A": story(1, 0.5), "B": story(0.8, 0.4)}
    figure = rc.figures.compare_runs(same, {"A": BASE, "B": BASE}, theme=theme)
    assert [s.y0 for s in figure.layout.shapes] == [0.25]
    assert any(a.text == "guess the mean: 0.25" for a in figure.layout.annotations)
    figure = rc.figures.compare_runs(same, {"A": BASE, "B": BASE._replace(loss=0.5)}, theme=theme)
    assert [s.y0 for s in figure.layout.shapes] == [0.5, 0.25]
    labels = [(a.text, a.yanchor) for a in figure.layout.annotations if a.text.startswith("guess")]
    assert labels == [("guess the mean: 0.5", "bottom"), ("guess the mean: 0.25", "top")]
    alike = {"A": BASE, "B": BASE._replace(loss=0.2500001)}
    assert len(rc.figures.compare_runs(same, alike).layout.shapes) == 1
    metric = rc.figures.compare_runs(same, {"A": BASE}, value="metric")
    assert [s.y0 for s in metric.layout.shapes] == [0.9] and metric.layout.yaxis.range == (0.0, 1.0)


def test_both_themes_words_and_nothing_from_elsewhere(run, theme):
    figure = rc.figures.compare_runs({"A": run.history, "B": story(1, 0.1)}, {"A": BASE}, theme=theme)
    text, words = figure.to_json(), rc.figures.alt(figure)
    assert "A:" in words and "B: 1 at first, 0.1 at 10 updates" in words and "guess the mean" in words
    assert "://" not in text and "NaN" not in text and "nan" not in words
    other = INKS["dark" if theme == "light" else "light"]
    assert not any(colour in text for colour in other)
    fonts = set(re.findall(r'"family": ?"([^"]+)"', text))
    assert fonts <= {"Source Sans, sans-serif", "Source Serif, serif"}


def test_a_run_that_exploded_does_not_flatten_the_others():
    figure = rc.figures.compare_runs({"A": story(1, 0.1, 0.01), "B": story(1, 1e12, 1e30)})
    assert figure.layout.yaxis.range == (-2, 2)
    figure = rc.figures.compare_runs({"A": story(1, 0.1), "B": story(1e9, 1e12)}, {"A": BASE})
    assert figure.layout.yaxis.range == (-1, 2)
    assert any("above the axis" in a.text for a in figure.layout.annotations)


def test_what_is_not_measured_or_no_number_is_left_out():
    odd = story(1.0, np.nan, np.inf, 0.5)
    figure = rc.figures.compare_runs({"A": odd, "B": pd.DataFrame([]), "C": odd.head(0)}, {"B": BASE})
    assert list(figure.data[0].y) == [1.0, 0.5] and len(figure.data[1].y) == 0
    assert "B: not measured yet; C: not measured yet" in rc.figures.alt(figure)
    assert any(a.text == "not measured yet: B, C" for a in figure.layout.annotations)
    json.loads(figure.to_json())


def test_losses_that_are_not_all_positive_have_a_plain_axis():
    figure = rc.figures.compare_runs({"A": story(0.5, 0.0), "B": story(0.0, -1.0)})
    assert figure.layout.yaxis.type is None and figure.layout.yaxis.range[0] <= -1


def test_a_hostile_name_is_shown_and_does_nothing():
    name = '<a href="javascript:alert(1)">%{y}</a>'
    figure = rc.figures.compare_runs({name: story(1, 0.5)}, {name: BASE._replace(sentence="<b>x</b>")})
    texts = [a.text for a in figure.layout.annotations] + [figure.data[0].hovertemplate.split("<extra>")[1]]
    assert not any("<a" in text or "<b>" in text or "%{" in text for text in texts)


@pytest.mark.parametrize(("histories", "options", "words"), [
    ({}, {}, "One to 6 runs"), ({str(k): story(1, 2) for k in range(7)}, {}, "not 7"),
    ({"A": story(1, 2)}, {"value": "loss"}, "shows held_out or metric"),
    ({"A": story(1, 2)}, {"over": "hours"}, "over update or seconds"),
    ({"A": story(1, 2)}, {"theme": "sepia"}, "light or dark")])
def test_what_cannot_be_drawn_is_refused(histories, options, words):
    with pytest.raises(ValueError, match=words):
        rc.figures.compare_runs(histories, **options)


@given(st.lists(st.floats(0, 1), max_size=6), st.floats(0.01, 0.4))
def test_names_lie_apart_in_their_order_and_in_the_picture(places, gap):
    moved, real = spread(places, gap), min(gap, 1 / max(len(places) - 1, 1))
    assert all(-1e-9 <= m <= 1 + 1e-9 for m in moved)
    assert all(abs(a - b) >= real - 1e-9 for k, a in enumerate(moved) for b in moved[:k])
    pairs = [(a, b) for a in range(len(places)) for b in range(len(places)) if places[a] < places[b]]
    assert all(moved[a] < moved[b] for a, b in pairs)
    if all(abs(a - b) >= gap for k, a in enumerate(places) for b in places[:k]):
        assert moved == pytest.approx(places)
