"""The phase plane of two units: zero lines, marks for each kind of fixed point, a path, words."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc
from rnn_core.figures.ink import INKS


@pytest.fixture(scope="module")
def plane():
    """Two neurons that each excite themselves: nine fixed points."""
    cell = rc.make_cell("ctrnn", 1, hidden_size=2, tau_low=1.0, tau_high=1.0, time_step=0.2)
    with torch.no_grad():
        cell.R.copy_(torch.tensor([[8.0, -1.0], [1.0, 8.0]]))
        cell.b.copy_(torch.tensor([3.5, 4.5]))
    return rc.nullclines(rc.unroll(cell, torch.zeros(2, 40, 1)), reach=(-4, 12))


def test_every_kind_has_its_mark(plane, theme):
    figure = rc.figures.nullclines(plane, theme=theme)
    counts = {trace.name: len(trace.x) for trace in figure.data if trace.name in ("stable", "saddle", "unstable")}
    assert counts == {"stable": 4, "saddle": 4, "unstable": 1}
    zero = [trace for trace in figure.data if trace.type == "contour"]
    assert [trace.contours.start for trace in zero] == [0, 0] and np.shape(zero[0].z) == (41, 41)
    path = next(trace for trace in figure.data if trace.name == "path")
    np.testing.assert_allclose(path.x, plane.path[:, 0], rtol=1e-3)
    assert "9 fixed points" in rc.figures.alt(figure) and "nan" not in rc.figures.alt(figure)
    text = figure.to_json()
    assert "NaN" not in text and "://" not in text
    assert not any(colour in text for colour in INKS["dark" if theme == "light" else "light"])


def test_a_third_theme_is_refused(plane):
    with pytest.raises(ValueError, match="light or dark"):
        rc.figures.nullclines(plane, theme="sepia")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_network_that_left_the_numbers_is_drawn(dtype):
    cell = rc.make_cell("elman", 1, hidden_size=2, activation="linear").to(dtype)
    with torch.no_grad():
        cell.R.fill_(1e38)
    figure = rc.figures.nullclines(rc.nullclines(rc.unroll(cell, torch.ones(1, 9, 1, dtype=dtype))))
    assert "nan" not in rc.figures.alt(figure) and "Infinity" not in figure.to_json()
