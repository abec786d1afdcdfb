"""The timeline of a run: what the network read, kept and said, step by step, under one cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rnn_core.records.palette import PALETTE

from .numbers import BUDGET, bounds, read_trace, tape
from .pack import pack
from .rows import pass_rows

MOST_LINES = 4


def timeline(
    network_trace,
    *,
    row: int = 0,
    batch=None,
    story=None,
    card=None,
    moments: Sequence[tuple[int, object]] | None = None,
    words: Sequence[str] | None = None,
    key: str = "run",
    show: Sequence[str] | None = None,
    compact: bool = False,
    start: Mapping | None = None,
    tries: Sequence[Mapping] | None = None,
    link: str | None = None,
    budget: int = BUDGET,
) -> bytes:
    """Build the viewer's payload from the trace of a network.

    network_trace: a `NetworkTrace`, any number of passes; row: which example of its batch (b).
    batch: the `Batch` behind it, for targets and scored steps; story: the task's `Story` of this example.
    card: the cell's `Card`, or one card a pass; each pass's own `cell.card` when left out.
    moments: the training tape, (update, NetworkTrace) in order; the last one is the run as it is now.
    words: text of each class for networks that say symbols; show: letters of the probes to draw, in order (None: all).
    compact: only input, states and output. start: {"t", "unit", "map", "moment"}; tries: [{"say", "label", "set"}].
    key: the cursor is remembered under it; link: viewers with the same link share their time cursor.
    budget: bytes of numbers at most; beyond it the earlier moments keep states and outputs only.
    """
    updates, traces = (list(part) for part in zip(*moments, strict=True)) if moments else ([], [network_trace])
    snapshots = [read_trace(trace, row) for trace in traces]
    numbers = {name: np.concatenate([moment[name] for moment in snapshots]) for name in snapshots[-1]}
    passes = traces[-1].passes
    steps = len(snapshots[-1]["y"])
    cards = list(card) if isinstance(card, (list, tuple)) else [card or getattr(p.cell, "card", None) for p in passes]

    inner: list[dict] = []
    for index, (trace, own) in enumerate(zip(passes, cards, strict=True)):
        inner += pass_rows(index, trace, numbers, own, list(show) if show is not None else None, compact, len(passes) > 1)
    given, labels, top = _input_rows(passes[0], row, batch, story, steps)
    bottom = _output_rows(snapshots, row, batch, story, words, steps, given)
    rows = [*top, *inner, *bottom]

    drawn = _named(rows)
    maps = [r["array"] for r in inner if r["kind"] == "heatmap"]
    arrays = tape([{n: v for n, v in moment.items() if n in drawn} for moment in snapshots], {*maps, "y"}, budget)
    marks = [int(t) for t in (story.marks if story is not None else [])]
    header = {
        "view": "timeline",
        "key": key,
        "T": steps,
        "rows": rows,
        "marks": marks,
        "moments": [int(update) for update in updates],
        "start": dict(start) if start is not None else {"t": marks[0] if marks else 0},
        "try": list(tries) if tries is not None else _tries(marks, updates, inner),
        "palette": PALETTE,
    }
    if labels is not None:
        header["labels"] = labels
    if link is not None:
        header["link"] = link
    return pack({**arrays, **given}, **header)


def _named(rows: Sequence[dict]) -> set[str]:
    """Every array that some row, or the equations on some card, read."""
    found: set[str] = set()
    for entry in rows:
        found |= {o["array"] for o in [entry, *entry.get("over", [])] if "array" in o}
        card = entry.get("card", {})
        found |= {v for k, v in card.get("memory", {}).items() if k in ("keep", "write", "candidate")}
        for equation in card.get("equations", []):
            found |= {part["array"] for part in [equation, *equation["terms"]] if "array" in part}
    return found


def _input_rows(trace, row: int, batch, story, steps: int) -> tuple[dict, list[str] | None, list[dict]]:
    """The rows of what goes in: bars for numbers, text for symbols, a plain heatmap for wide vectors."""
    base = {"symbol": "x", "sub": "t", "title": "input", "short": "input", "tone": "input", "given": True}
    if story is not None and 0 < len(story.inputs) <= steps:
        values = _as_numbers(story.inputs, steps)
        if values is None:
            labels = [*story.inputs, *[""] * (steps - len(story.inputs))]
            return {}, labels, [{"kind": "tokens", "labels": labels, **base}]
        return {"x": values[None, :, None]}, None, [{"kind": "bars", "array": "x", "range": _around_zero(values), **base}]
    x = batch.x if batch is not None else trace.x
    if x is None or not hasattr(x, "shape"):
        return {}, None, []
    values = x[row].detach().cpu().numpy().astype(np.float32).reshape(steps, -1)
    width = values.shape[1]
    if width > 1 and np.all((values == 0) | (values == 1)) and np.all(values.sum(1) == 1):
        labels = [str(i) for i in values.argmax(1)]
        return {}, labels, [{"kind": "tokens", "labels": labels, **base}]
    if width <= 3:
        many = [base if width == 1 else {**base, "sub": f"t,{i + 1}", "column": i} for i in range(width)]
        return {"x": values[None]}, None, [{"kind": "bars", "array": "x", "range": _around_zero(values[:, i]), **m} for i, m in enumerate(many)]
    top = max(abs(v) for v in bounds(values)) or 1.0
    return {"x": values[None]}, None, [{"kind": "heatmap", "plain": True, "array": "x", "order": list(range(width)), "range": [-top, top], "scale": "div", **base}]


def _output_rows(snapshots, row: int, batch, story, words, steps: int, given: dict) -> list[dict]:
    """The rows of what comes out: said and expected symbols, or lines with their dashed target. Targets go into `given`."""
    base = {"symbol": "ŷ", "sub": "t", "title": "what it says now", "short": "says", "tone": "prediction"}
    outputs = np.stack([moment["y"] for moment in snapshots])
    width = outputs.shape[2]
    target = None if batch is None else batch.target[row].detach().cpu().numpy()
    counts = _counts(batch, row, steps)
    if target is not None and target.dtype.kind in "iu" and width > 1:
        name = words.__getitem__ if words is not None else str
        said = [[name(int(i)) for i in best] for best in np.nan_to_num(outputs).argmax(2)]
        per_step = target.ndim == 1 and len(target) == steps
        entry = {"kind": "tokens", "labels": said, "scored": counts, **base}
        if per_step:
            expected = story.targets if story is not None and story.targets and len(story.targets) == steps else None
            entry["expect"] = list(expected) if expected else [name(int(i)) if ok else "" for i, ok in zip(target, counts, strict=True)]
        return [entry]
    if width > MOST_LINES:
        top = max(abs(v) for v in bounds(outputs)) or 1.0
        return [{"kind": "heatmap", "plain": True, "array": "y", "order": list(range(width)), "range": [-top, top], "scale": "div", **base}]
    return [_line(base, i, outputs[:, :, i], target, counts, story, given, width) for i in range(width)]


def _line(base: dict, column: int, outputs: np.ndarray, target, counts: list[bool], story, given: dict, width: int) -> dict:
    entry = {"kind": "line", "array": "y", **base}
    if width > 1:
        entry |= {"sub": f"t,{column + 1}", "column": column}
    wanted = np.zeros(0)
    if target is not None and target.dtype.kind == "f":
        wanted = np.broadcast_to(target.reshape(-1, width)[:, column], (len(counts),)) if target.size == width else target.reshape(len(counts), -1)[:, column]
        wanted = np.where(counts, wanted, np.nan).astype(np.float32)
        steps = np.flatnonzero(np.isfinite(wanted))
        if len(steps) == 1:
            label = story.expected if story is not None and width == 1 else ""
            entry["target"] = {"value": float(wanted[steps[0]]), "label": label}
        else:
            name = f"target{column}"
            given[name] = np.ascontiguousarray(np.broadcast_to(wanted[None, :, None], (1, len(counts), column + 1)))
            entry["target"] = {"array": name, "label": ""}
    low, high = bounds(np.concatenate([outputs.ravel(), wanted]))
    margin = 0.08 * (max(high, 0) - min(low, 0)) or 1.0
    entry["range"] = [min(low, 0) - margin, max(high, 0) + margin]
    return entry


def _counts(batch, row: int, steps: int) -> list[bool]:
    """Which steps count in the loss of this example."""
    return [True] * steps if batch is None else batch.counted[row].cpu().numpy().astype(bool).tolist()


def _as_numbers(labels: Sequence[str], steps: int) -> np.ndarray | None:
    """The labels as float32, NaN after the last, when all are numbers and not all single digits; else None."""
    try:
        values = np.array([float(label.replace("−", "-")) for label in labels], dtype=np.float32)
    except ValueError:
        return None
    if all(len(label) == 1 for label in labels) or not np.isfinite(values).all():
        return None
    return np.pad(values, (0, steps - len(values)), constant_values=np.nan)


def _around_zero(values: np.ndarray) -> list[float]:
    low, high = bounds(values)
    return [min(low, 0.0), max(high, 0.0) or 1.0]


def _tries(marks: Sequence[int], updates: Sequence[int], inner: Sequence[dict]) -> list[dict]:
    """Up to four links: the first two marked inputs, the tape a fifth of the way on, and the quickest unit."""
    out = [{"say": say, "label": f"t = {t}", "set": {"t": t}} for say, t in zip(("It must remember this:", "and this:"), marks, strict=False)]
    if len(updates) > 2:
        early = int(np.searchsorted(updates, updates[-1] / 5))
        out.append({"say": "Before it learned:", "label": f"update {updates[early]:,}", "set": {"moment": early}})
    first = next((r for r in inner if r["kind"] == "heatmap" and len(r["order"]) > 1), None)
    if first is not None:
        unit = first["order"][-1]
        out.append({"say": "The unit that forgets first:", "label": f"unit {unit}", "set": {"map": first["array"], "unit": unit}})
    return out
