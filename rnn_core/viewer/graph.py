"""The unrolled graph as a payload: one step's nodes and edges, laid out once, with the numbers of every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rnn_core.records.palette import PALETTE, TONES

from .layout import layered
from .letters import split, terms
from .numbers import bounds, example
from .pack import pack
from .rows import TITLES

FEW_VALUES, MANY_VALUES, ROOM = 64, 512, 200_000
MOST_WEIGHTS = 150_000
CHANGED = 1e-6
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
    sums=None,
    asked: Mapping[str, Mapping] | None = None,
    losses: np.ndarray | None = None,
    update: Mapping | None = None,
    before=None,
    edits: Sequence[Mapping] = (),
    editable: Sequence[str] = (),
    reverse: bool = False,
) -> bytes:
    """Build the viewer's payload from a `StepGraph`.

    step_graph: `nodes`, each with `id`, `kind` (input, state, parameter, probe, local or output), `label`, `equation`,
    `line`, `tone`, `value` (b, t, …) or a parameter's own tensor, and `gradient` (b, t, …) or None; `edges` as pairs
    of ids; `carry` as pairs (a state's id after the step, its id as it enters).
    row: which example (b); start: {"t", "node"}; labels: text of each step, shown beside t; key and link as for
    `timeline`; reverse: the pass runs from the last step to the first, and is drawn in that order.
    sums: `UnitSums` of the same step, so that a number can be taken apart into its products. asked: by a weight's id
    {"norms": (t,), "sum", "total"}, sizes of what each step asks of it, of their sum, and of its gradient. losses (t,):
    the part of each step in the loss, NaN where nothing is scored. update: what the next update does, {"weights": {id:
    {"moved", "gradient"}}, "before", "after", "norm", "clipped", "number", "rows", "rule"}, or {"why"} it is not known.
    before: the same step graph without the edits, whose numbers are shown beside the new ones; edits: what was edited,
    each {"node", "unit", "t", "value", "was", "say"}; editable: the ids of nodes whose numbers a visitor may set.
    Values wider than 64, or 512 where there is room, are sent up to there.
    """
    weights = {node.id for node in step_graph.nodes if node.kind == "parameter"}
    inner = [node for node in step_graph.nodes if node.id not in weights]
    edges = [(a, b) for a, b in step_graph.edges if a not in weights]
    inputs = [node.id for node in inner if node.kind == "input"]
    carry = [tuple(pair) for pair in step_graph.carry]
    plan = layered([node.id for node in inner], edges, carry, bottom=inputs)

    values = {node.id: example(node.value, row) for node in inner}
    most = MANY_VALUES if sum(v.size for v in values.values()) <= ROOM else FEW_VALUES
    arrays: dict[str, np.ndarray] = {f"value:{id}": v[:, :most] for id, v in values.items()}
    for node in inner:
        if node.gradient is not None:
            arrays[f"gradient:{node.id}"] = np.linalg.norm(example(node.gradient, row), axis=1).astype(np.float32)
    steps = len(next(iter(values.values())))
    cut = {f"value:{id}" for id, v in values.items() if v.shape[1] > most}
    told = _told(step_graph, sums, row, arrays, cut)
    if before is not None:
        arrays |= _changed(before, row, arrays)
    for id, one in (asked or {}).items():
        arrays[f"asked:{id}"] = np.asarray(one["norms"], np.float32)
    if losses is not None:
        arrays["loss"] = np.asarray(losses, np.float32)
    enters = {enter: leave for leave, enter in carry}
    nodes = [_node(node, plan.places[node.id], arrays, inner, enters) | told.get(node.id, {}) for node in inner]
    readers = {id: [b for a, b in step_graph.edges if a == id] for id in weights}
    shared = [_weight(node, readers[node.id], asked or {}) for node in step_graph.nodes if node.id in weights]
    if reverse:
        timed = ("value:", "gradient:", "before:", "source:", "asked:", "loss")
        arrays = {name: v[::-1] if name.startswith(timed) else v for name, v in arrays.items()}
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
        "edits": [dict(one) for one in edits],
        "editable": list(editable),
        "reverse": reverse,
    }
    optional = {"link": link, "labels": None if labels is None else list(labels), "update": update}
    return pack(arrays, **header, **{name: value for name, value in optional.items() if value is not None})


def _told(step_graph, sums, row: int, arrays: dict[str, np.ndarray], cut: set[str]) -> dict[str, dict]:
    """The sums of the nodes as the viewer adds them up, with the weights and unnamed values that they need.

    A sum that reads values of which some are not sent, those in ``cut``, is left out.
    """
    weights = {node.id: node.value for node in step_graph.nodes if node.kind == "parameter"}
    if sum(w.numel() for w in weights.values()) <= MOST_WEIGHTS:
        for id, w in weights.items():
            arrays[f"weight:{id}"] = w.detach().cpu().numpy().astype(np.float32).reshape(len(w) if w.dim() else 1, -1)
    if sums is None:
        return {}
    arrays |= {f"source:{name}": example(v, row) for name, v in sums.unnamed.items()}
    told = {}
    for id, one in sums.sums.items():
        needs = {f"weight:{a.weight}" for a in one.addends if a.weight}
        needs |= {_place(a.source, sums) for a in one.addends if a.source}
        if needs <= arrays.keys() - cut:
            addends = [vars(a) | {"from": _place(a.source, sums), "times": list(a.times)} for a in one.addends]
            told[id] = {"sum": {"addends": addends, "bend": one.bend}}
    return told


def _place(source: str, sums) -> str:
    return "" if not source else f"source:{source}" if source in sums.unnamed else f"value:{source}"


def _changed(before, row: int, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The values without the edits, of the nodes in which they made a difference."""
    old = {}
    for node in before.nodes:
        name = f"value:{node.id}"
        if node.kind != "parameter" and name in arrays:
            was = example(node.value, row)[:, : arrays[name].shape[1]]
            if was.shape == arrays[name].shape and np.abs(np.nan_to_num(was - arrays[name])).max(initial=0) > CHANGED:
                old[f"before:{node.id}"] = was
    return old


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


def _weight(node, readers: list[str], asked: Mapping[str, Mapping]) -> dict:
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
        "flat": node.value.dim() < 2,
        "span": [low, high],
        "readers": list(dict.fromkeys(readers)),
    } | {name: _finite(asked[node.id][name]) for name in ("sum", "total") if node.id in asked}


def _finite(value) -> float | None:
    return float(value) if np.isfinite(float(value)) else None


def _title(node) -> str:
    return TITLES.get(node.tone, ("", ""))[0] or KINDS.get(node.kind, "")


def _tone(node) -> str:
    return node.tone if node.tone in TONES else "hidden"


def _plain(id: str) -> str:
    """The letter itself: "c₋" (entering), "c⁺" (leaving) and "1.c" (in layer 1) give "c"."""
    return id.rpartition(".")[2].rstrip("₋⁺")


def _prefix(id: str) -> str:
    return id.rpartition(".")[0]
