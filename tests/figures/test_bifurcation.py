"""Bifurcation diagram and cobweb: what is solid, dashed or dotted, both themes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.cobweb import unit_example


def unit():
    """An Elman cell of one unit without bias or input."""
    cell = rc.make_cell("elman", 1, hidden_size=1).requires_grad_(False)
    cell.R.fill_(1.0), cell.W.zero_()
    return cell


def test_branches_are_solid_and_dotted_and_changes_named(theme):
    result = rc.bifurcation(unit(), "R[0,0]", torch.linspace(-2, 2, 21).tolist())
    figure = rc.figures.bifurcation(result, theme=theme)
    lines = {trace.name: trace for trace in figure.data}
    drawn = np.concatenate([np.asarray(lines[name].y, float) for name in ("stable", "unstable")])
    assert np.isfinite(drawn).sum() == len(result.points) and len(lines["runs"].x)
    assert lines["stable"].line.dash == "solid" and lines["unstable"].line.dash == "dot"
    assert [shape.x0 for shape in figure.layout.shapes] == pytest.approx([one.value for one in result.changes])
    assert "NaN" not in figure.to_json() and "pitchfork" in rc.figures.alt(figure)


def test_a_staircase(theme):
    result = unit_example(unit(), 1.5, 0.0, steps=5)
    figure = rc.figures.cobweb(result, theme=theme)
    lines = {trace.name: trace for trace in figure.data}
    x, y = np.asarray(lines["staircase"].x), np.asarray(lines["staircase"].y)
    path = result.path.numpy()
    assert len(x) == len(y) == 2 * len(path) - 1
    assert y[1::2] == pytest.approx(path[1:]) and x[1::2] == pytest.approx(path[:-1])
    assert len(lines["stable"].x) == 2 and len(lines["unstable"].x) == 1
