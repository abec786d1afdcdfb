"""Stacks: a stack that runs one way is itself a cell, and keeps every clause of the contract."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core import catalogue
from rnn_core.networks.stack import Stack, StackNetwork, StackSettings
from tests.cells.cases import Case, H, identical, same, variants
from tests.cells.contract import CHECKS
from tests.covering import PLAIN

CASES = [Case(case.cls, case.settings, layers, residual) for name, cls in catalogue.cell_classes().items()
         for case in variants(cls)[:1] for layers, residual in ((2, False), (3, True))
         if (not residual or name in PLAIN) and "sequence" in cls.runs_along and not cls.speaks]


@pytest.mark.parametrize("clause", CHECKS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case, clause):
    CHECKS[clause](case)


def test_layers_read_the_layer_below(float64):
    below, above = rc.make_cell("gru", 3, hidden_size=4, seed=1), rc.make_cell("gru", 4, hidden_size=4, seed=2)
    x = torch.randn(2, 5, 3)
    first = rc.unroll(below, x)
    second = rc.unroll(above, first.outputs)
    whole = rc.unroll(Stack([below, above]), x)
    same(whole.outputs, second.outputs)
    same(whole.final, (first.final, second.final))
    same([whole.probes["0.z"], whole.probes["1.z"]], [first.probes["z"], second.probes["z"]])
    added = rc.unroll(Stack([below, above], residual=True), x)
    same(added.outputs, second.outputs + first.outputs)


def test_a_stack_of_one_is_its_cell(float64):
    cell = rc.make_cell("lstm", 3, hidden_size=4)
    x = torch.randn(2, 5, 3)
    identical(rc.unroll(Stack([cell]), x).outputs, rc.unroll(cell, x).outputs)


def test_every_layer_has_weights_of_its_own():
    spec = rc.Experiment.of("lstm", "adding", wiring="stack", layers=3, hidden_size=H)
    net = spec.make_network()
    assert isinstance(net, StackNetwork)
    layers = net.cells[0].layers
    assert [c.input_size for c in layers] == [2, H, H]
    assert not torch.equal(layers[1].W, layers[2].W)
    assert len({p.data_ptr() for p in net.parameters()}) == 3 * 3 + 2
    assert net.parameter_count == 4 * H * (2 + H + 1) + 2 * 4 * H * (H + H + 1) + H + 1


def test_a_net_that_hears_itself_is_not_stacked():
    with pytest.raises(ValueError, match="gives the answer itself"):
        rc.Experiment.of("jordan", "adding", wiring="stack")
    kind = catalogue.cell_classes()["jordan"]
    with pytest.raises(ValueError, match="gives the answer itself"):
        StackNetwork.build(lambda i, o: kind(i, None, o), 2, 1, StackSettings())
