"""The learning curves of notebooks and of the Train page: the history's own numbers beside the computed baseline."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import rnn_core as rc
from rnn_core.records import Baseline, Command

FRESH = {"update": 0, "loss": None, "held_out": 1.5, "metric": 0.25}


def points(series: dict) -> np.ndarray:
    """A series' data."""
    return np.array(series["data"]).reshape(-1, 2)


def test_the_notebook_curve_has_the_history_and_the_baseline(run):
    base = run.task.baseline()
    figure = rc.figures.learning_curve(run.history, base, [Command(update=7, name="learning_rate", value=0.01)])
    lines = {line.name: line for line in figure.data}
    kept = run.history.dropna(subset=["held_out"])
    assert list(lines["held out"].x) == list(kept["update"]) and list(lines["held out"].y) == list(kept["held_out"])
    assert list(lines["training batch"].y) == list(run.history["loss"].dropna())
    level, mark = figure.layout.shapes
    assert level.y0 == level.y1 == base.loss and (mark.x0, mark.line.dash) == (7, "dot")
    said = [a.text for a in figure.layout.annotations]
    assert f"{base.sentence}: {base.loss:.3g}" in said and "learning rate 0.01" in said
    assert figure.layout.yaxis.type == "log" and float(figure.layout.yaxis.range[1]).is_integer()


def test_the_live_curve_is_the_same_story(run, theme):
    base = run.task.baseline()
    log = [Command(update=7, name="learning_rate", value=0.01), Command(update=9, name="clip", value=2)]
    option = rc.figures.live_curve(run.history, base, log, theme, task=run.task, until=100)
    batch, held_out = option["series"]
    kept = run.history.dropna(subset=["held_out"])
    np.testing.assert_allclose(points(held_out), kept[["update", "held_out"]])
    np.testing.assert_allclose(points(batch), run.history[["update", "loss"]].dropna())
    level, *marks = held_out["markLine"]["data"]
    assert level["yAxis"] == base.loss and level["label"]["formatter"] == f"{base.sentence}: {base.loss:.3g}"
    assert [m["xAxis"] for m in marks] == [7, 9]
    assert marks[0]["label"]["formatter"] == "learning rate 0.01"
    assert option["xAxis"]["max"] == 100 and option["yAxis"]["type"] == "log" and option["animation"] is False
    assert option["yAxis"]["name"] == f"{run.task.loss_name} (log)"
    low, high = option["yAxis"]["min"], option["yAxis"]["max"]
    assert low <= min(points(held_out)[:, 1].min(), base.loss) and high >= points(held_out)[:, 1].max()


def test_a_long_sentence_stays_out_of_the_picture(run):
    option = rc.figures.live_curve(run.history, Baseline(0.5, 0.5, "push as seen, the best of 200 such rules"))
    assert option["series"][1]["markLine"]["data"][0]["label"]["formatter"] == "without memory: 0.5"
    assert "the best of 200 such rules" in option["aria"]["label"]["description"]


def test_the_tape_is_marked_on_a_copy(run, theme):
    option = rc.figures.live_curve(run.history, run.task.baseline(), theme=theme, until=100)
    before = repr(option)
    marked = rc.figures.tape_mark(option, 40, theme)
    assert marked["series"][1]["markLine"]["data"][-1]["xAxis"] == 40
    assert rc.figures.alt(marked).endswith("The tape stands at update 40.")
    assert marked["series"][1]["data"] is option["series"][1]["data"]
    assert repr(option) == before and rc.figures.tape_mark(option, None) is option


def test_the_option_keeps_its_shape_while_updates_come_in(run):
    base = run.task.baseline()

    def shape(option):
        return [(s["name"], sorted(s)) for s in option["series"]], sorted(option), sorted(option["yAxis"])

    assert shape(rc.figures.live_curve(run.history.head(1), base)) == shape(rc.figures.live_curve(run.history, base))


@pytest.mark.parametrize("history", [pd.DataFrame([]), pd.DataFrame([FRESH]), pd.DataFrame([FRESH]).head(0)])
def test_a_run_that_has_hardly_begun(history, theme):
    base = Baseline(0.5, 0.7, "guess")
    loss, metric = (f(history, base, [], theme=theme) for f in (rc.figures.live_curve, rc.figures.metric_curve))
    known = len(history)
    assert len(loss["series"][1]["data"]) == len(metric["series"][1]["data"]) == known
    assert loss["series"][1]["showSymbol"] == bool(known)
    assert ("not measured yet" in rc.figures.alt(loss)) == (not known)
    assert rc.figures.learning_curve(history, base, theme=theme).to_json()


def test_losses_that_are_not_all_positive_have_a_plain_axis():
    history = pd.DataFrame({"update": [0, 1], "loss": [None, -0.5], "held_out": [0.2, 0.0], "metric": [0.0, 0.0]})
    base = Baseline(0.0, 0.3, "guess")
    option = rc.figures.live_curve(history, base)
    assert option["yAxis"]["type"] == "value" and option["yAxis"]["min"] <= -0.5 and option["yAxis"]["max"] >= 0.3
    assert rc.figures.learning_curve(history, base).layout.yaxis.type is None


def test_nan_is_a_gap_and_long_histories_are_thinned():
    updates = np.arange(5000)
    losses = np.where(updates == 3, np.nan, 1.0 / (1 + updates))
    history = pd.DataFrame({"update": updates, "loss": losses, "held_out": losses, "metric": losses})
    option = rc.figures.live_curve(history, Baseline(0.5, 0.5, "guess"))
    got = points(option["series"][1])
    assert len(got) == 200 and got[0, 0] == 0 and got[-1, 0] == 4999 and 3 not in got[:, 0] and np.isfinite(got).all()


def test_the_metric_has_a_plain_axis_and_its_own_baseline(run):
    option = rc.figures.metric_curve(
        pd.DataFrame([FRESH, FRESH | {"update": 2, "metric": 0.75}]), Baseline(0.5, 0.7, "guess"), task=run.task
    )
    assert points(option["series"][1]).tolist() == [[0, 0.25], [2, 0.75]] and option["series"][0]["data"] == []
    assert (option["yAxis"]["min"], option["yAxis"]["max"], option["yAxis"]["type"]) == (0, 1, "value")
    assert option["series"][1]["markLine"]["data"][0]["yAxis"] == 0.5
    assert option["yAxis"]["name"] == run.task.metric_name
