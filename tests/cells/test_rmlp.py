"""Recurrent multilayer perceptron: one step by hand, its card for every depth, and what its graph shows."""
from __future__ import annotations

from math import tanh

import pytest
import torch

import rnn_core as rc
from rnn_core.cells.rmlp import RMLP, RMLPState, Settings
from tests.cells.cards import CARD_CHECKS
from tests.cells.cases import Case, H
from tests.cells.contract import CHECKS

pytestmark = pytest.mark.usefixtures("float64")
CLAUSES = ("the_card_counts_the_weights", "every_probe_is_on_the_card", "the_fast_road_is_the_same_road",
           "padding_is_not_felt", "gradients_are_finite", "states_are_batches_of_their_own")


def test_one_step():
    cell = rc.make_cell("rmlp", 1, hidden_size=1, inner_layers=3)
    weights = {"W_1": 0.5, "b_1": 0.1, "W_2": -1.5, "b_2": 0.2, "W_3": 2.0, "b_3": -0.3, "R": 0.7}
    cell.load_state_dict({k: torch.full_like(getattr(cell, k), v) for k, v in weights.items()})
    _, state, probes = cell.step(torch.tensor([[2.0]]), RMLPState(torch.tensor([[0.4]])))
    z1 = tanh(0.5 * 2 + 0.1)
    z2 = tanh(-1.5 * z1 + 0.2)
    h = tanh(2.0 * z2 + 0.7 * 0.4 - 0.3)
    assert [probes[k].item() for k in ("z1", "z2", "h")] == pytest.approx([z1, z2, h], abs=1e-14)
    assert state.h.item() == probes["h"].item()


def test_the_gallery_shows_the_default():
    assert rc.architectures()["rmlp"] == rc.make_cell("rmlp", 2).card


@pytest.mark.parametrize("depth", [1, 3, 8])
@pytest.mark.parametrize("clause", CLAUSES)
def test_contract_at_other_depths(clause, depth):
    (CHECKS | CARD_CHECKS)[clause](Case(RMLP, Settings(hidden_size=H, inner_layers=depth)))


def test_only_the_last_layer_reads_the_past():
    cell = rc.make_cell("rmlp", 2, hidden_size=3, inner_layers=3)
    graph = rc.step_graph(rc.unroll(cell, torch.randn(2, 4, 2)))
    reads = {n: {a for a, b in graph.edges if b == n} for n in ("z1", "z2", "h")}
    assert reads == {"z1": {"x", "W_1", "b_1"}, "z2": {"z1", "W_2", "b_2"}, "h": {"z2", "W_3", "b_3", "h₋", "R"}}


def test_it_trains_beside_others():
    spec = rc.Experiment.of("rmlp", "adding", hidden_size=3, length=5, updates=3, activation="relu")
    assert rc.train(spec, quiet=True).status == "done"
