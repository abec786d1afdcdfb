"""The reservoir's pictures: lines, theory, the dashed pace, and what is not a number."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc


def cell(**settings):
    return rc.make_cell("echo_state", 1, hidden_size=12, **settings).double()


def noise(steps: int = 80):
    return 2 * torch.rand(1, steps, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64) - 1


def test_the_pace_is_drawn_along_the_distances(theme):
    found = rc.echo_state_property(rc.unroll(cell(), noise()))
    figure = rc.figures.echo_state_property(found, theme=theme)
    pace = next(one for one in figure.data if one.name == "exponent")
    slope = np.diff(np.log(np.asarray(pace.y, float)))
    assert np.ptp(slope) < 1e-9 and float(slope[0]) == pytest.approx(float(found.exponents.median()), abs=0.02)


def test_theory_is_drawn_where_there_is_one(theme):
    for kind, count in (("linear", 2), ("tanh", 1)):
        spec = rc.Experiment.of("echo_state", "narma", hidden_size=8, activation=kind)
        figure = rc.figures.memory_capacity(rc.memory_capacity(spec), theme=theme)
        assert len(figure.data) == count


def test_a_few_units(theme):
    trace = rc.unroll(cell(), noise())
    figure = rc.figures.unit_lines(trace, units=[0, 3, 40], theme=theme)
    assert len(figure.data) == 3 and "2 of 12 units" in rc.figures.alt(figure)
    burst = rc.unroll(cell(activation="linear", spectral_radius=3.0, leak=1.0), noise(1000))
    assert not rc.figures.unit_lines(burst, theme=theme).data


def test_starts_that_left_the_finite_numbers(theme):
    burst = rc.unroll(cell(activation="linear", spectral_radius=3.0, leak=1.0), noise(1000))
    figure = rc.figures.echo_state_property(rc.echo_state_property(burst), theme=theme)
    assert figure.to_json() and "nan" not in rc.figures.alt(figure)
