"""The picture of an impulse response: its lines, where nothing is left, and odd results."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.impulse_response import ImpulseResponse
from rnn_core.figures.impulse_response import impulse_response


def test_lines_are_the_result(theme):
    told = rc.impulse_response(rc.Experiment.of("finite_impulse", "adding", length=20, taps=3, hidden_size=3))
    figure = impulse_response(told, theme=theme)
    output, states = figure.data
    np.testing.assert_allclose(output.y, told.outputs[:, 0].numpy(), rtol=1e-6)
    assert np.isnan(states.y[4:]).all() and list(output.x) == list(range(20))
    np.testing.assert_allclose(states.customdata, told.states.numpy(), rtol=1e-6)
    assert any("exactly 0 after lag 3" in (a.text or "") for a in figure.layout.annotations)


def test_the_output_that_moves_most_is_named():
    told = rc.impulse_response(rc.Experiment.of("lstm", "delayed_recall", hidden_size=3, symbols=10), step=2)
    figure = impulse_response(told)
    best = int(told.outputs.abs().amax(0).argmax())
    assert any((a.text or "").startswith(f"output {best}, by") for a in figure.layout.annotations)
    assert len(figure.data) == told.outputs.shape[1] + 1 and figure.data[-2].name == f"output {best}"


@pytest.mark.parametrize("steps", [0, 1, 2, 1500])
@pytest.mark.parametrize("value", [0.0, 1.0, torch.nan, torch.inf])
def test_odd_results_are_drawn(steps, value, theme):
    v = torch.full((steps, 2), value)
    figure = impulse_response(ImpulseResponse(v, v[:, 0], v.T[:1], ("h",), 0, 0, 1.0, 1), theme=theme)
    assert figure.to_json() and "nan" not in rc.figures.alt(figure) and "NaN" not in figure.to_json()
    assert all(len(trace.x) <= 500 for trace in figure.data)
    with pytest.raises(ValueError, match="light or dark"):
        impulse_response(ImpulseResponse(v, v[:, 0], v.T[:1], ("h",), 0, 0, 1.0, 1), theme="sepia")
