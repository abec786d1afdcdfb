"""Parts as a signal-flow graph: nodes, edges, and a branch point wherever a signal is read more than once."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from rnn_core.records.wires import Part


class Edge(NamedTuple):
    """From one node to another; ``gain`` is what it multiplies by, "" for 1, ``signal`` the author's name for it."""

    start: str
    end: str
    gain: str = ""
    signal: str = ""


@dataclass(frozen=True)
class FlowNode:
    """One element: ``kind`` is input, state, weight, sum, product, branch, gain, bend, cut, join, box, end or on.

    ``state`` is what the delay gives and ``on`` what goes into it. ``name`` is the author's name for what leaves the
    node; ``signal`` and ``error`` are root mean squares over all steps of what leaves it and of ∂L/∂ of that.
    """

    id: str
    kind: str
    label: str
    name: str = ""
    tone: str = "hidden"
    signal: float = float("nan")
    error: float = float("nan")


def flow(parts: list[Part], given: dict[str, tuple[str, Tensor]], names: dict[int, str],
         ends: list[tuple[str, str, Tensor]], weights: dict[int, str], sizes: list[tuple[float, float]],
         tones: dict[str, str]) -> tuple[tuple[FlowNode, ...], tuple[Edge, ...]]:
    """Nodes in an order of computation, and edges: all that the ends need and that depends on an input or a state.

    ``given`` by name: (kind, tensor) of inputs, states and parameters; ``names`` and ``weights`` by the id of a tensor;
    ``ends``: (name, end or on, tensor); ``sizes`` of signal and error by the place of a part; ``tones`` by name.
    """
    return _Drawing(parts, given, names, ends, weights, sizes, tones).finished()


class _Drawing:
    """Turns parts into nodes: wires dissolve, sums of sums become one, several readers of a signal get a branch."""

    def __init__(self, parts: list[Part], given: dict[str, tuple[str, Tensor]], names: dict[int, str],
                 ends: list[tuple[str, str, Tensor]], weights: dict[int, str], sizes: list[tuple[float, float]],
                 tones: dict[str, str]) -> None:
        self.parts, self.given, self.names, self.ends = parts, given, names, ends
        self.weights, self.sizes, self.tones = weights, sizes, tones
        self.maker = {id(p.output): k for k, p in enumerate(parts)}
        self.signals = {id(v) for kind, v in given.values() if kind in ("input", "state")}
        for p in parts:
            if any(id(v) in self.signals for v in p.inputs):
                self.signals.add(id(p.output))
        needed = {id(v) for _, _, v in self.ends}
        for p in reversed(parts):
            if id(p.output) in needed:
                needed |= {id(v) for v in p.inputs}
        self.kept = [k for k, p in enumerate(parts) if {id(p.output)} <= self.signals & needed and p.kind != "wire"]
        self.alias = {id(p.output): id(p.inputs[0]) for p in parts if p.kind == "wire"}
        self.merged = self._merge()

    def source(self, v: int) -> int:
        """The tensor that a chain of wires starts from."""
        while v in self.alias:
            v = self.alias[v]
        return v

    def _merge(self) -> dict[int, int]:
        """Sum → the sum that takes it in, for sums with one reader."""
        readers: dict[int, list[int]] = {}
        for k in self.kept:
            for v in self.parts[k].inputs:
                readers.setdefault(self.source(id(v)), []).append(k)
        ends = {self.source(id(v)) for _, _, v in self.ends}
        found = {}
        for k in self.kept:
            mine = readers.get(id(self.parts[k].output), [])
            if (self.parts[k].kind == "sum" and len(mine) == 1 and self.parts[mine[0]].kind == "sum"
                    and id(self.parts[k].output) not in ends and self.parts[k].output.shape
                    == self.parts[mine[0]].output.shape):
                found[k] = mine[0]
        return found

    def finished(self) -> tuple[tuple[FlowNode, ...], tuple[Edge, ...]]:
        """The nodes in an order of computation, and the edges."""
        nodes: list[FlowNode] = []
        links: list[tuple[int, str, str]] = []
        maker: dict[int, str] = {}
        for name, (kind, v) in self.given.items():
            if kind != "parameter":
                plain = name.rstrip("₋")
                tone = "input" if kind == "input" else self.tones.get(plain, "hidden")
                nodes.append(FlowNode(name, kind, plain, plain, tone))
                maker[id(v)] = name
        for k in self.kept:
            if k not in self.merged:
                self._node(k, nodes, links, maker)
        for name, kind, v in self.ends:
            id_ = f"{name} end" if kind == "end" else f"{name}⁺"
            tone = "prediction" if kind == "end" else self.tones.get(name, "hidden")
            nodes.append(FlowNode(id_, kind, name, name, tone))
            links.append((self.source(id(v)), id_, ""))
        return self._branched(nodes, links, maker)

    def _node(self, k: int, nodes: list[FlowNode], links: list[tuple[int, str, str]], maker: dict[int, str]) -> None:
        part = self.parts[k]
        key = f"call {part.call}" if part.kind == "cut" else f"part {k}"
        maker[id(part.output)] = key
        if any(n.id == key for n in nodes):
            return
        kind, label, reads, weights = part.kind, part.label, [], []
        for v, gain in self._terms(k):
            if id(v) in self.signals:
                reads.append((self.source(id(v)), gain))
            else:
                weights.append((self._root(v), gain))
        if kind == "product" and weights:
            kind, label = "gain", " ".join(name for name, _ in weights)
        elif kind == "gain" and weights:
            label = weights[0][0]
        elif kind == "product" or (kind == "gain" and not label):
            kind, label = "product", "×"
        if kind == "sum":
            for name, gain in weights:
                if not any(n.id == name for n in nodes):
                    nodes.append(FlowNode(name, "weight", name, name, "shared"))
                links.append((-1, f"{name}→{key}", gain))
        signal, error = self.sizes[k]
        name = self._name(part)
        tone = "shared" if kind == "gain" and weights else self.tones.get(name, "hidden")
        nodes.append(FlowNode(key, kind, label, name, tone, signal, error))
        links += [(v, key, gain) for v, gain in reads]

    def _name(self, part: Part) -> str:
        """What the author calls what leaves a part, if need be after some wires; a cut has the names of its pieces."""
        if part.kind == "cut":
            pieces = [self.names.get(id(p.output), "") for p in self.parts if p.call == part.call and p.kind == "cut"]
            return " ".join(filter(None, pieces))
        later = next((self.names[w] for w in self.alias if w in self.names and self.source(w) == id(part.output)), "")
        return self.names.get(id(part.output), later)

    def _terms(self, k: int) -> Iterator[tuple[Tensor, str]]:
        """What a part reads, with what it is multiplied by; a sum also what the sums read that went into it."""
        part = self.parts[k]
        inner = {id(self.parts[j].output): j for j, into in self.merged.items() if into == k}
        scales = part.scales or (1.0,) * len(part.inputs)
        for v, scale in zip(part.inputs, scales):
            at = self.source(id(v))
            if at in inner:
                for w, gain in self._terms(inner[at]):
                    yield w, _gain(scale * (float(gain.replace("−", "-")) if gain else 1.0))
            else:
                yield v, _gain(scale)

    def _root(self, v: Tensor) -> str:
        """The names of the weights that a constant is made of."""
        todo, found = [v], []
        while todo:
            w = todo.pop()
            if id(w) in self.weights:
                found.append(self.weights[id(w)])
            elif id(w) in self.maker:
                todo += self.parts[self.maker[id(w)]].inputs
        return " ".join(dict.fromkeys(found)) or "const"

    def _branched(self, nodes: list[FlowNode], links: list[tuple[int, str, str]],
                  maker: dict[int, str]) -> tuple[tuple[FlowNode, ...], tuple[Edge, ...]]:
        """A branch point after every signal with several readers; what nobody reads is left out."""
        readers: dict[int, list[tuple[str, str]]] = {}
        edges: list[Edge] = []
        for v, to, gain in links:
            if v == -1:
                edges.append(Edge(*to.split("→"), gain))
            else:
                readers.setdefault(v, []).append((to, gain))
        by_id = {n.id: n for n in nodes}
        after: dict[str, list[FlowNode]] = {}
        for v, to in readers.items():
            source = maker.get(v)
            if source is None:
                continue
            if len(to) > 1:
                one = by_id[source]
                name = one.name or one.label if one.kind != "cut" else self.names.get(v, "")
                mark = FlowNode(f"branch {len(edges)}", "branch", "", name, one.tone, one.signal, one.error)
                after.setdefault(source, []).append(mark)
                edges.append(Edge(source, mark.id, ""))
                source = mark.id
            edges += [Edge(source, reader, gain, self.names.get(v, "")) for reader, gain in to]
        used = {end for e in edges for end in (e.start, e.end)}
        order = [m for n in nodes for m in (n, *after.get(n.id, [])) if m.id in used]
        return tuple(order), tuple(edges)


def _gain(scale: float) -> str:
    """A number on an edge; "" for 1."""
    return "" if scale == 1 else f"{scale:g}".replace("-", "−")
