"""The unrolled graph as a payload: one step's nodes and edges, laid out once, with the numbers of every step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnn_core.records.palette import PALETTE, TONES

from .layout import layered
from .letters import split, terms
from .numbers import bounds, example
from .pack import pack
from .rows import TITLES

MOST_VALUES = 64
KINDS = {
    "input": "input",
    "state": "state",
    "parameter": "shared weights",
    "probe": "computed here",
    "local": "computed here",
    "output": "what it says",
}


def graph(
    step_graph,
    *,
    row: int = 0,
    key: str = "graph",
    start: Mapping | None = None,
    link: str | None = None,
    labels: list[str] | None = None,
) -> bytes:
    """Build the viewer's payload from a `StepGraph`.

    step_graph: `nodes`, each with `id`, `kind` (input, state, parameter, probe, local or output), `label`, `equation`,
    `line`, `tone`, `value` (b, t, …) or a parameter's own tensor, and `gradient` (b, t, …) or None; `edges` as pairs
    of ids; `carry` as pairs (a state's id after the step, its id as it enters).
    row: which example (b); start: {"t", "node"}; labels: text of each step, shown beside t; key and link as for
    `timeline`. Values wider than 64 are sent up to the 64th.
    """
    weights = {node.id for node in step_graph.nodes if node.kind == "parameter"}
    inner = [node for node in step_graph.nodes if node.id not in weights]
    edges = [(a, b) for a, b in step_graph.edges if a not in weights]
    inputs = [node.id for node in inner if node.kind == "input"]
    carry = [tuple(pair) for pair in step_graph.carry]
    plan = layered([node.id for node in inner], edges, carry, bottom=inputs)

    arrays: dict[str, np.ndarray] = {}
    for node in inner:
        arrays[f"value:{node.id}"] = values = example(node.value, row)[:, :MOST_VALUES]
        if node.gradient is not None:
            arrays[f"gradient:{node.id}"] = np.linalg.norm(example(node.gradient, row), axis=1).astype(np.float32)
    steps = len(values)
    enters = {enter: leave for leave, enter in carry}
    nodes = [_node(node, plan.places[node.id], arrays, inner, enters) for node in inner]
    readers = {id: [b for a, b in step_graph.edges if a == id] for id in weights}
    shared = [_weight(node, readers[node.id]) for node in step_graph.nodes if node.id in weights]
    header = {
        "view": "graph",
        "key": key,
        "T": steps,
        "nodes": nodes,
        "shared": shared,
        "edges": [[a, b, plan.bends[a, b]] for a, b in edges],
        "carry": [[*pair, port, lane] for pair, port, lane in zip(carry, plan.ports, plan.lanes, strict=True)],
        "size": [plan.width, plan.height],
        "gradients": any(name.startswith("gradient:") for name in arrays),
        "start": dict(start) if start is not None else {"t": min(2, steps - 1)},
        "palette": PALETTE,
    }
    if link is not None:
        header["link"] = link
    if labels is not None:
        header["labels"] = list(labels)
    return pack(arrays, **header)


def _node(node, place: tuple[float, float], arrays: Mapping, inner: list, enters: Mapping) -> dict:
    values = arrays[f"value:{node.id}"]
    layer = [other for other in inner if _prefix(other.id) == _prefix(node.id)]
    alike = [other.id for other in layer if arrays[f"value:{other.id}"].shape == values.shape]
    names = {("<" if id in enters else "") + _plain(id): f"value:{id}" for id in alike}
    symbols = {_plain(other.id): _tone(other) for other in layer}
    low, high = bounds(values)
    unit = low >= 0 and high <= 1 + 1e-6 and node.kind not in ("state", "input")
    size = max(1.0, float(f"{max(abs(low), abs(high)):.2g}"))
    letter, sub = split(node.label)
    return {
        "id": node.id,
        "symbol": letter,
        "sub": sub if "t" in sub else f"{sub},t" if sub else "t",
        "title": _title(node),
        "enters": node.id in enters,
        "kind": node.kind,
        "tone": _tone(node),
        "x": place[0],
        "y": place[1],
        "scale": "seq" if unit else "div",
        "range": [0.0, 1.0] if unit else [-size, size],
        "size": int(np.prod(node.value.shape[2:], dtype=int)),
        "equation": terms(node.equation, names, symbols) if node.equation else None,
        "line": node.line,
    }


def _weight(node, readers: list[str]) -> dict:
    path, _, name = node.label.rpartition(".")
    letter, sub = split(".".join([*[part for part in path.split(".") if part.isdigit()][:1], name]))
    low, high = bounds(node.value.detach().cpu().numpy())
    return {
        "id": node.id,
        "symbol": letter,
        "sub": sub,
        "title": KINDS["parameter"],
        "kind": "parameter",
        "tone": "shared",
        "shape": " × ".join(str(n) for n in node.value.shape),
        "span": [low, high],
        "readers": list(dict.fromkeys(readers)),
    }


def _title(node) -> str:
    return TITLES.get(node.tone, ("", ""))[0] or KINDS.get(node.kind, "")


def _tone(node) -> str:
    return node.tone if node.tone in TONES else "hidden"


def _plain(id: str) -> str:
    """The letter itself: "c₋" (entering), "c⁺" (leaving) and "1.c" (in layer 1) give "c"."""
    return id.rpartition(".")[2].rstrip("₋⁺")


def _prefix(id: str) -> str:
    return id.rpartition(".")[0]
