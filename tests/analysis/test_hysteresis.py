"""Hysteresis: a memristor draws a loop through the origin, a plain resistor a line; others have no current."""

from __future__ import annotations

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
        assert len(figure.data[0].x) == 100 and "resistance of branch 0" in rc.figures.alt(figure)


def test_what_is_not_there():
    assert "no circuit" in rc.hysteresis(rc.unroll(rc.make_cell("elman", 1), torch.zeros(1, 3, 1))).says
    for wrong in ({"row": 1}, {"branch": 1}):
        with pytest.raises(ValueError) as caught:
            rc.hysteresis(sine(1.0), **wrong)
        one_sentence(str(caught.value))
