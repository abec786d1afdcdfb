"""The picture of the error signal: its numbers are the result's, its axis never moves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.gradient_norms import GradientNorms
from rnn_core.records.palette import tone


def curves(figure) -> dict:
    """The named lines of a picture."""
    return {line.name: line for line in figure.data if line.name}


def texts(figure) -> str:
    """Everything that is written in a picture."""
    return " | ".join(a.text for a in figure.layout.annotations)


def middle(norms: torch.Tensor) -> np.ndarray:
    """Lower medians by sorting."""
    return np.sort(norms.numpy(), 0)[(len(norms) - 1) // 2]


def test_the_thick_line_is_the_median_and_the_thin_ones_are_sequences(run):
    result = rc.gradient_norms(run, rows=6)
    figure = rc.figures.gradient_norms(result)
    thick = curves(figure)["median of 6 sequences"]
    np.testing.assert_allclose(thick.y, middle(result.norms), rtol=1e-6)
    np.testing.assert_allclose(thick.customdata, thick.y)
    thin = [line for line in figure.data if not line.name]
    np.testing.assert_allclose([line.y for line in thin], result.norms.numpy(), rtol=1e-6)
    assert list(thick.x) == list(range(12)) and thick.line.color == tone("gradient", "light")


def test_the_axis_is_fixed_and_has_a_floor(run, forgetful):
    for one in (run, forgetful):
        figure = rc.figures.gradient_norms(rc.gradient_norms(one))
        assert figure.layout.yaxis.type == "log" and list(figure.layout.yaxis.range) == [-8, 1]
        zone, floor = figure.layout.shapes
        assert (zone.y0, zone.y1) == (1e-8, 1e-6) and floor.y0 == floor.y1 == 1e-6
        assert "too small to teach" in texts(figure) and "error travels this way" in texts(figure)


def test_what_lies_below_the_axis_is_drawn_on_its_edge_and_counted(forgetful):
    result = rc.gradient_norms(forgetful)
    figure = rc.figures.gradient_norms(result)
    line = curves(figure)["median of 16 sequences"]
    below = int((middle(result.norms) < 1e-8).sum())
    assert below > 5 and min(line.y) == pytest.approx(1e-8)
    assert min(line.customdata) == pytest.approx(middle(result.norms).min())
    assert f"off the axis, on its edge: {below} steps" in texts(figure)


def test_before_and_after_have_one_colour_and_two_dashes(run, theme):
    before, after = rc.gradient_norms(run, update=0), rc.gradient_norms(run)
    named = curves(rc.figures.gradient_norms(before=before, after=after, theme=theme))
    assert set(named) == {"before training", "now"}
    assert {line.line.color for line in named.values()} == {tone("gradient", theme)}
    assert (named["before training"].line.dash, named["now"].line.dash) == ("dash", "solid")
    np.testing.assert_allclose(named["before training"].customdata, middle(before.norms), rtol=1e-6)
    np.testing.assert_allclose(named["now"].customdata, middle(after.norms), rtol=1e-6)


def test_several_results_are_told_apart_by_name_colour_and_dash(run, forgetful):
    figure = rc.figures.gradient_norms(rc.gradient_norms(run), rc.gradient_norms(forgetful), names=("LSTM", "Elman"))
    named = curves(figure)
    assert set(named) == {"LSTM", "Elman"} and "LSTM" in texts(figure) and "Elman" in texts(figure)
    assert named["LSTM"].line.color != named["Elman"].line.color and named["LSTM"].line.dash != named["Elman"].line.dash
    assert list(figure.layout.xaxis.range) == [-0.5, 59.5]


@pytest.mark.parametrize(
    "norms",
    [
        torch.zeros(0, 0),
        torch.zeros(0, 5),
        torch.tensor([[0.5]]),
        torch.full((2, 3), torch.nan),
        torch.tensor([[torch.nan, 1.0, 0.0], [2.0, torch.nan, torch.inf]]),
    ],
)
def test_odd_results_are_drawn(norms, theme):
    figure = rc.figures.gradient_norms(GradientNorms(norms), theme=theme)
    assert figure.to_json() and rc.figures.alt(figure)
    if norms.shape == (1, 1):
        assert figure.data[-1].mode == "markers"


def test_long_sequences_are_thinned_and_keep_their_ends():
    norms = torch.logspace(-7, 0, 1000).repeat(3, 1)
    line = curves(rc.figures.gradient_norms(GradientNorms(norms)))["median of 3 sequences"]
    assert len(line.x) == 500 and (line.x[0], line.x[-1]) == (0, 999)
    np.testing.assert_allclose(line.customdata, norms[0, list(line.x)].double(), rtol=1e-6)


def test_nothing_to_draw_is_said():
    with pytest.raises(ValueError, match="Nothing to draw"):
        rc.figures.gradient_norms()
