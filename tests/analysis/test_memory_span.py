"""Memory of each unit: by hand from the gates, the known decay of linear leaky units, and what is odd."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc
from tests.cells.cases import same


@pytest.mark.parametrize(("architecture", "gate", "field"), [("lstm", "f", "c"), ("gru", "z", "h")])
def test_it_is_read_from_the_keep_gate(float64, architecture, gate, field):
    cell = rc.make_cell(architecture, 2, hidden_size=4)
    mask = torch.arange(9) < torch.tensor([9, 5, 1]).unsqueeze(1)
    trace = rc.unroll(cell, torch.randn(3, 9, 2), mask=mask)
    found = rc.memory_span(trace)
    gates = trace.probes[gate][mask]
    same(found.keep, gates.mean(0))
    same(found.memory, -1 / gates.mean(0).log())
    same(found.through, -1 / gates.log().mean(0))
    assert (found.through <= found.memory).all()
    assert torch.equal(found.values[mask], getattr(trace.states, field)[mask])
    assert found.values[~mask].isnan().all()
    table = found.frame()
    assert table["memory in steps"].is_monotonic_decreasing and set(table["unit"]) == {
        f"{field}[{k}]" for k in range(4)
    }


def test_a_stack_tells_all_its_layers():
    run = rc.Run(rc.Experiment.of("lstm", "adding", wiring="stack", hidden_size=3, length=7))
    found, trace = rc.memory_span(run), run.network.trace(run.held_out.x[:16]).main
    assert found.units == tuple(f"{k}.c[{n}]" for k in (0, 1) for n in range(3))
    same(found.keep, torch.cat([trace.probes[f"{k}.f"].double().mean((0, 1)) for k in (0, 1)]))


def test_every_pass_has_a_memory_of_its_own():
    run = rc.Run(rc.Experiment.of("gru", "adding", wiring="bidirectional", hidden_size=3, length=7))
    ahead, behind = (rc.memory_span(p) for p in run.network.trace(run.held_out.x).passes)
    assert not torch.equal(ahead.memory, behind.memory)


def test_without_a_gate_the_decay_of_linear_leaky_units_is_found(float64):
    cell = rc.make_cell("elman", 1, hidden_size=4, activation="linear")
    with torch.no_grad():
        cell.R.copy_(torch.diag(torch.tensor([0.5, 0.8, 0.9, -0.4])))
    found = rc.memory_span(rc.unroll(cell, torch.randn(200, 200, 1)))
    assert found.keep is None and "no keep gate" in found.says and "no keep gate" not in found.says_not
    expected = torch.tensor([-1 / math.log(v) for v in (0.5, 0.8, 0.9)])
    torch.testing.assert_close(found.memory[:3], expected, rtol=0.1, atol=0.0)
    assert found.memory[3] == 0
    assert found.frame().columns.tolist() == ["unit", "decay of the autocorrelation in steps"]


def test_the_ends_of_the_scale(float64):
    cell = rc.make_cell("lstm", 1, hidden_size=2)
    with torch.no_grad():
        cell.W.zero_()
        cell.R.zero_()
        cell.b[2:4] = torch.tensor([100.0, -800.0])
    found = rc.memory_span(rc.unroll(cell, torch.randn(2, 5, 1)))
    assert found.memory.tolist() == [math.inf, 0] and "more than a million steps" in found.says


@pytest.mark.parametrize("architecture", ["elman", "lstm", "gru", "jordan", "recursive"])
def test_one_step_and_one_unit(architecture):
    found = rc.memory_span(rc.unroll(rc.make_cell(architecture, 1, hidden_size=1), torch.randn(3, 1, 1)))
    assert found.says.endswith(".") and len(found.frame()) == 1
    assert ("too short" in found.says) == (architecture not in ("lstm", "gru"))


@pytest.mark.parametrize("architecture", ["elman", "lstm"])
def test_a_network_that_is_not_finite(architecture):
    cell = rc.make_cell(architecture, 1, hidden_size=2)
    with torch.no_grad():
        cell.b.fill_(torch.nan)
    assert "left the finite numbers" in rc.memory_span(rc.unroll(cell, torch.randn(2, 6, 1))).says
