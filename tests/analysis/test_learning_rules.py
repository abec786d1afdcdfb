"""Influence, agreement, costs and the ledger: by hand where a hand can, and what they say in odd cases."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.locality import Entry, first_true
from rnn_core.analysis.rule_costs import Ledger
from rnn_core.records import Needs

SPEC = rc.Experiment.of("elman", "adding", hidden_size=4, length=10)


def test_influence_of_a_linear_unit_by_hand():
    cell = rc.make_cell("elman", 1, hidden_size=1, activation="linear").double()
    with torch.no_grad():
        cell.R.fill_(0.5), cell.W.fill_(1.0), cell.b.zero_()
    x = torch.ones(1, 3, 1, dtype=torch.float64)
    found = rc.influence(rc.unroll(cell, x))
    names = list(found.weights)
    h, by_hand = 0.0, {"W": [0.0], "R": [0.0], "b": [0.0]}
    for _ in range(3):
        by_hand["W"].append(0.5 * by_hand["W"][-1] + 1.0)
        by_hand["R"].append(0.5 * by_hand["R"][-1] + h)
        by_hand["b"].append(0.5 * by_hand["b"][-1] + 1.0)
        h = 0.5 * h + 1.0
    for name, values in by_hand.items():
        assert found.norms[0, :, names.index(name)].tolist() == pytest.approx([abs(v) for v in values[1:]])
    assert found.numbers == 3


def test_influence_stands_still_where_no_step_exists():
    cell = rc.make_cell("gru", 2, hidden_size=3)
    mask = torch.tensor([[True, True, False, False]])
    found = rc.influence(rc.unroll(cell, torch.randn(1, 4, 2), mask=mask))
    assert torch.equal(found.norms[:, 1], found.norms[:, 3])


def test_influence_that_would_be_too_large():
    cell = rc.make_cell("lstm", 2, hidden_size=128)
    with pytest.raises(MemoryError, match="choose fewer units"):
        rc.influence(rc.unroll(cell, torch.zeros(16, 2, 2)))


def test_agreement_with_settings_and_horizons():
    own = {"truncated_bptt": {"window_every": 1, "window_back": 2}}
    found = rc.rule_agreement(SPEC, settings=own, horizons=(2, 5, 99))
    table = found.frame().set_index(["rule", "weight"])
    assert [k2 for k2, _, _ in found.reach] == [2, 5]
    assert found.reach[0][2] == pytest.approx(table.loc[("truncated_bptt", "all"), "relative error"])
    assert table.loc[("rtrl", "all"), "relative error"] < 1e-12 and "to rounding" in found.says
    assert "truncated" in found.says.lower()


def test_no_agreement_where_there_is_no_direction():
    run = rc.Run(SPEC)
    with torch.no_grad():
        run.network.readout.V.zero_()
    table = rc.rule_agreement(run).frame().set_index(["rule", "weight"])
    assert math.isnan(table.loc[("rtrl", "cells.0.R"), "cosine"])
    assert math.isnan(table.loc[("rtrl", "cells.0.R"), "relative error"])


def test_the_ledger_counts_products_and_living_numbers():
    a, b = torch.ones(3, 4), torch.ones(4, 5)
    with Ledger() as ledger:
        c = a @ b
        d = c * c
        e = c.view(-1)
        assert ledger.alive == 30
        del d, e
        assert ledger.alive == 15
    assert ledger.products == 3 * 4 * 5 + 15 and ledger.most == 30


def test_costs_that_cannot_be_had():
    found = rc.rule_costs(SPEC, lengths=(), units=())
    assert found.frame().empty and "nothing to fit" in found.says
    one = rc.rule_costs(SPEC, lengths=(6,), units=(), clock=True)
    assert math.isnan(one.exponent("length", "bptt", "multiplications")) and (one.frame()["seconds"] > 0).all()
    grown: list[float] = []
    rc.rule_costs(SPEC, lengths=(4, 8), units=(2,), steps=4, tell=grown.append)
    assert grown == pytest.approx([1 / 3, 2 / 3, 1.0])


def test_a_network_whose_size_cannot_be_chosen():
    spec = rc.Experiment.of("memristive", "adding", length=6)
    if not hasattr(spec, "hidden_size"):
        assert rc.locality(spec).entries["rtrl"].per_weight is None


def test_a_rule_that_does_something_else_than_it_says():
    needs = Needs("step", "step", "sequence", True, "nothing")
    entry = Entry("Odd", needs, 12, 12, 2.0, 1.0, 0.5)
    assert entry.found == ("sequence", "sequence", "sequence", True) and not entry.agrees
    assert not Entry("Odd", needs, 1, 12, 1.0, 1.0, 2.0).agrees and Entry("Fine", needs, 1, None, 1.0, 1.0, None).agrees


@pytest.mark.parametrize("wanted", [1, 2, 7, 12])
def test_the_first_true_is_found_by_halving(wanted):
    assert first_true(lambda n: n >= wanted, 12) == wanted
