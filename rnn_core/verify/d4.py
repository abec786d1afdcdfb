"""D4, the unrolled graph: one step, read off its author's code, repeated with the same weights."""
from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, equal, gradients, quick, same

B, T, UNITS = 3, 8, 5
ARCHITECTURES = ("elman", "lstm", "gru")
READS = {
    "elman": {"u": {"h₋"}, "a": {"x", "W", "b", "u", "R"}, "h": {"a"}},
    "lstm": {**{k: {"x", "W", "b", "h₋", "R"} for k in "ifgo"}, "c": {"f", "c₋", "i", "g"}, "h": {"o", "c"}},
    "gru": {**{k: {"x", "W", "b", "h₋", "R"} for k in "rz"}, "n": {"x", "W", "b", "h₋", "R", "r", "c"},
            "h": {"n", "h₋", "z"}},
}


@quick
def nodes_are_the_papers_letters() -> Iterator[Finding]:
    """Every computed node bears the name of a probe with its equation, and reads what the equation reads."""
    for architecture in ARCHITECTURES:
        trace = rc.unroll(rc.make_cell(architecture, 4, hidden_size=UNITS), torch.randn(B, T, 4))
        graph = rc.step_graph(trace)
        named = {n.id for n in graph.nodes if n.kind == "probe"}
        reads = {id: {a for a, b in graph.edges if b == id} for id in named}
        yield equal(f"{architecture}: computed nodes", " ".join(sorted(READS[architecture])), " ".join(sorted(named)))
        yield equal(f"{architecture}: nodes without an equation", 0, sum(not graph.node(k).equation for k in named))
        for id in sorted(named):
            yield equal(f"{architecture}: what {id} reads", " ".join(sorted(READS[architecture].get(id, ()))),
                        " ".join(sorted(reads[id])))
            yield same(f"{architecture}: values of {id} at every step", graph.node(id).value, trace.probes[id], 1e-6)


@quick
def weights_are_shared() -> Iterator[Finding]:
    """The number of parameters, and of their nodes, does not depend on T."""
    for architecture in ARCHITECTURES:
        sizes, nodes = set(), set()
        for length in (5, 50):
            spec = rc.Experiment.of(architecture, "adding", hidden_size=UNITS, length=length)
            network = spec.make_network()
            graph = rc.step_graph(network.trace(rc.Run(spec).held_out.x).main)
            sizes.add(sum(p.numel() for p in network.parameters()))
            nodes.add(tuple(n.id for n in graph.nodes if n.kind == "parameter"))
        yield equal(f"{architecture}: different parameter counts at T = 5 and 50", 1, len(sizes))
        yield equal(f"{architecture}: parameter nodes at T = 5 and 50", " ".join(sorted(dict(_cell(architecture)))),
                    " ".join(sorted(nodes.pop())) if len(nodes) == 1 else "differ")


@quick
def copies_add_up() -> Iterator[Finding]:
    """Unrolled with a copy of the weights at each step, the copies' gradients add up to the shared gradient."""
    for architecture in ARCHITECTURES:
        cell = rc.make_cell(architecture, 4, hidden_size=UNITS).double()
        x = torch.randn(B, T, 4, dtype=torch.float64)
        weigh = torch.randn(B, T, UNITS, dtype=torch.float64)
        shared = gradients((rc.unroll(cell, x).outputs * weigh).sum(), list(cell.parameters()))
        copies = []
        for _ in range(T):
            own = rc.make_cell(architecture, 4, hidden_size=UNITS).double()
            own.load_state_dict(cell.state_dict())
            copies.append(own)
        state, total = cell.initial_state(B), torch.zeros((), dtype=torch.float64)
        for t, own in enumerate(copies):
            out, state, _ = own.step(x[:, t], state)
            total = total + (out * weigh[:, t]).sum()
        apart = [gradients(total, list(own.parameters())) for own in copies]
        yield same(f"{architecture}: {T} copies", [sum(parts) for parts in zip(*apart, strict=True)], shared, 1e-12)


@quick
def each_step_asks_apart() -> Iterator[Finding]:
    """What the explorer shows for each step of each weight is the gradient of a copy that this step alone uses."""
    for architecture in ARCHITECTURES:
        spec = rc.Experiment.of(architecture, "adding", hidden_size=UNITS, length=T)
        network, task = spec.make_network().double(), spec.make_task()
        batch = task.sample(B, torch.Generator().manual_seed(0))
        batch = rc.Batch(batch.x.double(), batch.target.double(), batch.mask, batch.scored)
        asked = rc.shared_gradients(network, batch, task.loss)
        copies = []
        for _ in range(T):
            own = spec.make_network().double()
            own.load_state_dict(network.state_dict())
            copies.append(own)
        state, said = network.cells[0].initial_state(B), []
        for t, own in enumerate(copies):
            out, state, _ = own.cells[0].step(batch.x[:, t], state)
            said.append(own.readout(out))
        total = task.loss(torch.stack(said, 1), batch)
        apart = [gradients(total, list(own.parameters())) for own in copies]
        norms = [torch.stack([g.norm() for g in parts]) for parts in zip(*apart, strict=True)]
        yield same(f"{architecture}: size at each step", list(asked.norms.values()), norms, 1e-12)
        exact = gradients(task.loss(network(batch.x), batch), list(network.parameters()))
        yield same(f"{architecture}: sum over the steps", list(asked.sums.values()), exact, 1e-12)


@quick
def numbers_can_be_taken_apart() -> Iterator[Finding]:
    """The products that the explorer lists for a unit add up, bent, to the unit's own number."""
    bends = {"": lambda a: a, "σ": torch.sigmoid, "tanh": torch.tanh}
    for architecture in ARCHITECTURES:
        cell = rc.make_cell(architecture, 4, hidden_size=UNITS).double()
        trace = rc.unroll(cell, torch.randn(B, T, 4, dtype=torch.float64))
        found, graph = rc.unit_sums(trace), rc.step_graph(trace)
        yield equal(f"{architecture}: reads weights and is taken apart", " ".join(sorted(
            {b for a, b in graph.edges if graph.node(a).kind == "parameter"})), " ".join(sorted(
                k for k, one in found.sums.items() if any(a.weight for a in one.addends))))
        for id, one in found.sums.items():
            total = 0.0
            for a in one.addends:
                rows = slice(a.row, a.row + UNITS)
                part = graph.node(a.weight).value[rows] if a.weight else 1.0
                if a.weight and a.source:
                    part = graph.node(a.source).value @ part.T
                elif a.source:
                    part = graph.node(a.source).value
                for gate in a.times:
                    part = part * graph.node(gate).value
                total = total + a.scale * part
            yield same(f"{architecture}: {id} from its products", bends[one.bend](total), graph.node(id).value, 1e-12)


@quick
def gradients_on_the_nodes() -> Iterator[Finding]:
    """Σ_t (gradient at node a) (value at node h₋)ᵀ is the gradient of R: the sum that a click on a weight shows."""
    spec = rc.Experiment.of("elman", "adding", hidden_size=UNITS, length=T)
    network = spec.make_network().double()
    task = spec.make_task()
    batch = task.sample(1, torch.Generator().manual_seed(0))
    batch = rc.Batch(batch.x.double(), batch.target.double(), batch.mask, batch.scored)
    told = rc.costates(network, batch, task.loss)
    graph = rc.step_graph(told.trace.main, network.readout, told.passes[0], told.outputs)
    by_node = torch.einsum("btn,btm->nm", graph.node("a").gradient, graph.node("h₋").value)
    exact, = gradients(task.loss(network(batch.x), batch), [network.cells[0].R])
    yield same("∇R summed from the graph's nodes", by_node, exact, 1e-12)


def _cell(architecture: str) -> Iterator[tuple[str, Tensor]]:
    return rc.make_cell(architecture, 2, hidden_size=UNITS).named_parameters()
