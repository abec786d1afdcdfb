"""Places for the nodes of a graph: longest path, no edge against the order, few crossings."""

from __future__ import annotations

import itertools

import pytest

from rnn_core.figures.layers import layout

DIAMOND = ["a", "b", "c", "d"], [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d")]


def longest(node: str, edges: list) -> int:
    """Longest path to a node, by trying all."""
    return max((1 + longest(a, edges) for a, b in edges if b == node), default=0)


def test_layers_are_longest_paths():
    nodes, edges = DIAMOND
    plan = layout(nodes, edges)
    assert {n: plan.places[n][1] for n in nodes} == {n: longest(n, edges) for n in nodes}
    assert plan.height == 3


def test_late_nodes_stand_just_below_their_reader():
    plan = layout(["x", "a", "w", "b"], [("x", "a"), ("a", "b"), ("w", "b")], late=["w"])
    assert plan.places["w"][1] == 1
    assert layout(["x", "a", "w", "b"], [("x", "a"), ("a", "b"), ("w", "b")]).places["w"][1] == 0


def test_a_long_edge_bends_in_every_layer_and_ends_where_its_nodes_are():
    nodes, edges = DIAMOND
    plan = layout(nodes, edges)
    for (a, b), road in plan.roads.items():
        assert road[0] == plan.places[a] and road[-1] == plan.places[b]
        assert [y for _, y in road] == list(range(plan.places[a][1], plan.places[b][1] + 1))


def test_nodes_of_one_layer_stand_apart_and_inside():
    nodes, edges = DIAMOND
    plan = layout(nodes, edges)
    for p, q in itertools.combinations(plan.places.values(), 2):
        assert p != q
    assert all(0 < x < 1 for x, _ in plan.places.values())


def test_an_avoidable_crossing_is_avoided():
    edges = [("a", "d"), ("b", "c")]
    plan = layout(["a", "b", "c", "d"], edges)
    x = {n: p[0] for n, p in plan.places.items()}
    assert (x["a"] < x["b"]) == (x["d"] < x["c"])


def test_nothing_and_nonsense():
    assert layout([], []).height == 0
    assert layout(["a"], []).places == {"a": (0.5, 0)}
    with pytest.raises(ValueError, match="order"):
        layout(["a", "b"], [("b", "a")])
