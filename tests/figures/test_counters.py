"""The triangle: the counter thick over its own string, its symbols on the axis."""

from __future__ import annotations

import torch

import rnn_core as rc
from tests.analysis.test_counters import wired


def test_the_triangle_is_drawn(theme):
    network, task = wired()
    result = rc.counters(network, task.show(torch.tensor([2, 4])), task)
    figure = rc.figures.counters(result, theme=theme)
    thick = figure.data[-1]
    assert list(thick.y) == [0, 0, 1, 2, 3, 4, 3, 2, 1, 0]
    assert list(figure.layout.xaxis.ticktext) == ["start", "S", *"aaaabbbb"]
    assert len(figure.data) == 7 and "counts most" in figure.layout.annotations[0].text
    assert list(rc.figures.counters(result, row=0).data[-1].y) == [0, 0, 1, 2, 1, 0]


def test_numbers_have_a_sentence(theme):
    figure = rc.figures.counters(rc.counters(rc.Experiment.of("lstm", "adding", length=6)), theme=theme)
    assert not figure.data and "not symbols" in rc.figures.alt(figure)
