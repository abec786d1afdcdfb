"""B6, gradients by flow graphs: the transposed graph, driven by the error, gives the gradient."""
from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, below, equal, gradients, near, quick, same

MAIN = ("elman", "lstm", "gru")
OTHERS = ("jordan", "mtrnn", "rmlp", "ctrnn", "second_order", "recursive", "finite_impulse", "memristive")
#: Counted by hand from the equations, readout included: sums, products, branch points, gains, functions.
COUNTS = {"elman": (2, 0, 1, 3, 1), "lstm": (3, 3, 2, 3, 5), "gru": (7, 2, 3, 3, 2)}
MIRRORED = {"sum": "branch", "product": "branch", "branch": "sum", "cut": "join", "join": "cut", "gain": "gain",
            "bend": "bend", "box": "box", "input": "end", "weight": "weight", "state": "on", "on": "state",
            "end": "input"}


@quick
def adjoint_output_is_the_gradient() -> Iterator[Finding]:
    """Random sizes, ragged: what leaves the transposed graph, at every weight and every input, beside autograd."""
    draw = torch.Generator().manual_seed(0)
    for architecture in MAIN + OTHERS:
        for _ in range(4 if architecture in MAIN else 1):
            network, batch, told = _case(architecture, draw)
            found = rc.flow_graph(network, batch, _loss)
            x = batch.x.clone().requires_grad_()
            weights = _named(network)
            theirs = gradients(_loss(network.trace(x, mask=batch.mask).outputs, batch), [x, *weights.values()])
            yield same(f"{architecture}{told}: x and {len(weights)} weight arrays",
                       [found.gradients[name] for name in ("x", *weights)], theirs, 1e-12)
            yield below(f"{architecture}{told}: the gap that the explorer tells, states included", 1e-12, found.gap)


@quick
def wirings() -> Iterator[Finding]:
    """A stack, a clocked hierarchy and both directions of a bidirectional net: the gradients of that pass's weights."""
    for wiring, which in (("stack", 0), ("clocked", 0), ("bidirectional", 0), ("bidirectional", 1)):
        run = rc.Run(rc.Experiment.of("gru", "adding", wiring=wiring, hidden_size=3, length=7, ragged=True))
        network, one = run.network.double(), run.held_out.rows(slice(0, 4))
        batch = rc.Batch(one.x.double(), one.target.double(), one.mask, one.scored)
        found = rc.flow_graph(network, batch, run.task.loss, which=which)
        weights = dict(network.trace(batch.x, mask=batch.mask).passes[which].cell.named_parameters())
        loss = run.task.loss(network.trace(batch.x, mask=batch.mask).outputs, batch)
        yield same(f"{wiring}, pass {which}: {len(weights)} weight arrays", [found.gradients[k] for k in weights],
                   gradients(loss, list(weights.values())), 1e-12)


@quick
def interreciprocity() -> Iterator[Finding]:
    """Tellegen's theorem: Σ error · (small change of the answers) = Σ (what leaves the transposed graph) · (cause).

    The changes are those of the linearised network, by torch; the other side is the transposed graph's.
    """
    draw = torch.Generator().manual_seed(1)
    for architecture in MAIN:
        network, batch, told = _case(architecture, draw)
        found, weights = rc.flow_graph(network, batch, _loss), _named(network)
        causes = [torch.randn(v.shape, generator=draw).double() for v in (batch.x, *weights.values())]

        def answers(x: Tensor, *values: Tensor, network: Any = network, batch: rc.Batch = batch) -> Tensor:
            return torch.func.functional_call(_Traced(network), {f"network.{k}": v for k, v in zip(
                dict(network.named_parameters()), values, strict=True)}, (x, batch.mask))

        y, change = torch.autograd.functional.jvp(answers, (batch.x, *network.parameters()), tuple(causes))
        error = (y - batch.target).detach() * batch.mask.unsqueeze(2)
        here = sum(float((found.gradients[name] * v).sum()) for name, v in zip(("x", *weights), causes, strict=True))
        yield near(f"{architecture}{told}: inner product of errors and changes",
                   float((error * change).detach().sum()), here, 1e-11 * max(1.0, abs(here)))


@quick
def nodes_are_exchanged() -> Iterator[Finding]:
    """Counts of nodes, by hand and in the transpose; reversed twice the graph is what it was."""
    for architecture in MAIN:
        graph = rc.flow_graph(rc.Experiment.of(architecture, "adding", hidden_size=3, length=5), rows=2)
        other = graph.transpose()
        for kind, expected in zip(("sum", "product", "branch", "gain", "bend"), COUNTS[architecture], strict=True):
            yield equal(f"{architecture}: nodes that are a {kind}", expected, graph.count(kind))
        yield equal(f"{architecture}: boxes that stayed whole", 0, graph.count("box"))
        yield equal(f"{architecture}: branch points of the transpose are the sums and products",
                    graph.count("sum", "product"), other.count("branch"))
        yield equal(f"{architecture}: sums of the transpose are the branch points", graph.count("branch"),
                    other.count("sum", "product"))
        yield equal(f"{architecture}: nodes whose kind is not the mirror's", 0, sum(
            MIRRORED[n.kind] != there.kind for n, there in zip(graph.nodes, reversed(other.nodes), strict=True)))
        yield equal(f"{architecture}: edges that are not there the other way round", 0, len(
            {(e.start, e.end) for e in graph.edges} ^ {(e.end, e.start) for e in other.edges}))
        again = other.transpose()
        yield equal(f"{architecture}: nodes and edges that differ when transposed twice", 0, len(
            set(graph.nodes) ^ set(again.nodes)) + len(set(graph.edges) ^ set(again.edges)))
        reads = {n.id: sum(e.end == n.id for e in graph.edges) for n in graph.nodes}
        feeds = {n.id: sum(e.start == n.id for e in graph.edges) for n in graph.nodes}
        yield equal(f"{architecture}: sums and products with one input, branch points with one output", 0, sum(
            (n.kind in ("sum", "product") and reads[n.id] < 2) or (n.kind == "branch" and feeds[n.id] < 2)
            for n in graph.nodes))


class _Traced(torch.nn.Module):
    """A network on its loop over time."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.network.trace(x, mask=mask).outputs


def _named(network: Any) -> dict[str, Tensor]:
    """The weights of cell and readout by the names of the graph."""
    return {**dict(network.cells[0].named_parameters()), **dict(network.readout.named_parameters())}


def _case(architecture: str, draw: torch.Generator) -> tuple[Any, rc.Batch, str]:
    """A network in double precision and ragged sequences of random sizes, with dense targets."""
    b, t, n = (int(torch.randint(low, high, (1,), generator=draw)) for low, high in ((1, 5), (1, 10), (1, 7)))
    spec = rc.Experiment.of(architecture, "adding", hidden_size=n, seed=int(torch.randint(99, (1,), generator=draw)))
    network = copy.deepcopy(spec.make_network()).double()
    with torch.no_grad():
        for p in network.parameters():
            p.add_(0.2 * torch.randn(p.shape, generator=draw).to(p))
    x = torch.randn(b, t, 2, generator=draw).double()
    mask = torch.arange(t) < torch.randint(1, t + 1, (b,), generator=draw).unsqueeze(1)
    target = torch.randn(b, t, 1, generator=draw).double()
    return network, rc.Batch(x, target, mask), f", b = {b}, T = {t}, n = {n}"


def _loss(y: Tensor, batch: rc.Batch) -> Tensor:
    """½ Σ (y − target)² over the steps that are there."""
    return (((y - batch.target) ** 2).sum(2) * batch.mask).sum() / 2
