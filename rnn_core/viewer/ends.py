"""The two ends of the timeline: what goes into a network, and what it says beside what it should say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .numbers import bounds, example
from .rows import signed

MOST_LINES = 4
FEW_BARS = 3


class End(NamedTuple):
    """Rows, the arrays they read that are the same at every moment of training, and names of the steps."""

    rows: list[dict]
    arrays: dict[str, np.ndarray]
    labels: list[str] | None = None


def input_end(trace, row: int, batch, story, steps: int) -> End:
    """What goes in: bars for numbers, text for symbols, a heatmap without units for wide vectors."""
    base = {"symbol": "x", "sub": "t", "title": "input", "short": "input", "tone": "input", "given": True}
    if story is not None and 0 < len(story.inputs) <= steps:
        values = as_numbers(story.inputs, steps)
        if values is not None:
            return _bars(values[:, None], base)
        return _tokens([*story.inputs, *[""] * (steps - len(story.inputs))], base)
    x = batch.x if batch is not None else trace.x
    if not hasattr(x, "shape"):
        return End([], {})
    values = example(x, row)
    if not x.is_floating_point() and values.shape[1] == 1:
        return _tokens([str(int(v)) for v in values[:, 0]], base)
    if values.shape[1] > 1 and np.isin(values, (0, 1)).all() and (values.sum(1) == 1).all():
        return _tokens([str(i) for i in values.argmax(1)], base)
    return _bars(values, base) if values.shape[1] <= FEW_BARS else End([_plain("x", values, base)], {"x": values[None]})


def output_end(outputs: np.ndarray, row: int, batch, story, words: Sequence[str] | None) -> End:
    """What comes out, (m, t, o): said and expected symbols, lines with a dashed target, or a heatmap without units."""
    base = {"symbol": "ŷ", "sub": "t", "title": "what it says now", "short": "says", "tone": "prediction"}
    _, steps, width = outputs.shape
    target = None if batch is None else batch.target[row].detach().cpu().numpy()
    counts = np.ones(steps, bool) if batch is None else batch.counted[row].cpu().numpy().astype(bool)
    if target is not None and target.dtype.kind in "iu" and width > 1:
        return _said(outputs, target, counts, story, words, base)
    if width > MOST_LINES:
        return End([_plain("y", outputs, base)], {})
    rows, arrays = [], {}
    for column in range(width):
        wanted = np.full(steps, np.nan, np.float32)
        if target is not None and target.dtype.kind == "f" and target.shape[-1] == width:
            wanted = np.where(counts, target.reshape(-1, width)[:, column], np.nan).astype(np.float32)
        entry = base | ({"sub": f"t,{column + 1}", "column": column} if width > 1 else {})
        rows.append(_line(entry, outputs[:, :, column], wanted, story if width == 1 else None, arrays))
    return End(rows, arrays)


def as_numbers(labels: Sequence[str], steps: int) -> np.ndarray | None:
    """The labels as float32, NaN after the last, when all are numbers and not all single digits; else None."""
    try:
        values = np.array([float(label.replace("−", "-")) for label in labels], dtype=np.float32)
    except ValueError:
        return None
    if all(len(label) == 1 for label in labels) or not np.isfinite(values).all():
        return None
    return np.pad(values, (0, steps - len(values)), constant_values=np.nan)


def _bars(values: np.ndarray, base: dict) -> End:
    rows = []
    for column in range(values.shape[1]):
        low, high = bounds(values[:, column])
        place = {"sub": f"t,{column + 1}", "column": column} if values.shape[1] > 1 else {}
        limits = [min(low, 0.0), max(high, 0.0) or 1.0]
        rows.append({"kind": "bars", "array": "x", **base, **place, "range": limits})
    return End(rows, {"x": values[None]})


def _tokens(labels: list[str], base: dict) -> End:
    return End([{"kind": "tokens", "labels": labels, **base}], {}, labels)


def _plain(name: str, values: np.ndarray, base: dict) -> dict:
    order = list(range(values.shape[-1]))
    return {"kind": "heatmap", "plain": True, "array": name, **base, "order": order, "range": signed(values)}


def _said(outputs: np.ndarray, target: np.ndarray, counts: np.ndarray, story, words, base: dict) -> End:
    name = str if words is None else words.__getitem__
    said = [[name(int(i)) for i in best] for best in np.nan_to_num(outputs).argmax(2)]
    entry = {"kind": "tokens", "labels": said, "scored": counts.tolist(), **base}
    if target.shape == counts.shape:
        known = story is not None and story.targets and len(story.targets) == len(counts)
        expected = list(story.targets) if known else [name(int(i)) for i in np.where(counts, target, 0)]
        entry["expect"] = [text if ok else "" for text, ok in zip(expected, counts, strict=True)]
    return End([entry], {})


def _line(base: dict, outputs: np.ndarray, wanted: np.ndarray, story, arrays: dict[str, np.ndarray]) -> dict:
    """A line with its target: one dashed level when a single step counts, else a dashed series."""
    entry = {"kind": "line", "array": "y", **base}
    steps = np.flatnonzero(np.isfinite(wanted))
    if len(steps) == 1:
        entry["target"] = {"value": float(wanted[steps[0]]), "label": story.expected if story is not None else ""}
    elif len(steps):
        name = f"target{base.get('column', 0)}"
        arrays[name] = wanted[None, :, None]
        entry["target"] = {"array": name, "label": ""}
    low, high = bounds(np.concatenate([outputs.ravel(), wanted]))
    low, high = min(low, 0.0), max(high, 0.0)
    margin = 0.08 * (high - low) or 1.0
    return entry | {"range": [low - margin, high + margin]}
