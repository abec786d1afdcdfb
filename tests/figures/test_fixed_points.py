"""Fixed points in the plane of the main axes: a mark for each kind, words, both themes."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc
from rnn_core.figures.ink import INKS


def test_every_kind_has_its_mark(theme):
    cell = rc.make_cell("elman", 1, hidden_size=2)
    with torch.no_grad():
        cell.R.copy_(1.5 * torch.eye(2))
    result = rc.fixed_points(cell, searches=256)
    figure = rc.figures.fixed_points(result, theme=theme)
    counts = {trace.name: len(trace.x) for trace in figure.data if trace.name != "path"}
    assert counts == {"stable": 4, "saddle": 4, "unstable": 1}
    text = figure.to_json()
    assert "NaN" not in text and "://" not in text and "9 fixed points" in rc.figures.alt(figure)
    assert not any(colour in text for colour in INKS["dark" if theme == "light" else "light"])


def spiral() -> rc.Result:
    """A linear map that turns the first two numbers by a quarter and shrinks them, and doubles the third."""
    cell = rc.make_cell("elman", 1, hidden_size=3, activation="linear").requires_grad_(False)
    cell.R.copy_(torch.tensor([[0.0, -0.9, 0.0], [0.9, 0.0, 0.0], [0.0, 0.0, 2.0]]))
    return rc.fixed_points(rc.unroll(cell, torch.randn(2, 5, 1, generator=torch.Generator().manual_seed(0))))


def test_modes_by_hand(theme):
    result = spiral()
    table = result.modes()
    assert table["|λ|"].tolist() == pytest.approx([2.0, 0.9, 0.9], abs=1e-5)
    assert table["steps a turn"].tolist()[1:] == pytest.approx([4, 4]) and table["steps a turn"][0] == math.inf
    steps = [1 / math.log(2), *[-1 / math.log(0.9)] * 2]
    assert table["steps to 1/e, or to e"].tolist() == pytest.approx(steps, abs=1e-4)
    assert table.iloc[0, -1].startswith("h[2] 100%") and "h[0] 50%" in table.iloc[1, -1]
    figure = rc.figures.modes(result, mode=1, theme=theme)
    bars = next(trace for trace in figure.data if trace.name == "share")
    assert sorted(zip(bars.y, bars.x))[0][1] == "h[2]" and sum(bars.y) == pytest.approx(1)
    assert "NaN" not in figure.to_json() and "saddle" in rc.figures.alt(figure)
    with pytest.raises(ValueError, match="number 7 is not among them.$"):
        rc.figures.modes(result, mode=7)
    with pytest.raises(ValueError, match="number 3 is not among them.$"):
        result.modes(3)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_paths_and_points(theme, dimensions):
    result = spiral()
    figure = rc.figures.trajectories(result, row=1, dimensions=dimensions, theme=theme)
    lines = {trace.name: trace for trace in figure.data}
    assert len(lines["saddle"].x) == 1 and len(lines["chosen"].x) == 5 and len(lines["path"].x) == 5
    assert lines["chosen"].type == ("scatter" if dimensions == 2 else "scatter3d")
    assert list(lines["chosen"].y) == pytest.approx(result.paths[1, :, 1].tolist())
    assert "NaN" not in figure.to_json() and "2 sequences" in rc.figures.alt(figure)


def test_what_cannot_be_drawn():
    with pytest.raises(ValueError, match="2 or 3 dimensions"):
        rc.figures.trajectories(spiral(), dimensions=4)
    with pytest.raises(ValueError, match="5 is not among them"):
        rc.figures.trajectories(spiral(), row=5)
