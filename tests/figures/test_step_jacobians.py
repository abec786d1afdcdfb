"""The picture of single steps: σ_max and ρ by a second road, around the line at 1."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.step_jacobians import StepJacobians


def test_the_lines_are_medians_of_singular_values_and_radii(run):
    result = rc.step_jacobians(run, rows=5)
    sigma, rho = rc.figures.step_jacobians(result).data
    A = result.A.double().numpy()
    np.testing.assert_allclose(sigma.y, np.median(np.linalg.norm(A, 2, (-2, -1)), 0), rtol=1e-5)
    np.testing.assert_allclose(rho.y, np.median(abs(np.linalg.eigvals(A)).max(-1), 0), rtol=1e-4)


def test_there_is_a_line_at_one_that_is_named(run, theme):
    figure = rc.figures.step_jacobians(rc.step_jacobians(run), theme=theme)
    (unit,) = figure.layout.shapes
    assert unit.y0 == unit.y1 == 1 and any("neither grows" in a.text for a in figure.layout.annotations)
    assert figure.layout.yaxis.range[0] == 0 and figure.layout.yaxis.range[1] > max(figure.data[0].y)


@pytest.mark.parametrize("steps", [0, 1, 1000])
def test_odd_lengths_are_drawn(steps):
    A = 0.5 * torch.eye(2).expand(1, steps, 2, 2)
    figure = rc.figures.step_jacobians(StepJacobians(A, A))
    assert figure.to_json() and rc.figures.alt(figure)
    assert all(len(line.x) == min(steps, 500) and set(line.y) == {0.5} for line in figure.data)
