"""Fixed points in the plane of the main axes: a mark for each kind, words, both themes."""

from __future__ import annotations

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
