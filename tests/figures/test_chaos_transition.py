"""The onset of chaos: a dot a network, the theory's line, both themes."""

from __future__ import annotations

import pytest

import rnn_core as rc


def test_dots_and_theory(theme):
    result = rc.chaos_transition(6, (0.5, 2.0), seeds=2, steps=20)
    figure = rc.figures.chaos_transition(result, theme=theme)
    dots = next(trace for trace in figure.data if trace.name == "simulated")
    assert list(dots.y) == pytest.approx(result.measured.flatten().tolist())
    theory = next(trace for trace in figure.data if trace.name == "theory")
    assert list(theory.y) == pytest.approx(result.theory.tolist())
