"""The drawn automaton: a circle a state, a second ring where a string belongs, a coloured point a visited state."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.figures.ink import identity
from tests.analysis.test_automaton import read, wired


@pytest.fixture(scope="module")
def result():
    return read(wired("4"))


def test_circles_rings_and_points(result, theme):
    figure = rc.figures.automaton(result, theme=theme)
    circles = [shape for shape in figure.layout.shapes if shape.type == "circle"]
    assert len(circles) == result.found.states + int(result.found.answers.sum())
    clouds = [trace for trace in figure.data if trace.xaxis == "x2"]
    assert [c.marker.color for c in clouds] == [identity(k, theme) for k in range(result.found.states)]
    assert sum(len(c.x) for c in clouds) == int((result.states >= 0).sum())
    heads = [a for a in figure.layout.annotations if a.showarrow]
    pairs = {(q, int(r)) for q, row in enumerate(result.found.moves) for r in row}
    assert len(heads) == len(pairs) + 1
    assert "4 states" in rc.figures.alt(figure)


def test_a_network_that_reads_numbers_has_a_sentence(theme):
    figure = rc.figures.automaton(rc.automaton(rc.Experiment.of("elman", "adding", length=6, hidden_size=3)))
    assert not figure.data and "numbers" in rc.figures.alt(figure)


def test_one_state_is_drawn():
    network, task = wired("1")
    batch = task.show(torch.ones(2, 5, dtype=torch.long))
    one = rc.automaton(network, batch, task)
    assert one.found.states >= 1 and rc.figures.automaton(one).to_json()
