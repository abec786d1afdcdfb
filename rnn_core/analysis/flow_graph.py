"""Where do the rules of learning come from? A step as a signal-flow graph, and the same graph with its arrows reversed.

Sums become branch points and branch points sums, a function φ becomes a gain φ'(a), a matrix W becomes Wᵀ, a delay
becomes an advance. Driven from the end of the sequence by ∂L/∂y, the transposed graph gives ∂L/∂ at every input of the
first: that is backpropagation through time, and no chain rule was written. A product of two signals counts as a sum of
two, each with the other as its gain. Wan & Beaufays, *Diagrammatic derivation of gradient algorithms for neural
networks*, 1996.
"""
from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.optimiser_steps import doubled
from rnn_core.analysis.step_graph import name_tensors
from rnn_core.records import Batch, Card, Result, Trace
from rnn_core.records.flow import Edge, FlowNode, flow
from rnn_core.records.trees import leaves, paths, rows, split, tmap
from rnn_core.records.wires import Part, take_apart, transposed

CARD = Card(title="Signal-flow graph", row="B6", year=1996,
            reference="Wan & Beaufays, Diagrammatic derivation of gradient algorithms for neural networks, 1996",
            summary="A step as sums, branch points, gains and functions, and its transpose, which gives the gradient.",
            equations={"δ": "y = Σ x ↔ branch,  y = φ(a) ↔ δ_a = φ'(a) δ_y,  y = W x ↔ δ_x = Wᵀ δ_y"},
            symbols={"δ": "gradient"})
SWAPS = {"sum": "branch", "product": "branch", "branch": "sum", "cut": "join", "join": "cut", "input": "end",
         "state": "on", "end": "input", "on": "state"}


@dataclass(frozen=True, eq=False)
class FlowGraph(Result):
    """``nodes`` in an order of computation, ``edges`` (from, to, gain) of the graph; ``transpose`` reverses it.

    ``gradients`` by the name of a weight or "x" are what the transposed graph gives, (b, t, i) for x; ``gap`` is how
    far the most distant of them, or of the states', lies from autograd's, and ``largest`` the largest of them.
    """

    nodes: tuple[FlowNode, ...]
    edges: tuple[Edge, ...]
    gradients: dict[str, Tensor] = field(repr=False)
    gap: float
    largest: float
    steps: int
    backward: bool = False

    def count(self, *kinds: str) -> int:
        """How many nodes are of these kinds."""
        return sum(n.kind in kinds for n in self.nodes)

    def transpose(self) -> FlowGraph:
        """All arrows reversed; sums and branch points, cuts and joins, ins and outs exchanged."""
        inner = {n.id: _turned(n, self.backward) for n in self.nodes}
        edges = tuple(Edge(e.end, e.start, self._gain(e), e.signal) for e in reversed(self.edges))
        return replace(self, nodes=tuple(inner[n.id] for n in reversed(self.nodes)), edges=edges,
                       backward=not self.backward)

    def _gain(self, edge: Edge) -> str:
        """The gain of an edge once it is reversed: at a product, the other factor."""
        nodes = {n.id: n for n in self.nodes}
        if nodes[edge.start if self.backward else edge.end].label != "×":
            return edge.gain
        if self.backward:
            return ""
        others = [e for e in self.edges if e.end == edge.end and e is not edge]
        return " ".join(e.signal or nodes[e.start].name or self._called(nodes[e.start]) for e in others)

    def _called(self, node: FlowNode) -> str:
        """What to call a signal that its author gave no name."""
        nodes = {n.id: n for n in self.nodes}
        read = [nodes[e.start].name for e in self.edges if e.end == node.id]
        return f"{node.label}({read[0]})" if node.kind == "bend" and read and read[0] else node.label

    def frame(self) -> pd.DataFrame:
        """One row a node: what it is here and in the transpose, what it reads, the sizes of signal and error."""
        labels = {n.id: f"{n.kind} {n.name or n.label}".strip() for n in self.nodes}
        there = {n.id: n for n in self.transpose().nodes}
        reads = {n.id: ", ".join(f"{labels[e.start]}{f' × {e.gain}' if e.gain else ''}" for e in self.edges
                                 if e.end == n.id) for n in self.nodes}
        return pd.DataFrame([{"node": labels[n.id], "transposed": f"{there[n.id].kind} {there[n.id].label}".strip(),
                              "reads": reads[n.id], "signal": n.signal, "error": n.error} for n in self.nodes])

    @property
    def says(self) -> str:
        other, turned = self.transpose(), "transposed" if not self.backward else "original"
        here = f"{self.count('sum', 'product')} sums and products and {self.count('branch')} branch points"
        there = f"{other.count('sum', 'product')} sums and {other.count('branch')} branch points"
        if not self.gap < float("inf"):
            return f"this graph has {here}, the {turned} one {there}; its numbers have left the finite ones."
        return (f"this graph has {here}, the {turned} one {there}; run backward over {self.steps} steps it gives every "
                f"gradient, the largest being {self.largest:.3g}, to within {self.gap:.1g} of autograd's.")

    @property
    def says_not(self) -> str:
        boxes = Counter(n.label for n in self.nodes if n.kind == "box")
        if boxes:
            return (f"that everything here was taken apart: {', '.join(sorted(boxes))} stayed whole, and autograd "
                    "transposed it.")
        return ("that a brain or a chip would have it as easy: the transposed graph needs the same weights backward, "
                "the signals of every step kept, and time run in reverse.")


def _turned(node: FlowNode, back: bool) -> FlowNode:
    """A node as it is in the transposed graph."""
    kind = "product" if back and node.label == "×" else SWAPS.get(node.kind, node.kind)
    label = node.label
    if node.kind == "bend":
        label = label.removesuffix("′") if back else f"{label}′"
    elif node.kind == "gain" and node.label[:1].isalpha():
        label = label.removesuffix("ᵀ") if back else f"{label}ᵀ"
    return replace(node, kind=kind, label=label)


def flow_graph(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor], which: int = 0) -> FlowGraph:
    """The graph of one pass's step, with the readout where the network is one cell, and its transpose run over time.

    All in double precision on a copy. Raises ValueError, in one sentence, for a pass that is not there.
    """
    network, batch = copy.deepcopy(network).double(), Batch(*tmap(doubled, tuple(batch)))
    with torch.enable_grad():
        trace = network.trace(batch.x, mask=batch.mask, record=True)
        if not 0 <= which < len(trace.passes):
            raise ValueError(f"There are passes 0 to {len(trace.passes) - 1}; {which} is not among them.")
        one = trace.passes[which]
        readout = network.readout if len(trace.passes) == 1 else None
        weights = {k: p for k, p in (*one.cell.named_parameters(),
                                     *(readout.named_parameters() if readout is not None else ())) if p.requires_grad}
        felt = [v for v in (*leaves(one.nodes), one.outputs, trace.outputs, *weights.values()) if v.requires_grad]
        got = torch.autograd.grad(loss(trace.outputs, batch), felt, allow_unused=True)
    found = {id(v): g for v, g in zip(felt, got) if g is not None}

    def arrived(v: Tensor) -> Tensor:
        return found.get(id(v), torch.zeros_like(v)).detach()

    sweep = _Sweep(one, readout, weights)
    sweep.back(arrived(one.outputs if readout is None else trace.outputs))
    pairs = [(sweep.owed.get(k, torch.zeros_like(p)), arrived(p)) for k, p in weights.items()]
    pairs += [(mine, arrived(v)) for node, mine_all in zip(one.nodes, sweep.costates)
              for v, mine in zip(leaves(node), mine_all) if v.requires_grad]
    gap = max((float((a - b).abs().max()) for a, b in pairs), default=0.0)
    gradients = {k: sweep.owed.get(k, torch.zeros_like(p)).detach() for k, p in weights.items()}
    if sweep.inputs:
        gradients["x"] = one.in_time(torch.stack(sweep.inputs, 1))
    largest = max((float(g.abs().max()) for g in gradients.values()), default=0.0)
    nodes, edges = sweep.drawn()
    return FlowGraph(nodes, edges, gradients, gap if gap == gap else float("inf"), largest, one.length)


class _Sweep:
    """A pass taken apart step by step, in the order of visiting, and run backward.

    ``owed`` by a weight's name, ``costates`` the state's leaves (b, …) of every step, ``inputs`` those of a plain x;
    ``sizes`` by a part's place: the sums of squares of signal and error, and their number.
    """

    def __init__(self, one: Trace, readout: Any, weights: dict[str, Tensor]) -> None:
        self.one, self.readout, self.weights = one, readout, weights
        xs = [None] * one.length if one.x is None else split(one.in_time(tmap(Tensor.detach, one.x)))
        self.x = [tmap(torch.clone, x) for x in xs]
        self.states = [tmap(lambda v: v.detach().clone(), node) for node in one.nodes]
        self.steps = [take_apart(lambda x=x, s=s: self._step(x, s)) for x, s in zip(self.x, self.states)]
        self.owed: dict[str, Tensor] = {}
        self.costates: list[list[Tensor]] = []
        self.inputs: list[Tensor] = []
        self.sizes: dict[int, list[float]] = {}

    def _step(self, x: Any, state: Any) -> tuple[Any, ...]:
        out, new, probes = self.one.cell.step(x, state)
        return out, new, probes, None if self.readout is None else self.readout(out)

    def back(self, errors: Tensor) -> None:
        """Run the transposed graph from the last step to the first; ``errors`` (b, t, o) enter at the answers."""
        one, later = self.one, None
        masks = [None] * one.length if one.mask is None else one.in_time(one.mask).unbind(1)
        names = {id(p): k for k, p in self.weights.items()}
        for t in reversed(range(one.length)):
            (out, new, _, y), parts = self.steps[t]
            old, fresh, there = leaves(self.states[t]), leaves(new), masks[t]
            coming = [torch.zeros_like(v) for v in fresh] if later is None else later
            through = [g if there is None else g * rows(there, g) for g in coming]
            e = one.in_time(errors)[:, t]
            answer = out if y is None else y
            begin = [(answer, e if there is None else e * rows(there, e)),
                     *((v, g) for v, g in zip(fresh, through) if v.is_floating_point())]
            arrived = transposed(parts, begin)
            later = [arrived.get(id(v), torch.zeros_like(v)) + (g - kept) for v, g, kept in zip(old, coming, through)]
            self.costates.insert(0, later)
            for key, name in names.items():
                if key in arrived:
                    self.owed[name] = self.owed.get(name, 0) + arrived[key]
            if isinstance(self.x[t], Tensor):
                self.inputs.insert(0, arrived.get(id(self.x[t]), torch.zeros_like(self.x[t])))
            self._measure(parts, arrived, there)

    def _measure(self, parts: list[Part], arrived: dict[int, Tensor], there: Tensor | None) -> None:
        for k, part in enumerate(parts):
            if part.output.dim() and len(part.output) == self.one.batch_size:
                keep = slice(None) if there is None else there
                v, g = part.output.detach()[keep], arrived.get(id(part.output), torch.zeros_like(part.output))[keep]
                size = self.sizes.setdefault(k, [0.0, 0.0, 0])
                size[0] += float((v**2).sum())
                size[1] += float((g**2).sum())
                size[2] += v.numel()

    def size(self, k: int) -> tuple[float, float]:
        """Root mean squares of signal and error of a part."""
        v, g, count = self.sizes.get(k, (0.0, 0.0, 0))
        return ((v / count) ** 0.5, (g / count) ** 0.5) if count else (float("nan"), float("nan"))

    def drawn(self) -> tuple[tuple[FlowNode, ...], tuple[Edge, ...]]:
        """The first step as nodes and edges."""
        (out, new, probes, y), parts = self.steps[0]
        cell = self.one.cell
        given, named = name_tensors(cell, self.readout, self.x[0], self.states[0], new, probes, out, y)
        ends = [("out" if y is None else "y", "end", out if y is None else y)]
        ends += [(k, "on", v) for k, v in paths(new) if v.is_floating_point()]
        sizes = [self.size(k) for k in range(len(parts))]
        weights = {id(p): k.rpartition(".")[2] for k, p in self.weights.items()}
        return flow(parts, given, {id(v): k for k, (kind, v) in named.items() if kind == "probe"}, ends, weights, sizes,
                    cell.card.symbols)
