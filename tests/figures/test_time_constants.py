"""Time constants as dots: measured against known, or side by side where nothing is known."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.time_constants import TimeConstants
from rnn_core.figures.ink import INKS


def test_dots_stand_at_their_constants(run, theme):
    result = rc.time_constants(run)
    figure = rc.figures.time_constants(result, theme=theme)
    dots = next(trace for trace in figure.data if trace.name == "units")
    assert list(dots.y) == pytest.approx(result.measured.tolist(), rel=1e-6)
    assert list(dots.x) == pytest.approx(result.known.tolist(), rel=1e-6)
    assert any(trace.name == "theory" for trace in figure.data)
    text = figure.to_json()
    assert "NaN" not in text and "://" not in text and "nan" not in rc.figures.alt(figure)
    assert not any(colour in text for colour in INKS["dark" if theme == "light" else "light"])


def test_odd_constants_lie_on_the_edge_and_unknown_ones_side_by_side():
    numbers = torch.tensor([torch.inf, torch.nan, 0.0, 5.0]).double()
    units = ("h[0]", "h[1]", "h[2]", "h[3]")
    figure = rc.figures.time_constants(TimeConstants(units, numbers, torch.full((4,), torch.nan), ""))
    assert list(figure.data[0].y) == [1e4, 0.1, 5.0] and list(figure.data[0].x) == [0, 2, 3]
    assert any("at its end: 2" in note.text for note in figure.layout.annotations)
    empty = rc.figures.time_constants(TimeConstants(units, torch.full((4,), torch.nan), numbers, "leak"))
    assert "no step" in empty.layout.annotations[-1].text


def test_a_third_theme_is_refused(run):
    with pytest.raises(ValueError, match="light or dark"):
        rc.figures.time_constants(rc.time_constants(run), theme="sepia")
