"""Gradients: the error signal of the run in hand, and below it every section with its controls."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

import rnn_core as rc
from rnn_core.shipped import shipped
from tests.pages.reading import told

LOSSES, STEPS, LAB, PHASES, OPTIMISER = (
    "Which loss reaches which step",
    "Every step",
    "The lab",
    "Gain × length",
    "What the optimiser makes of it",
)
FAST = {"architecture": "elman", "task": "adding", "hidden_size": "6", "length": "12"}
BOUND = "bound (γ σ<sub>max</sub>)<sup><i>k</i></sup>"


def figures(app) -> list[dict]:
    """The plotly charts of a page."""
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def numbers(values) -> np.ndarray:
    """A column of a chart, packed or not."""
    if isinstance(values, dict):
        flat = np.frombuffer(base64.b64decode(values["bdata"]), np.dtype(values["dtype"]))
        return flat.reshape([int(n) for n in values["shape"].split(",")]) if "shape" in values else flat
    return np.array(values, float)


def line(chart: dict, name: str) -> np.ndarray:
    """What a named line tells."""
    return numbers(next(one for one in chart["data"] if one.get("name") == name)["customdata"])


def opened(visit, title: str, **query):
    """The page with one section open."""
    return visit("Gradients", section=title, **(query or FAST))


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


def test_the_run_where_its_tape_stands(visit) -> None:
    app = visit("Gradients")
    app.session_state["moment"] = 0
    app.run()
    assert not app.exception
    start = rc.gradient_norms(shipped(), rows=16, update=0)
    np.testing.assert_allclose(line(figures(app)[0], "now"), start.median, rtol=1e-5)
    triangle = rc.error_triangle(shipped(), rows=3, update=0)
    np.testing.assert_allclose(numbers(figures(app)[1]["data"][0]["z"]), triangle.median.log10(), rtol=1e-4)


def test_an_untrained_run_has_no_before(visit) -> None:
    app = visit("Gradients", **FAST)
    assert {one.get("name") for one in figures(app)[0]["data"]} >= {"now"}
    assert "before training" not in json.dumps(figures(app)[0]) and "fresh weights" in told(app)


def test_the_triangle_and_its_losses(visit) -> None:
    app = visit("Gradients", architecture="elman", task="delayed_recall", hidden_size="5", lag="9")
    spec = rc.Experiment.of("elman", "delayed_recall", hidden_size=5, lag=9)
    triangle, losses = rc.error_triangle(spec, rows=3), rc.step_losses(spec, rows=16)
    _, heat, bars = figures(app)
    np.testing.assert_allclose(numbers(heat["data"][0]["z"]), triangle.median.log10().clamp(-8, 1), rtol=1e-4)
    assert heat["data"][0]["zmin"] == -8 and heat["data"][0]["zmax"] == 1
    np.testing.assert_allclose(numbers(bars["data"][0]["y"]), losses.parts, rtol=1e-5)
    assert triangle.says in told(app) and losses.says_not in told(app)
    app.segmented_control(key="triangle_view").set_value("Share of its row").run()
    shares = numbers(figures(app)[1]["data"][0]["z"])
    np.testing.assert_allclose(shares, triangle.shares, rtol=1e-4)
    assert "Shares hide how small" in told(app)


def test_a_task_that_asks_once_has_one_row(visit) -> None:
    app = visit("Gradients", **FAST)
    assert "scores one step only, so the triangle is one row" in told(app) and "asks at step 11 alone" in told(app)


def test_the_steps_are_those_of_the_run(visit) -> None:
    app = opened(visit, STEPS)
    spec = rc.Experiment.of("elman", "adding", hidden_size=6, length=12)
    product, spectrum = rc.jacobian_products(spec, rows=3), rc.jacobian_spectrum(spec, rows=1)
    _, plane, step, together = figures(app)
    np.testing.assert_allclose(line(together, "measured"), np.median(product.norms, 0), rtol=1e-4)
    sigma = np.linalg.norm(rc.step_jacobians(spec, rows=3).A, 2, (-2, -1))
    np.testing.assert_allclose(numbers(step["data"][0]["y"]), np.median(sigma, 0), rtol=1e-4)
    assert [f["name"] for f in plane["frames"]] == [str(t) for t in range(12)]
    assert spectrum.says in told(app)


@pytest.mark.parametrize(("gain", "word"), [(0.5, "shrinks"), (2.0, "grows")])
def test_the_lab_follows_its_controls(visit, gain: float, word: str) -> None:
    app = opened(visit, LAB)
    app.selectbox(key="lab_architecture").select("elman")
    app.slider(key="lab_gain").set_value(gain)
    app.slider(key="lab_length").set_value(30)
    app.slider(key="lab_size").set_value(16).run()
    assert not app.exception
    result = rc.vanishing(rc.Experiment.of("elman", "adding", hidden_size=16, length=30, gain=gain), rows=3)
    chart = figures(app)[-1]
    np.testing.assert_allclose(line(chart, "measured"), np.median(result.norms, 0), rtol=1e-4)
    np.testing.assert_allclose(line(chart, BOUND), gain ** np.arange(31.0), rtol=1e-4)
    assert result.says in told(app) and word in result.says
    assert app.query_params["gain"] in ("1.0", ["1.0"])


def test_the_lab_warns(visit) -> None:
    app = opened(visit, LAB)
    app.toggle(key="lab_warning").set_value(True).run()
    assert [round(float(v), 2) for v in line(figures(app)[-1], "measured")[1:4]] == [5.05, 5.01, 3.75]
    assert "5.05, 5.01, 3.75" in told(app) and app.slider(key="lab_gain").disabled
    assert "spectral radius is 0.5, it first grows" in told(app)


def test_the_lab_bends_and_offers_what_has_a_gain(visit) -> None:
    app = opened(visit, LAB)
    app.selectbox(key="lab_activation").select("sigmoid").run()
    np.testing.assert_allclose(line(figures(app)[-1], BOUND)[1], 0.25 * 0.9, rtol=1e-5)
    offered = app.selectbox(key="lab_architecture").options
    titles = {name: card.title for name, card in rc.architectures().items()}
    assert {titles[n] for n in ("elman", "gru", "lstm")} <= set(offered) and titles["hopfield"] not in offered
    app.selectbox(key="lab_architecture").select("lstm").run()
    assert "For a cell with gates nothing so simple" in told(app) and not app.exception


def test_a_task_without_a_length_lends_anothers(visit) -> None:
    recall = {"architecture": "gru", "task": "delayed_recall", "hidden_size": "5", "lag": "6"}
    app = opened(visit, LAB, **recall)
    assert "Delayed recall has no length to choose" in told(app) and len(figures(app)) == 2
    assert "no length to choose" not in told(opened(visit, LAB))


def test_a_thousand_networks(visit) -> None:
    app = opened(visit, PHASES)
    app.select_slider(key="phase_length").set_value(50)
    app.select_slider(key="phase_size").set_value(4).run()
    result = rc.phase_diagram(rc.Experiment.of("elman", "adding", hidden_size=4, length=50))
    heat = figures(app)[-1]["data"][0]
    np.testing.assert_allclose(numbers(heat["z"]), result.logs.clamp(-12, 12), atol=1e-4)
    assert result.says in told(app) and "Dashed: left of this gain" in told(app)
    app.number_input(key="phase_draw").set_value(2).run()
    assert numbers(figures(app)[-1]["data"][0]["customdata"])[0, 0, 1] == 10_000


def test_one_update_by_each_rule(visit) -> None:
    app = opened(visit, OPTIMISER)
    spec = rc.Experiment.of("elman", "adding", hidden_size=6, length=12)
    result = rc.optimiser_steps(spec, rate=spec.learning_rate, rows=16)
    np.testing.assert_allclose(line(figures(app)[-1], "Adam"), result.owed["Adam"], rtol=1e-4)
    assert result.says in told(app)
    app.segmented_control(key="optimiser_rule").set_value("SGD").run()
    np.testing.assert_allclose(line(figures(app)[-1], "SGD"), result.owed["SGD"], rtol=1e-4)
    app.segmented_control(key="optimiser_network").set_value("A fresh, forgetful Elman net").run()
    fresh = rc.optimiser_steps(spec.with_(gain=0.5), rate=spec.learning_rate, rows=16)
    np.testing.assert_allclose(line(figures(app)[-1], "SGD"), fresh.owed["SGD"], rtol=1e-4)


def test_a_network_with_two_passes_lets_one_choose(visit) -> None:
    app = visit("Gradients", **FAST, wiring="bidirectional")
    spec = rc.Experiment.of("elman", "adding", wiring="bidirectional", hidden_size=6, length=12)
    ahead, behind = (rc.gradient_norms(spec, which=k, rows=16) for k in (0, 1))
    np.testing.assert_allclose(line(figures(app)[0], "now"), ahead.median, rtol=1e-4)
    app.segmented_control(key="pass_norms_2").set_value(1).run()
    np.testing.assert_allclose(line(figures(app)[0], "now"), behind.median, rtol=1e-4)
    app.segmented_control(key="pass_triangle_2").set_value(1).run()
    triangle = rc.error_triangle(spec, which=1, rows=3)
    np.testing.assert_allclose(numbers(figures(app)[1]["data"][0]["z"]), triangle.median.log10(), rtol=1e-4)


def test_a_lower_pass_has_no_triangle(visit) -> None:
    app = visit("Gradients", **FAST, wiring="bidirectional", layers="2")
    assert "choose a pass of the last layer" in app.info[0].value and len(figures(app)) == 2


def test_what_has_left_the_finite_numbers_is_said(visit) -> None:
    burst = {"architecture": "elman", "task": "adding", "hidden_size": "4", "length": "300", "activation": "linear"}
    app = visit("Gradients", **burst, gain="5")
    assert "left the finite numbers" in told(app) and len(figures(app)) == 3
    for title in (STEPS, OPTIMISER):
        assert "left the finite numbers" in told(opened(visit, title, **burst, gain="5"))


def test_what_is_too_large_is_said(visit) -> None:
    large = {"architecture": "elman", "task": "adding", "hidden_size": "300", "length": "200"}
    app = opened(visit, STEPS, **large)
    assert "too large for this picture" in app.info[0].value and len(figures(app)) == 1
    app = visit("Gradients", **large)
    assert "This triangle cannot be drawn" in app.info[0].value and len(figures(app)) == 2
