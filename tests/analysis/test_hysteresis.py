"""Hysteresis: a memristor draws a loop through the origin, a plain resistor a line; others have no current."""

from __future__ import annotations

import cmath
import math

import pytest
import torch

import rnn_core as rc
from tests.cells.cases import one_sentence


def sine(xi: float):
    cell = rc.make_cell("memristive", 1, hidden_size=1, xi=xi, alpha=0.0, beta=0.3, start=0.9)
    with torch.no_grad():
        cell.W.fill_(1.0)
    return rc.unroll(cell, torch.sin(2 * torch.pi * torch.arange(100) / 50).view(1, -1, 1))


def test_a_loop_through_the_origin_and_a_line():
    loop, line = rc.hysteresis(sine(10.0)), rc.hysteresis(sine(0.0))
    assert torch.allclose(loop.voltage[:50], torch.sin(2 * torch.pi * torch.arange(50) / 50).double(), atol=1e-5)
    assert float(loop.resistance.max() / loop.resistance.min()) > 1.5
    assert torch.allclose(line.resistance, torch.ones(1).double(), atol=1e-4)
    assert bool((loop.voltage * loop.current >= 0).all()) and "vanish together" in loop.says
    for theme in ("light", "dark"):
        figure = rc.figures.hysteresis(loop, theme=theme)
        assert [trace.name for trace in figure.data] == ["memristor", "resistor and capacitor"]
        assert len(figure.data[0].x) == 100 and "resistance of branch 0" in rc.figures.alt(figure)


def test_the_capacitor_is_not_pinched():
    """A sine drives resistor and capacitor; after the first round its loop is the ellipse of complex numbers."""
    trace = sine(10.0)
    found = rc.hysteresis(trace, constant=0.8)
    keep, turn = math.exp(-0.1 / 0.8), cmath.exp(2j * math.pi / 50)
    answer = (1 - (1 - keep) / (turn - keep)) / (1 + 10 * 0.9)
    by_hand = [(answer * cmath.exp(2j * math.pi * t / 50)).imag for t in range(90, 100)]
    assert found.plain_current[90:].tolist() == pytest.approx(by_hand, abs=1e-4)
    ours, plain = found.at_zero
    assert ours < 1e-6 and plain > 0.5 and "vanish together" in found.says


def test_charges_in_a_larger_circuit_step_by_step():
    cell = rc.make_cell("memristive", 1, hidden_size=9, start=0.4)
    x = torch.randn(1, 30, 1, generator=torch.Generator().manual_seed(0))
    found = rc.hysteresis(rc.unroll(cell, x), branch=2, constant=0.5)
    S, Omega, u = cell.project(x)[0].detach().double(), cell.Omega.double(), torch.zeros(9).double()
    for t in range(30):
        i = Omega @ (S[t] - u) / (1 + 10 * 0.4)
        assert float(found.plain_current[t]) == pytest.approx(float(i[2]), abs=1e-7)
        u = u + (1 - math.exp(-0.1 / 0.5)) * (Omega @ (S[t] - u))


def test_what_is_not_there():
    assert "no circuit" in rc.hysteresis(rc.unroll(rc.make_cell("elman", 1), torch.zeros(1, 3, 1))).says
    for wrong in ({"row": 1}, {"branch": 1}, {"constant": 0.0}):
        with pytest.raises(ValueError) as caught:
            rc.hysteresis(sine(1.0), **wrong)
        one_sentence(str(caught.value))
