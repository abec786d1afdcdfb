"""The graph's payload: every node laid out, its numbers and gradients, weights once with all their readers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc
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


def test_the_context_units_of_elman_stand_between_the_state_and_its_reader():
    cell = rc.make_cell("elman", 2, hidden_size=3)
    header, arrays = unpack(graph(step_graph(rc.unroll(cell, torch.randn(1, 4, 2)))))
    nodes = {node["id"]: node for node in header["nodes"]}
    assert nodes["h₋"]["x"] < nodes["u"]["x"] < nodes["a"]["x"]
    assert (nodes["u"]["symbol"], nodes["u"]["sub"]) == ("u", "t")
    assert {(a, b) for a, b, _ in header["edges"] if "u" in (a, b)} == {("h₋", "u"), ("u", "a")}
    assert np.array_equal(arrays["value:u"], arrays["value:h₋"])
    assert [term["array"] for term in nodes["u"]["equation"]["terms"] if "array" in term] == ["value:u", "value:h₋"]


def test_gradients_are_sent_as_sizes(drawn_step):
    _, step = drawn_step
    ones = {node.id: torch.ones_like(node.value) for node in step.nodes if node.kind == "probe"}
    nodes = [type(n)(n.id, n.kind, n.label, n.equation, n.line, n.tone, n.value, ones.get(n.id)) for n in step.nodes]
    header, arrays = unpack(graph(type(step)(tuple(nodes), step.edges, step.carry)))
    assert header["gradients"] is True
    assert arrays["gradient:f"] == pytest.approx(np.full(12, 5**0.5))


@pytest.fixture
def whole(lstm, adding):
    """A graph with all that can be told, of the second sequence, and what it was made of."""
    task, batch = adding
    found = rc.costates(lstm, batch, task.loss)
    one = found.trace.main
    step = rc.step_graph(one, lstm.readout, found.passes[0], found.outputs)
    asked = rc.shared_gradients(lstm, batch.rows(slice(1, 2)), task.loss)
    told = {
        name.rpartition(".")[2]: {"norms": norms, "sum": asked.sums[name].norm(), "total": asked.totals[name].norm()}
        for name, norms in asked.norms.items()
    }
    losses = rc.step_losses(lstm, batch.rows(slice(1, 2)), task.loss).parts
    return step, {"row": 1, "sums": rc.unit_sums(one, lstm.readout), "asked": told, "losses": losses}


def test_every_product_of_a_sum_can_be_found(whole):
    step, told = whole
    header, arrays = unpack(graph(step, **told))
    sums = {node["id"]: node["sum"] for node in header["nodes"] if "sum" in node}
    assert set(sums) == {"i", "f", "g", "o", "c", "y"}
    assert arrays["weight:R"].shape == (20, 5) and arrays["weight:b"].shape == (20, 1)
    total = np.zeros(12)
    for a in sums["o"]["addends"]:
        rows = arrays[f"weight:{a['weight']}"][a["row"] + 3]
        total += (arrays[a["from"]] @ rows if a["from"] else rows[0]).astype(float)
    assert 1 / (1 + np.exp(-total)) == pytest.approx(arrays["value:o"][:, 3], abs=1e-6)


def test_gradients_of_shared_weights_are_sent_with_their_sum(whole):
    step, told = whole
    header, arrays = unpack(graph(step, **told))
    for weight in header["shared"]:
        assert arrays[f"asked:{weight['id']}"].shape == (12,)
        assert weight["sum"] == pytest.approx(weight["total"], rel=1e-5)
    told["asked"]["W"]["sum"] = float("inf")
    assert unpack(graph(step, **told))[0]["shared"][0]["sum"] is None


def test_only_scored_steps_have_a_loss(whole):
    step, told = whole
    _, arrays = unpack(graph(step, **told))
    assert np.isfinite(arrays["loss"]).nonzero()[0].tolist() == [11]


def test_what_an_edit_changed_is_sent_beside_the_new_numbers(lstm, adding):
    _, batch = adding
    x = batch.x.clone()
    x[:, 7, 0] = 3.0
    old, new = (rc.step_graph(lstm.trace(v).main, lstm.readout) for v in (batch.x, x))
    edit = {"node": "x", "unit": 0, "t": 7, "value": 3.0, "was": 0.1, "say": "x[0] at t = 7 from 0.1 to 3"}
    header, arrays = unpack(graph(new, before=old, edits=[edit], editable=["x", "W"]))
    assert header["edits"] == [edit] and header["editable"] == ["x", "W"]
    before = arrays["before:c"]
    assert np.array_equal(before[:7], arrays["value:c"][:7]) and (before[7:] != arrays["value:c"][7:]).any()
    assert np.array_equal(before, old.node("c").value[0].numpy(force=True))
    assert not any(name.startswith("before:") for name in unpack(graph(old, before=old))[1])


def test_a_pass_that_runs_backwards_is_drawn_in_its_own_order(both_ways, adding):
    one = both_ways.trace(adding[1].x).passes[1]
    step = rc.step_graph(one)
    header, arrays = unpack(graph(step, reverse=one.reverse, losses=np.arange(12.0)))
    assert header["reverse"] and arrays["loss"].tolist() == list(range(11, -1, -1))
    assert np.array_equal(arrays["value:h"][0], step.node("h").value[0, 11].numpy(force=True))
    assert np.array_equal(arrays["value:h₋"][1:], arrays["value:h"][:-1])


def test_a_wide_network_sends_what_there_is_room_for(generator):
    run = rc.Run(rc.Experiment.of("lstm", "adding", hidden_size=400, length=100))
    trace = run.network.trace(run.held_out.x[:1]).main
    sums = rc.unit_sums(trace, run.network.readout)
    header, arrays = unpack(graph(rc.step_graph(trace, run.network.readout), sums=sums))
    assert arrays["value:h"].shape == (100, 64) and not any(name.startswith("weight:") for name in arrays)
    assert all("sum" not in node or not any(a["weight"] for a in node["sum"]["addends"]) for node in header["nodes"])
