"""The graph's payload: every node laid out, its numbers and gradients, weights once with all their readers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnn_core.analysis.step_graph import step_graph
from rnn_core.viewer import graph, unpack


@pytest.fixture
def drawn_step(lstm, adding):
    """The step graph of an LSTM with its readout, without gradients."""
    trace = lstm.trace(adding[1].x).main
    return trace, step_graph(trace, lstm.readout)


def test_nodes_and_weights(drawn_step):
    _, step = drawn_step
    header, arrays = unpack(graph(step))
    assert {node["id"] for node in header["nodes"]} == {"x", "h₋", "c₋", "i", "f", "g", "o", "c", "h", "y"}
    assert [node["id"] for node in header["shared"]] == ["W", "R", "b", "V", "d"]
    assert header["shared"][0]["shape"] == "20 × 2" and set(header["shared"][1]["readers"]) == set("ifgo")
    assert {(leave, enter) for leave, enter, *_ in header["carry"]} == {("h", "h₋"), ("c", "c₋")}
    assert header["gradients"] is False and header["T"] == 12
    symbols = {node["id"]: (node["symbol"], node["sub"]) for node in header["nodes"]}
    assert symbols["h₋"] == ("h", "t−1") and symbols["f"] == ("f", "t") and symbols["y"] == ("ŷ", "t")


def test_values_are_those_of_the_trace(drawn_step):
    trace, step = drawn_step
    _, arrays = unpack(graph(step, row=1))
    assert np.allclose(arrays["value:c"], trace.probes["c"][1].numpy(force=True), atol=1e-6)
    assert np.allclose(arrays["value:h₋"], trace.entering.h[1].numpy(force=True), atol=1e-6)


def test_the_formula_of_a_node_reads_the_entering_state(drawn_step):
    header, arrays = unpack(graph(drawn_step[1]))
    cell = next(node for node in header["nodes"] if node["id"] == "c")["equation"]
    assert cell["numbers"]
    c, f, before, i, g = (arrays[term["array"]][5, 2] for term in cell["terms"] if "s" in term)
    assert f * before + i * g == pytest.approx(c, abs=1e-6)


def test_gradients_are_sent_as_sizes(drawn_step):
    _, step = drawn_step
    ones = {node.id: torch.ones_like(node.value) for node in step.nodes if node.kind == "probe"}
    nodes = [type(n)(n.id, n.kind, n.label, n.equation, n.line, n.tone, n.value, ones.get(n.id)) for n in step.nodes]
    header, arrays = unpack(graph(type(step)(tuple(nodes), step.edges, step.carry)))
    assert header["gradients"] is True
    assert arrays["gradient:f"] == pytest.approx(np.full(12, 5**0.5))
