"""Lyapunov exponents: a linear net by hand, the dimension by hand, volume, pieces, refusals."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis import lyapunov_spectrum as module
from rnn_core.analysis.lyapunov_spectrum import LyapunovSpectrum
from tests.cells.cases import one_sentence

pytestmark = pytest.mark.usefixtures("float64")


def linear(*diagonal: float):
    """A linear net whose exponents are the logarithms of its diagonal; what lies above it is not felt."""
    cell = rc.make_cell("elman", 1, hidden_size=len(diagonal), activation="linear")
    with torch.no_grad():
        cell.R.copy_(torch.diag(torch.tensor(diagonal)) + torch.ones(len(diagonal), len(diagonal)).triu(1))
    return cell


def test_a_linear_net_by_hand():
    """Its exponents are ln 1.1, ln 0.9 and ln 0.5, its dimension 1 + (ln 1.1 …) by the formula."""
    found = rc.lyapunov_spectrum(linear(0.5, 1.1, 0.9), steps=400, warm_up=200)
    top, middle, low = math.log(1.1), math.log(0.9), math.log(0.5)
    assert found.exponents[0].tolist() == pytest.approx([top, middle, low], abs=1e-6)
    assert float(found.dimension) == pytest.approx(1 + top / -middle, abs=1e-4)
    assert float(found.entropy) == pytest.approx(top, abs=1e-6)
    assert float(found.volume) == pytest.approx(math.log(0.5 * 1.1 * 0.9), abs=1e-12)
    assert "neighbouring states part" in found.says and "left alone" in found.says


def test_dimension_by_hand():
    """(0.4, 0, −1): 2 + 0.4/1; all negative: 0; all positive: as many as there are; not a number: not a number."""
    logs = torch.tensor([[[0.4, 0.0, -1.0]], [[-0.1, -0.2, -0.3]], [[0.3, 0.2, 0.1]], [[torch.nan, 0.0, 0.0]]])
    found = LyapunovSpectrum(logs, torch.ones(4), torch.zeros(4), 3, False)
    assert found.dimension[:3].tolist() == pytest.approx([2.4, 0, 3]) and found.dimension[3].isnan()


@pytest.mark.parametrize("reverse", [False, True])
def test_a_driven_trace_in_pieces_and_backward(reverse, monkeypatch):
    cell = rc.make_cell("gru", 2, hidden_size=4, seed=1)
    x, mask = torch.randn(3, 11, 2), torch.arange(11) < torch.tensor([[11], [7], [9]])
    trace = rc.unroll(cell, x, mask=mask, reverse=reverse)
    whole = rc.lyapunov_spectrum(trace)
    assert whole.driven and whole.steps.tolist() == [11, 7, 9]
    assert torch.allclose(whole.exponents.sum(1), whole.volume, atol=1e-10)
    A = rc.step_jacobians(trace).A[1]
    P = torch.linalg.multi_dot([*(A if reverse else A.flip(0))])
    assert float(whole.volume[1]) * 7 == pytest.approx(float(torch.linalg.slogdet(P).logabsdet), abs=1e-8)
    monkeypatch.setattr(module, "PIECE", 2000)
    pieces = rc.lyapunov_spectrum(trace)
    assert torch.allclose(pieces.exponents, whole.exponents, atol=1e-12)


def test_the_first_few_are_the_first_of_all():
    cell = rc.make_cell("elman", 2, hidden_size=8, gain=2.0, seed=0)
    few, whole = (rc.lyapunov_spectrum(cell, steps=600, exponents=k).exponents[0, :2] for k in (2, None))
    assert torch.allclose(few, whole, atol=0.02)


def test_what_cannot_be_is_refused():
    cell = linear(0.5, 0.4)
    for wrong in ({"steps": 0}, {"exponents": 0}, {"warm_up": -1}, {"x": torch.zeros(1, 7, 1)}):
        with pytest.raises(ValueError) as caught:
            rc.lyapunov_spectrum(cell, **wrong)
        one_sentence(str(caught.value))


def test_numbers_that_left_are_told():
    cell = linear(0.5, 0.5)
    with torch.no_grad():
        cell.b.fill_(torch.inf)
        cell.R.fill_(torch.nan)
    assert "left the finite numbers" in rc.lyapunov_spectrum(cell, steps=5).says
