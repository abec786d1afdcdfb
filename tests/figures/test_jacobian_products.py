"""The picture of what is left at the end: measured beside theory."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.jacobian_products import JacobianProducts
from rnn_core.records.palette import tone


def test_both_lines_are_the_medians_of_the_result(forgetful):
    result = rc.jacobian_products(forgetful, rows=5)
    figure = rc.figures.jacobian_products(result)
    bound, measured = figure.data[-2:]
    np.testing.assert_allclose(measured.customdata, np.sort(result.norms.numpy(), 0)[2], rtol=1e-6)
    np.testing.assert_allclose(bound.customdata, np.sort(result.bound.numpy(), 0)[2], rtol=1e-6)
    assert (np.asarray(measured.customdata) <= np.asarray(bound.customdata) * (1 + 1e-5)).all()
    assert measured.line.color == tone("gradient", "light") and bound.line.dash == "dash"
    assert list(measured.x) == list(range(61)) and measured.y[-1] == pytest.approx(1)


def test_values_beyond_the_axis_are_counted(forgetful):
    result = rc.jacobian_products(forgetful)
    figure = rc.figures.jacobian_products(result)
    off = [int((np.median(v.numpy(), 0) < 1e-12).sum()) for v in (result.norms, result.bound)]
    said = [a.text for a in figure.layout.annotations if "off the axis" in a.text]
    assert off[0] > 0 and said == [f"off the axis, on its edge: {off[0]} measured, {off[1]} of theory"]
    assert list(figure.layout.yaxis.range) == [-12, 6] and min(figure.data[-1].y) == pytest.approx(1e-12)


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (2, 1), (2, 1001)])
def test_odd_results_are_drawn(size, theme):
    ones = torch.ones(size)
    figure = rc.figures.jacobian_products(JacobianProducts(ones, 2 * ones), theme=theme)
    assert figure.to_json() and rc.figures.alt(figure)
    assert all(len(line.x) <= 500 for line in figure.data)


def test_unknown_values_leave_gaps():
    norms = torch.tensor([[torch.nan, 0.5, 1.0]])
    figure = rc.figures.jacobian_products(JacobianProducts(norms, norms))
    assert np.isnan(figure.data[-1].customdata[0]) and "no step" in rc.figures.alt(figure)
