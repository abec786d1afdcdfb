"""Gradients: the error signal of the run in hand, and a lab with any gain, length and size."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

import rnn_core as rc
from rnn_core.shipped import shipped

FAST = {"architecture": "elman", "task": "adding", "hidden_size": "6", "length": "12"}


def figures(app) -> list[dict]:
    """The plotly charts of a page."""
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def numbers(values) -> np.ndarray:
    """A column of a chart, packed or not."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), np.dtype(values["dtype"]))
    return np.array(values, float)


def line(chart: dict, name: str) -> np.ndarray:
    """What a named line tells."""
    return numbers(next(one for one in chart["data"] if one.get("name") == name)["customdata"])


def told(app) -> str:
    """All that is written on a page, without backslashes."""
    return " ".join(m.value for m in app.markdown).replace("\\", "")


def test_the_run_in_hand_now_and_before_training(visit) -> None:
    app = visit("Gradients", "The error signal as a table")
    chart = figures(app)[0]
    now = rc.gradient_norms(shipped(), rows=16)
    before = rc.gradient_norms(shipped(), rows=16, update=0)
    np.testing.assert_allclose(line(chart, "now"), now.median, rtol=1e-5)
    np.testing.assert_allclose(line(chart, "before training"), before.median, rtol=1e-5)
    assert chart["layout"]["yaxis"]["range"] == [-8, 1]
    assert now.says in told(app) and now.says_not in told(app)
    table = app.dataframe[0].value
    assert list(table.columns) == ["sequence", "t", "now", "before training"] and len(table) == 16 * 40


def test_an_untrained_run_has_no_before(visit) -> None:
    app = visit("Gradients", **FAST)
    assert {one.get("name") for one in figures(app)[0]["data"]} >= {"now"}
    assert "before training" not in json.dumps(figures(app)[0]) and "fresh weights" in told(app)


def test_the_steps_are_those_of_the_run(visit) -> None:
    app = visit("Gradients", **FAST)
    spec = rc.Experiment.of("elman", "adding", hidden_size=6, length=12)
    product = rc.jacobian_products(spec, rows=3)
    _, step, together, _ = figures(app)
    np.testing.assert_allclose(line(together, "measured"), np.median(product.norms, 0), rtol=1e-4)
    sigma = np.linalg.norm(rc.step_jacobians(spec, rows=3).A, 2, (-2, -1))
    np.testing.assert_allclose(numbers(step["data"][0]["y"]), np.median(sigma, 0), rtol=1e-4)


@pytest.mark.parametrize(("gain", "word"), [(0.5, "shrinks"), (2.0, "grows")])
def test_the_lab_follows_its_controls(visit, gain: float, word: str) -> None:
    app = visit("Gradients", **FAST)
    app.selectbox(key="lab_architecture").select("elman")
    app.slider(key="lab_gain").set_value(gain)
    app.slider(key="lab_length").set_value(30)
    app.slider(key="lab_size").set_value(16).run()
    assert not app.exception
    result = rc.jacobian_products(rc.Experiment.of("elman", "adding", hidden_size=16, length=30, gain=gain), rows=3)
    chart = figures(app)[-1]
    np.testing.assert_allclose(line(chart, "measured"), np.median(result.norms, 0), rtol=1e-4)
    np.testing.assert_allclose(line(chart, "bound"), np.median(result.bound, 0), rtol=1e-4)
    assert result.says in told(app) and (result.rate < 1) == (word == "shrinks")
    assert app.query_params["gain"] in ("1.0", ["1.0"])


def test_the_lab_offers_what_has_a_gain_and_reads_sequences(visit) -> None:
    offered = visit("Gradients", **FAST).selectbox(key="lab_architecture").options
    titles = {name: card.title for name, card in rc.architectures().items()}
    assert {titles[n] for n in ("elman", "gru", "lstm")} <= set(offered) and titles["hopfield"] not in offered


def test_a_task_without_a_length_lends_anothers(visit) -> None:
    app = visit("Gradients", architecture="gru", task="delayed_recall", hidden_size="5", lag="6")
    assert "Delayed recall has no length to choose" in told(app)
    assert not app.exception and len(figures(app)) == 4
    assert "no length to choose" not in told(visit("Gradients", **FAST))


def test_a_network_with_two_passes_lets_one_choose(visit) -> None:
    app = visit("Gradients", **FAST, wiring="bidirectional")
    spec = rc.Experiment.of("elman", "adding", wiring="bidirectional", hidden_size=6, length=12)
    ahead, behind = (rc.gradient_norms(spec, which=k, rows=16) for k in (0, 1))
    np.testing.assert_allclose(line(figures(app)[0], "now"), ahead.median, rtol=1e-4)
    app.segmented_control(key="pass").set_value(1).run()
    np.testing.assert_allclose(line(figures(app)[0], "now"), behind.median, rtol=1e-4)


def test_what_has_left_the_finite_numbers_is_said(visit) -> None:
    app = visit(
        "Gradients", architecture="elman", task="adding", hidden_size="4", length="300", activation="linear", gain="5"
    )
    assert "left the finite numbers" in told(app) and len(figures(app)) == 4


def test_what_is_too_large_is_said(visit) -> None:
    app = visit("Gradients", architecture="elman", task="adding", hidden_size="300", length="200")
    assert "too large for this picture" in app.info[0].value and len(figures(app)) == 2
