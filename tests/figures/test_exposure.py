"""The picture of the exposure gap: two lines, one row of bars, and a word where there is nothing between them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.exposure import Exposure
from rnn_core.figures.exposure import exposure
from rnn_core.records.palette import tone

HEARER = rc.Experiment.of("jordan", "delayed_recall", hidden_size=4, lag=12)


def test_lines_and_bars_are_the_result(theme):
    told = rc.exposure(HEARER)
    figure = exposure(told, theme=theme)
    forced, free, gap = figure.data
    for trace, values in ((forced, told.forced), (free, told.free), (gap, told.gap)):
        np.testing.assert_allclose(trace.y, values.numpy(), rtol=1e-6)
    assert forced.line.color == tone("target", theme) and free.line.dash == "dash"
    said = [a.text for a in figure.layout.annotations]
    assert "forced" in said and "free" in said and "gap" in rc.figures.alt(figure)


@pytest.mark.parametrize(("architecture", "task"), [("lstm", "delayed_recall"), ("jordan", "adding")])
def test_where_both_are_one_it_is_said(architecture, task, theme):
    figure = exposure(rc.exposure(rc.Experiment.of(architecture, task, hidden_size=3)), theme=theme)
    assert any("the same" in (a.text or "") for a in figure.layout.annotations)
    assert "nan" not in rc.figures.alt(figure) and figure.to_json()


@pytest.mark.parametrize("steps", [0, 1, 2, 1500])
@pytest.mark.parametrize("value", [1.0, torch.nan, torch.inf])
def test_odd_results_are_drawn(steps, value, theme):
    v = torch.full((steps,), value)
    figure = exposure(Exposure(v, v, v, torch.ones(steps, dtype=torch.long), (value, value), 1.0, True), theme=theme)
    assert figure.to_json() and "nan" not in rc.figures.alt(figure)
    assert all(len(trace.x) <= 500 for trace in figure.data)
