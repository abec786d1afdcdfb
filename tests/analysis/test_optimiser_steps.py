"""One update by each rule: beside the formulas, the steps' own parts, and what does not move."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.optimiser_steps import RULES
from tests.cells.cases import same

NETS = [("elman", "single", 0), ("lstm", "single", 0), ("gru", "stack", 0), ("jordan", "single", 0),
        ("gru", "bidirectional", 1)]


@pytest.fixture(params=NETS, ids=str)
def case(request):
    """A run with ragged sequences and one of its passes."""
    name, wiring, which = request.param
    return rc.Run(rc.Experiment.of(name, "adding", wiring=wiring, hidden_size=3, length=9, ragged=True)), which


def whole(run, which: int, rows: int = 6) -> torch.Tensor:
    """The gradient of one cell's weights, by one backward pass in float64."""
    net, batch = run.network, run.held_out.rows(slice(0, rows))
    net.double()
    y = net(batch.x.double(), mask=batch.mask)
    got = torch.autograd.grad(run.task.loss(y, batch), list(net.cells[which].parameters()))
    net.float()
    return torch.cat([g.flatten() for g in got])


def test_the_rules_are_their_formulas(case):
    run, which = case
    found = rc.optimiser_steps(run, rows=6, which=which, rate=0.01)
    g = whole(run, which)
    same(found.gradient, g)
    assert set(found.moves) == set(RULES)
    same(found.moves["SGD"], -0.01 * g)
    same(found.moves["momentum"], -0.01 * g)
    same(found.moves["Adam"], -0.01 * g / (g.abs() + 1e-8))
    same(found.moves["RMSProp"], -0.01 * g / (0.1 * g.abs() + 1e-8))


def test_each_step_owns_its_part(case):
    """Written out: the weights a step uses are copies of their own, one backward pass through all of them."""
    run, which = case
    found = rc.optimiser_steps(run, rows=6, which=which, rate=1.0)
    shared = rc.shared_gradients(run, rows=6)
    prefix = f"cells.{which}."
    norms = torch.stack([v for k, v in shared.norms.items() if k.startswith(prefix)]).norm(dim=0)
    same(found.owed["SGD"], norms.double(), atol=1e-6)
    assert (found.owed["Adam"] >= 0).all() and len(found.frame()) == 9


def test_adam_evens_out_and_keeps_the_proportions():
    found = rc.optimiser_steps(rc.Experiment.of("elman", "delayed_recall", lag=30, gain=0.5), rows=8)
    assert found.spread("Adam") < 1.2 < 10 < found.spread("SGD")
    assert "with Adam that factor is 1" in found.says
    one = rc.optimiser_steps(rc.Experiment.of("elman", "adding", length=30, gain=0.5), rows=8)
    assert float(one.owed["Adam"][0] / one.owed["Adam"][-1]) < 1e-3


def test_the_network_is_not_touched():
    run = rc.Run(rc.Experiment.of("gru", "adding", length=5))
    before = run.digest()
    rc.optimiser_steps(run)
    assert run.digest() == before and run.network.readout.V.dtype == torch.float32


def test_odd_gradients_are_said():
    burst = rc.Experiment.of("elman", "adding", hidden_size=3, length=600, gain=5.0, activation="linear")
    assert "finite" in rc.optimiser_steps(burst, rows=2).says
    run = rc.Run(rc.Experiment.of("elman", "adding", hidden_size=3, length=5))
    with torch.no_grad():
        run.network.readout.V.zero_()
    assert "no recurrent weight" in rc.optimiser_steps(run, rows=2).says
