"""The drawing of a step: what it says is read is what autograd finds, and its numbers are the trace's own."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core import catalogue
from rnn_core.analysis.unit_sums import Addend, Sum
from rnn_core.cells.elman import ElmanState
from rnn_core.records.palette import TONES
from rnn_core.records.trees import leaves, paths, tmap
from tests.cells.cases import Case, same, variants

CASES = [case for cls in catalogue.cell_classes().values() for case in variants(cls)]
CASES += [Case(case.cls, case.settings, 2) for case in CASES
          if "sequence" in case.cls.runs_along and not case.cls.speaks]
BEFORE = {"HiddenMarkov": {"b"}}
NETS = [(a, w) for a in ("elman", "gru", "jordan", "lstm", "recursive") for w in ("single", "stack")
        if (a, w) != ("jordan", "stack")]


def above(graph: rc.Result, id: str) -> set[str]:
    """Every node from which an arrow leads to this one, however far."""
    found = {a for a, b in graph.edges if b == id}
    return found.union(*(above(graph, a) for a in found)) if found else set()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nodes_are_named_valued_and_in_order(case):
    cell = case.cell()
    trace = rc.unroll(cell, case.x(cell), case.state(cell))
    graph = rc.step_graph(trace)
    place = {n.id: k for k, n in enumerate(graph.nodes)}
    assert len(place) == len(graph.nodes) and all(place[a] < place[b] for a, b in graph.edges)
    assert len(set(graph.edges)) == len(graph.edges)
    shown = {n.id for n in graph.nodes}
    assert {f"{name}₋" for name, _ in paths(cell.initial_state(1))} <= shown
    assert {name for name, _ in cell.named_parameters()} - BEFORE.get(case.cls.__name__, set()) <= shown
    for name, value in trace.probes.items():
        equation = cell.card.equations[name]
        known = [n for n in graph.nodes if (n.id == name or name not in shown) and n.equation == equation]
        assert any(torch.equal(n.value, value) for n in known)
    assert {n.tone for n in graph.nodes} <= set(TONES)
    assert all(n.line for n in graph.nodes if n.kind == "probe")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_arrows_are_what_autograd_finds(case):
    cell = case.cell().requires_grad_(True)
    for buffer in cell.buffers():
        buffer.requires_grad_(True)
    x, state = case.x(cell), tmap(torch.Tensor.detach, cell.initial_state(5))
    graph = rc.step_graph(rc.unroll(cell, x))
    now = tmap(lambda v: v[:, 0], x)
    given = {**{name or "x": v for name, v in paths(now)}, **{f"{name}₋": v for name, v in paths(state)}}
    given = {k: v.requires_grad_() for k, v in given.items() if v.is_floating_point()}
    given |= dict([*cell.named_parameters(), *cell.named_buffers()])
    out, _, probes = cell.step(now, state)
    for name, probe in probes.items():
        if any(probe is v for v in given.values()):
            continue
        found = torch.autograd.grad(probe.sum(), list(given.values()), retain_graph=True, allow_unused=True)
        felt = {k for k, g in zip(given, found, strict=True) if g is not None}
        assert above(graph, name) & given.keys() == felt


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_field_of_the_state_is_carried_on(case):
    cell = case.cell()
    trace = rc.unroll(cell, case.x(cell))
    graph = rc.step_graph(trace)
    fields = [f"{name}₋" for name, _ in paths(cell.initial_state(1))]
    assert [where for _, where in graph.carry] == fields
    for (node, _), value in zip(graph.carry, leaves(trace.states), strict=True):
        same(graph.node(node).value, value)


@pytest.mark.parametrize(("architecture", "wiring"), NETS, ids=map("-".join, NETS))
def test_gradients_are_total_derivatives(float64, architecture, wiring):
    run = rc.Run(rc.Experiment.of(architecture, "adding", wiring=wiring, hidden_size=3, length=5))
    net, batch = run.network.double(), run.task.sample(2, run.streams.data)
    batch = batch._replace(x=batch.x.double(), target=batch.target.double())
    found = rc.costates(net, batch, run.task.loss)
    one = found.trace.main
    graph = rc.step_graph(one, net.readout, found.passes[0], found.outputs)
    state, seen, said = tmap(torch.Tensor.requires_grad_, one.cell.initial_state(2)), [], []
    for t in range(5):
        out, state, probes = one.cell.step(one.x[:, t], state)
        seen.append(probes)
        said.append(net.readout(out))
    y = torch.stack(said, 1)
    total = sum(run.task.loss(y[k:k + 1], batch.rows(slice(k, k + 1))) for k in range(2))
    compared = 0
    for name in {n.id for n in graph.nodes if n.kind == "probe"}:
        wanted = [probes[name] for probes in seen]
        got = torch.autograd.grad(total, wanted, retain_graph=True, allow_unused=True)
        same(graph.node(name).gradient, torch.stack([torch.zeros_like(v) if g is None else g
                                                     for v, g in zip(wanted, got, strict=True)], 1))
        compared += 1
    assert compared >= 2
    if not net.cells[0].speaks:
        same(graph.node("y").gradient, found.outputs)


@pytest.mark.parametrize("side", [0, 1])
def test_both_passes_of_two_can_be_drawn(float64, side):
    run = rc.Run(rc.Experiment.of("gru", "adding", wiring="bidirectional", hidden_size=3, length=5))
    net, batch = run.network, run.held_out.rows(slice(0, 2))
    found = rc.costates(net, batch, run.task.loss)
    one = found.trace.passes[side]
    graph = rc.step_graph(one, costate=found.passes[side])
    same(graph.node("h").value, one.probes["h"])
    first = -1 if one.reverse else 0
    arrives = graph.node("h").gradient[:, first]
    same(arrives, found.passes[side].h[:, -2 if one.reverse else 1])


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "linear"])
def test_the_context_units_of_elman_are_a_copy_of_their_own(activation):
    cell = rc.make_cell("elman", 2, hidden_size=3, activation=activation)
    trace = rc.unroll(cell, torch.randn(2, 5, 2))
    graph = rc.step_graph(trace)
    reads = {k: {a for a, b in graph.edges if b == k} for k in ("u", "a", "h")}
    assert reads == {"u": {"h₋"}, "a": {"x", "W", "R", "b", "u"}, "h": {"a"}}
    u = graph.node("u")
    assert (u.kind, u.label, u.equation) == ("probe", "u", "u_t = h_{t−1}") and graph.carry == (("h", "h₋"),)
    assert torch.equal(u.value, trace.entering.h) and not u.value[:, 0].any()
    same(u.value[:, 1:], graph.node("h").value[:, :-1], atol=1e-6)
    assert rc.unit_sums(trace).sums["u"] == Sum((Addend(source="h₋"),))
    h = torch.randn(1, 3)
    weights = torch.autograd.functional.jacobian(lambda v: cell.step(torch.randn(1, 2), ElmanState(v))[2]["u"], h)
    assert torch.equal(weights[0, :, 0], torch.eye(3))


@pytest.mark.parametrize("name, fields", [("lstm", {"h": 3, "c": 3}), ("feed_forward", {}), ("window_mlp", {"x": 7}),
                                          ("jordan", {"s": 1, "y": 1})])
def test_only_what_the_step_reads_is_remembered(name, fields):
    cell = rc.make_cell(name, 1, output_size=1, hidden_size=3)
    assert rc.step_graph(rc.unroll(cell, torch.randn(1, 4, 1))).remembered == fields


def test_a_drawing_changes_nothing_and_can_be_read():
    run = rc.Run(rc.Experiment.of("lstm", "adding", hidden_size=3, length=5))
    before = run.digest()
    graph = rc.step_graph(run)
    table = graph.frame()
    assert run.digest() == before and all(p.grad is None for p in run.network.parameters())
    assert table.columns.tolist() == ["node", "kind", "equation", "reads", "line"] and len(table) == 12
    assert table.set_index("node").loc["c", "reads"] == "f, c_{t−1}, i, g"
    assert "6 named quantities" in graph.says and "3 weight arrays" in graph.says
    with pytest.raises(KeyError):
        graph.node("nothing")


@pytest.mark.parametrize("name", list(rc.architectures()))
def test_whatever_a_step_computes_has_an_equation(name, generator):
    cell = rc.make_cell(name, 3, output_size=2)
    graph = rc.step_graph(rc.unroll(cell, cell.draw(1, 2, generator)))
    assert [n.label for n in graph.nodes if n.line and n.kind in ("probe", "state") and not n.equation] == []
    assert all(any(n.id == f"{key}⁺" for n in graph.nodes) for key in cell.card.carried)
