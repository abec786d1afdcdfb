"""What is really computed? The graph of one step, read while the step runs.

A real step is run under a ``TorchFunctionMode`` that notes each call, what it read, what it gave and the line that made
it. Inputs, parameters, states and probes are the nodes, under their author's names; everything unnamed dissolves into
the edges. Time is folded into the batch, so the same run gives every node's value at every step.
"""
from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from rnn_core.records import Card, Result, Trace
from rnn_core.records.trees import fold, leaves, paths, tmap, unfold

CARD = Card(title="Unrolled graph", row="D4", year=1990, reference="Werbos, Backpropagation through time, 1990",
            summary="The graph of a step as its author wrote it, repeated in time with the same weights.")
TORCH = os.path.dirname(torch.__file__)


@dataclass(frozen=True, eq=False)
class GraphNode:
    """One node: ``kind`` is input, state, parameter, probe or output; ``line`` is the author's line that computed it.

    ``value`` is (b, t, …), or the tensor itself for a parameter; ``gradient`` is dL/dvalue in the same shape, or None.
    """

    id: str
    kind: str
    label: str
    equation: str = ""
    line: str = ""
    tone: str = "hidden"
    value: Tensor | None = field(default=None, repr=False)
    gradient: Tensor | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class StepGraph(Result):
    """``nodes`` in the order of computation, ``edges`` (from, to), ``carry`` (a state's node, where it enters next)."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[tuple[str, str], ...]
    carry: tuple[tuple[str, str], ...]

    def node(self, id: str) -> GraphNode:
        """The node with this id; KeyError when there is none."""
        return {n.id: n for n in self.nodes}[id]

    @property
    def remembered(self) -> dict[str, int]:
        """How many numbers of each field of the state this step reads; a field that is only shown is left out."""
        read = {a for a, _ in self.edges}
        return {n.id.rstrip("₋"): n.value.shape[2:].numel() for n in self.nodes if n.id[-1] == "₋" and n.id in read}

    def frame(self) -> pd.DataFrame:
        """One row a node: kind, equation, what it reads, the author's line."""
        reads = {n.id: ", ".join(self.node(a).label for a, b in self.edges if b == n.id) for n in self.nodes}
        return pd.DataFrame([{"node": n.label, "kind": n.kind, "equation": n.equation, "reads": reads[n.id],
                              "line": n.line} for n in self.nodes])

    @property
    def says(self) -> str:
        kinds = [n.kind for n in self.nodes]
        return (f"this step computes {kinds.count('probe')} named quantities, and all steps share the same "
                f"{kinds.count('parameter')} weight arrays.")

    @property
    def says_not(self) -> str:
        return "that an edge is strong: the drawing shows what is read, the numbers show how much it matters."


class _Notebook(TorchFunctionMode):
    """Notes every torch call: tensors read, tensors given, the line that called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[list[Tensor], list[Tensor], str]] = []

    def __torch_function__(self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        given = [t for t in leaves(out) if isinstance(t, Tensor)]
        if given:
            frame = sys._getframe(1)
            while frame.f_code.co_filename.startswith(TORCH):
                frame = frame.f_back
            line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
            read = [t for t in leaves((args, kwargs)) if isinstance(t, Tensor)]
            self.calls.append((read, given, line))
        return out


def step_graph(trace: Trace, readout: Any = None, costate: Any = None,
               output_gradient: Tensor | None = None) -> StepGraph:
    """The graph of a pass's step with the values of all its steps.

    ``readout`` adds the network's answer y. With ``costate`` (a tree like the state, (b, t, …)) and ``output_gradient``
    dL/dy (b, t, o), every node carries its gradient too.
    """
    cell, b, t = trace.cell, trace.batch_size, trace.length
    wants = costate is not None
    with torch.set_grad_enabled(wants):
        x = None if trace.x is None else tmap(torch.clone, fold(trace.x))
        state = tmap(lambda v: v.detach().clone().requires_grad_(wants and v.is_floating_point()), fold(trace.entering))
        with _Notebook() as notes:
            out, new, probes = cell.step(x, state)
            y = None if readout is None else readout(out)
    given, named = name_tensors(cell, readout, x, state, new, probes, out, y)
    nodes, edges = _dissolve(notes.calls, given, named)
    grads = _gradients(named, new, out, y, trace, costate, output_gradient) if wants else {}
    copies = {k: name for k, (_, v) in given.items() for name, probe in probes.items() if probe is v}
    shown = tuple(_node(cell, id, copies.get(id), kind, value, line, grads.get(id), b, t)
                  for id, kind, value, line in nodes)
    ids = {n.id for n in shown}
    back = {id(v): k for k, (_, v) in {**given, **named}.items()}
    carry = tuple((back[id(after)], f"{path}₋") for path, after in paths(new) if back.get(id(after)) in ids)
    return StepGraph(shown, tuple(e for e in edges if set(e) <= ids), carry)


def name_tensors(cell: Any, readout: Any, x: Any, state: Any, new: Any, probes: dict[str, Tensor], out: Tensor,
                 y: Tensor | None) -> tuple[dict[str, tuple[str, Tensor]], dict[str, tuple[str, Tensor]]]:
    """What is given and what is computed: id → (kind, tensor). Earlier names win."""
    given: dict[str, tuple[str, Tensor]] = {}
    for path, v in paths(x) if x is not None else ():
        given[path or "x"] = ("input", v)
    for path, v in paths(state):
        given[f"{path}₋"] = ("state", v)
    for name, v in (*cell.named_parameters(), *cell.named_buffers()):
        given[name] = ("parameter", v)
    for name, v in readout.named_parameters() if readout is not None else ():
        given[name] = ("parameter", v)
    taken = {id(v) for _, v in given.values()}
    named: dict[str, tuple[str, Tensor]] = {}
    offers = [*((k, "probe", v) for k, v in probes.items()), *((f"{k}⁺", "state", v) for k, v in paths(new)),
              ("out", "output", out)]
    if y is not None:
        offers.append(("y" if "y" not in probes else "ŷ", "output", y))
    for name, kind, v in offers:
        if id(v) not in taken:
            taken.add(id(v))
            named[name] = (kind, v)
    return given, named


def _dissolve(calls: list[tuple[list[Tensor], list[Tensor], str]], given: dict[str, tuple[str, Tensor]],
              named: dict[str, tuple[str, Tensor]]) -> tuple[list[tuple[str, str, Tensor, str]], list[tuple[str, str]]]:
    """Nodes (id, kind, tensor, line) in order of computation, and edges with every unnamed tensor dissolved."""
    name = {id(v): k for k, (_, v) in {**given, **named}.items()}
    sources: dict[int, list[str]] = {}
    nodes, edges = [(k, kind, v, "") for k, (kind, v) in given.items()], []
    for read, results, line in calls:
        above: dict[str, None] = {}
        for v in read:
            above.update(dict.fromkeys([name[id(v)]] if id(v) in name else sources.get(id(v), [])))
        for v in results:
            if id(v) in name:
                if name[id(v)] in named and not any(n[0] == name[id(v)] for n in nodes):
                    nodes.append((name[id(v)], *named[name[id(v)]], line))
                    edges += [(a, name[id(v)]) for a in above]
            else:
                sources[id(v)] = list(above)
    used = {a for a, _ in edges}
    return [n for n in nodes if n[1] != "parameter" or n[0] in used], edges


def _gradients(named: dict[str, tuple[str, Tensor]], new: Any, out: Tensor, y: Tensor | None, trace: Trace,
               costate: Any, output_gradient: Tensor | None) -> dict[str, Tensor]:
    """dL/dnode of every computed node: what arrives from the next step's costate and from this step's own loss."""
    later = tmap(lambda v: trace.in_time(torch.cat([trace.in_time(v)[:, 1:], torch.zeros_like(v[:, :1])], 1)), costate)
    pairs = [(v, g) for v, g in zip(leaves(new), leaves(fold(later))) if v.requires_grad]
    if output_gradient is not None:
        pairs.append((out if y is None else y, fold(output_gradient)))
    total = sum((v * g).sum() for v, g in pairs)
    wanted = {k: v for k, (_, v) in named.items() if v.requires_grad}
    got = torch.autograd.grad(total, list(wanted.values()), allow_unused=True)
    return {k: g for k, g in zip(wanted, got) if g is not None}


def _node(cell: Any, id: str, copy: str | None, kind: str, value: Tensor, line: str, gradient: Tensor | None, b: int,
          t: int) -> GraphNode:
    card, plain = cell.card, id.rstrip("₋⁺")
    tones = {"input": "input", "parameter": "shared", "output": "prediction"}
    tone = tones.get(kind) or card.symbols.get(plain, "hidden")
    label = {"₋": f"{plain}_{{t−1}}", "⁺": f"{plain}_{{t}}"}.get(id[-1], "ŷ" if id == "y" and kind == "output" else id)
    carried = card.carried.get(plain, "") if id.endswith("⁺") else ""
    equation = card.equations.get(copy or id, "") or carried or ("y_t = V h_t + d" if kind == "output" else "")
    timed = value.detach() if kind == "parameter" else unfold(value.detach(), b, t)
    return GraphNode(id, kind, label, equation, line, tone, timed, None if gradient is None else unfold(gradient, b, t))
