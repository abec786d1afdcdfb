"""The layered layout: order in time, no overlaps, states level, the same drawing each time."""

from __future__ import annotations

import itertools
import random

import pytest

from rnn_core.viewer.layout import layered

LSTM = (
    ["x", "h-", "c-", "i", "f", "g", "o", "c", "h"],
    [*itertools.product(["x", "h-"], "ifgo"), *itertools.product(["c-", "i", "f", "g"], "c"), ("c", "h"), ("o", "h")],
    [("h", "h-"), ("c", "c-")],
)


def test_lstm():
    nodes, edges, carry = LSTM
    plan = layered(nodes, edges, carry, bottom=["x"])
    assert all(plan.places[a][0] < plan.places[b][0] for a, b in edges)
    assert [plan.places[enter][1] for _, enter in carry] == plan.ports
    assert plan.places["x"][1] > max(plan.ports)
    assert plan.crossings <= 2 + 12
    assert min(y for _, y in plan.places.values()) >= 0


def test_nodes_keep_a_row_between_them():
    plan = layered(*LSTM, bottom=["x"])
    columns = {}
    for x, y in plan.places.values():
        columns.setdefault(x, []).append(y)
    gaps = [b - a for ys in columns.values() for a, b in itertools.pairwise(sorted(ys))]
    assert min(gaps) > 0.99


def test_long_edges_bend_once_in_every_layer_they_pass():
    plan = layered(["a", "b", "c", "d"], [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")])
    assert [x for x, _ in plan.bends["a", "d"]] == [1, 2]
    assert plan.bends["a", "b"] == []


def test_deterministic():
    assert layered(*LSTM) == layered(*LSTM)


@pytest.mark.parametrize("seed", range(5))
def test_random_graphs_are_in_order_and_apart(seed):
    draw = random.Random(seed)
    nodes = [f"n{i}" for i in range(30)]
    edges = [(a, b) for a, b in itertools.combinations(nodes, 2) if draw.random() < 0.08]
    plan = layered(nodes, edges, [("n29", "n0"), ("n28", "n1")])
    assert all(plan.places[a][0] < plan.places[b][0] for a, b in edges)
    assert len(set(plan.places.values())) == len(nodes)


def test_a_circle_is_refused():
    with pytest.raises(ValueError, match="circle"):
        layered(["a", "b"], [("a", "b"), ("b", "a")])
