"""The picture of the error signal layer by layer: its numbers are the result's, its axis never moves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.layer_gradients import LayerGradients
from rnn_core.figures.ink import INKS


def told(figure) -> str:
    """All words that stand in a picture."""
    return " | ".join(a.text for a in figure.layout.annotations)


@pytest.fixture(scope="module")
def pair() -> list[LayerGradients]:
    """A fresh deep network without and with shortcuts."""
    spec = rc.Experiment.of("lstm", "adding", wiring="stack", hidden_size=3, length=6, layers=5)
    return [rc.layer_gradients(spec.with_(residual=residual)) for residual in (False, True)]


def test_two_networks_are_told_apart(pair, theme):
    figure = rc.figures.layer_gradients(*pair, names=("without shortcuts", "with shortcuts"), theme=theme)
    plain, short = (line for line in figure.data if line.name)
    for line, result in zip((plain, short), pair, strict=True):
        np.testing.assert_allclose(line.customdata, result.median, rtol=1e-6)
        assert list(line.x) == [1, 2, 3, 4, 5]
    assert plain.line.color != short.line.color and plain.line.dash != short.line.dash
    assert "without shortcuts" in told(figure) and list(figure.layout.yaxis.range) == [-8, 1]
    words = rc.figures.alt(figure)
    assert "in the lowest of 5" in words and "nan" not in words
    assert not any(colour in figure.to_json() for colour in INKS["dark" if theme == "light" else "light"])


def test_one_network_shows_its_sequences(pair):
    figure = rc.figures.layer_gradients(pair[0])
    assert len(figure.data) == 9 and "median of 16 sequences" in told(figure)


def test_what_lies_off_the_axis_is_counted():
    figure = rc.figures.layer_gradients(LayerGradients(torch.tensor([[1e-12, 1e-3, 50.0]])))
    line = figure.data[-1]
    np.testing.assert_allclose(np.array(line.y, float), [1e-8, 1e-3, 10], rtol=1e-6)
    assert "off the axis, on its edge: 2 layers" in told(figure)


@pytest.mark.parametrize(
    "norms", [torch.zeros(0, 0), torch.zeros(0, 3), torch.tensor([[0.5]]), torch.full((2, 3), torch.nan)]
)
def test_odd_results_are_drawn(norms, theme):
    figure = rc.figures.layer_gradients(LayerGradients(norms), theme=theme)
    assert figure.to_json() and "nan" not in rc.figures.alt(figure)


def test_nothing_to_draw_and_no_third_theme(pair):
    with pytest.raises(ValueError, match="Nothing to draw"):
        rc.figures.layer_gradients()
    with pytest.raises(ValueError, match="light or dark"):
        rc.figures.layer_gradients(pair[0], theme="sepia")
