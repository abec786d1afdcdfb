"""Where an input was lost: three strips on one axis, and one line where most was lost at once."""

from __future__ import annotations

import numpy as np
import pytest

import rnn_core as rc


@pytest.fixture(scope="module")
def leaky() -> rc.Experiment:
    return rc.Experiment.of("lstm", "delayed_recall", hidden_size=4, lag=12, forget_bias=-1.0)


def drawn(figure) -> dict:
    return {one.name: one for one in figure.data}


def test_the_strips_are_the_numbers_of_the_result(leaky, theme):
    result = rc.forgetting(leaky, row=2)
    figure = rc.figures.forgetting(result, theme=theme)
    curves = drawn(figure)
    assert set(curves) == {"keep gate", "left", "reaches", "gradient"}
    assert [curves[k].yaxis for k in ("keep gate", "left", "reaches", "gradient")] == ["y", "y2", "y2", "y3"]
    for name, values in (("keep gate", result.gate), ("left", result.left), ("gradient", result.gradient)):
        np.testing.assert_allclose(np.array(curves[name].customdata, dtype=float), values, rtol=1e-6)
    lines = [s for s in figure.layout.shapes if s.type == "line"]
    assert [s.x0 for s in lines] == [result.lost] * 3 and any(f"= {result.lost}" in a.text
                                                              for a in figure.layout.annotations)
    bands = [s for s in figure.layout.shapes if s.type == "rect"]
    assert [s.x0 + 0.5 for s in bands] == [result.needed, result.answer] == [0, 12]
    assert f"lost at once in step {result.lost}" in rc.figures.alt(figure)


def test_without_a_gate_there_are_two_strips_and_what_is_off_the_axis_lies_on_its_edge():
    spec = rc.Experiment.of("elman", "adding", hidden_size=5, length=60, gain=0.1)
    result = rc.forgetting(spec)
    curves = drawn(rc.figures.forgetting(result))
    assert set(curves) == {"left", "reaches", "gradient"} and curves["left"].yaxis == "y"
    left = np.array(curves["left"].y, dtype=float)
    assert np.nanmin(left) == 1e-8 and float(result.left[result.answer]) < 1e-8


def test_where_nothing_is_lost_there_is_no_line():
    spec = rc.Experiment.of("elman", "adding", hidden_size=5, length=6, activation="linear", gain=1.5)
    result = rc.forgetting(spec)
    figure = rc.figures.forgetting(result)
    assert result.lost is None and "nowhere" in rc.figures.alt(figure)
    assert not [s for s in figure.layout.shapes if s.type == "line"]
