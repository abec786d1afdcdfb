"""Sums of a unit: added up by hand, product by product, they are the node's own numbers."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc
from rnn_core import catalogue
from rnn_core.cells.base import Cell, weight
from rnn_core.records import Card
from tests.cells.cases import Case, same, variants

CASES = [case for cls in catalogue.cell_classes().values() for case in variants(cls)]
CASES += [Case(case.cls, case.settings, 2) for case in CASES
          if "sequence" in case.cls.runs_along and not case.cls.speaks]
NO_SUMS = {"BAM", "Hopfield", "ModernHopfield", "HiddenMarkov", "Memristive", "StochasticBAM"}
BENDS = {"": float, "tanh": math.tanh, "σ": lambda a: 1 / (1 + math.exp(-a)), "relu": lambda a: max(a, 0.0)}


def by_hand(one, node: str, unit: int, values: dict, weights: dict) -> float:
    """The number of one unit, one product after the other; values (n) by name, weights by name."""
    total = 0.0
    for a in one.addends:
        if not a.weight:
            part = float(values[a.source][a.row + unit])
        elif not a.source:
            part = float(weights[a.weight][a.row + unit])
        else:
            W = weights[a.weight].T if a.flip else weights[a.weight]
            part = sum(float(W[a.row + unit, a.column + j] * values[a.source][j]) for j in range(a.size))
        for gate in a.times:
            part *= float(values[gate][unit])
        total += a.scale * part
    return BENDS[one.bend](total)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_they_add_up(case):
    cell = case.cell()
    trace = rc.unroll(cell, case.x(cell), case.state(cell))
    graph, found = rc.step_graph(trace), rc.unit_sums(trace)
    assert found.sums or case.cls.__name__ in NO_SUMS
    weights = dict(cell.state_dict())
    for b, t in ((0, 0), (3, 5)):
        values = {n.id: n.value[b, t] for n in graph.nodes if n.kind != "parameter"}
        values |= {name: v[b, t] for name, v in found.unnamed.items()}
        for node, one in found.sums.items():
            for unit in range(len(values[node])):
                assert by_hand(one, node, unit, values, weights) == pytest.approx(float(values[node][unit]), abs=1e-9)
    computed = {n.id for n in graph.nodes if n.kind in ("probe", "output")}
    assert set(found.sums) <= computed
    for node, one in found.sums.items():
        read = {a for a, b in graph.edges if b == node}
        assert {a.source for a in one.addends} - set(found.unnamed) - {""} <= read


def test_a_gate_reads_its_own_rows():
    run = rc.Run(rc.Experiment.of("lstm", "adding", hidden_size=5, length=4))
    found = rc.unit_sums(run.network.trace(run.held_out.x).main, run.network.readout)
    assert [(a.weight, a.source, a.row) for a in found.sums["g"].addends] == [("W", "x", 10), ("b", "", 10),
                                                                              ("R", "h₋", 10)]
    assert [found.sums[k].bend for k in "ifgoc"] == ["σ", "σ", "tanh", "σ", ""]
    assert [a.times for a in found.sums["c"].addends] == [("f",), ("i",)] and "h" not in found.sums
    assert [(a.weight, a.source) for a in found.sums["y"].addends] == [("V", "h"), ("d", "")]
    assert len(found.frame()) == 4 * 3 + 2 + 2 and "i, f, g, c, o, y are weighted sums" in found.says


def test_a_gate_inside_a_product_is_kept_under_its_name():
    cell = rc.make_cell("gru", 2, hidden_size=3, variant="v1")
    found = rc.unit_sums(rc.unroll(cell, torch.randn(2, 4, 2)))
    trace = rc.unroll(cell, torch.randn(2, 4, 2))
    found = rc.unit_sums(trace)
    same(found.unnamed["r ⊙ h₋"], trace.probes["r"] * trace.entering.h)


class Odd(Cell):
    """A cell that adds up in ways of its own."""

    card = Card(title="Odd", row="", year=2000, reference="", summary="", equations={}, symbols={})

    def __init__(self, input_size, settings=None, output_size=None):
        super().__init__(input_size, settings, output_size)
        n = self.settings.hidden_size
        self.W, self.R = weight(input_size, n), weight(n, n)

    def initial_state(self, batch_size):
        return {"h": self.zeros(batch_size, self.settings.hidden_size)}

    def advance(self, drive, state):
        a = drive @ self.W + state["h"] @ self.R.T - state["h"]
        e = torch.einsum("bn,mn->bm", a, self.R)
        h = torch.tanh(2 * a)
        return h, {"h": h}, {"a": a, "e": e, "h": h}


def test_what_cannot_be_followed_is_not_told(generator):
    cell = Odd(3)
    with torch.no_grad():
        for p in cell.parameters():
            p.copy_(torch.randn(p.shape, generator=generator) / 9)
    found = rc.unit_sums(rc.unroll(cell, torch.randn(2, 4, 3)))
    assert list(found.sums) == ["a"]
    first, second, third = found.sums["a"].addends
    assert first.flip and not second.flip and third.scale == -1.0
    assert rc.unit_sums(rc.unroll(rc.make_cell("hopfield", 0 + 1, hidden_size=4), None, None, steps=2)).says.startswith(
        "no quantity")
