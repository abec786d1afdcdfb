"""Time constants: leaks and gates that are known, fitted decays, cells that have neither."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc


def test_a_leak_is_told_unit_by_unit():
    cell = rc.make_cell("mtrnn", 2, hidden_size=4, slow_share=0.5, tau_fast=1.0, tau_slow=10.0)
    found = rc.time_constants(rc.unroll(cell, torch.randn(3, 8, 2)))
    assert found.units == ("u[0]", "u[1]", "u[2]", "u[3]") and found.source == "leak"
    assert found.known.tolist() == pytest.approx([0.0, 0.0, *[-1 / math.log(0.9)] * 2], rel=1e-5)
    assert "leak alone" in found.says


@pytest.mark.parametrize(("solver", "keep"), [("euler", 0.75**2), ("rk4", math.exp(-0.5))])
def test_the_solver_decides_what_is_left(solver, keep):
    cell = rc.make_cell("ctrnn", 1, hidden_size=2, solver=solver, substeps=2, tau_low=2.0, tau_high=2.0)
    assert cell.keeps()["y"].tolist() == pytest.approx([keep] * 2, rel=1e-3)


def test_a_keep_gate_is_told_and_other_cells_have_none():
    x = torch.randn(3, 8, 2)
    gated = rc.time_constants(rc.unroll(rc.make_cell("lstm", 2, hidden_size=3, forget_bias=0.0), x))
    assert gated.source == "keep gate" and not gated.known.isnan().any()
    plain = rc.time_constants(rc.unroll(rc.make_cell("elman", 2, hidden_size=3), x))
    assert plain.source == "" and plain.known.isnan().all() and "neither leak nor keep gate" in plain.says


def test_units_that_rest_have_no_number():
    found = rc.time_constants(rc.unroll(rc.make_cell("elman", 2, hidden_size=3), torch.zeros(2, 6, 2)))
    assert found.measured.isnan().all() and "nothing to measure" in found.says
