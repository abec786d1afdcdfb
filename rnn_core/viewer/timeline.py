"""The timeline of a run: what the network read, kept and said, step by step, under one cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rnn_core.records.palette import PALETTE

from .backward import backward_arrays, read_costates
from .ends import input_end, output_end
from .numbers import BUDGET, fitting, read_trace, tape
from .pack import pack
from .rows import pass_rows

GATES = ("keep", "write", "candidate")


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
    costates=None,
) -> bytes:
    """Build the viewer's payload from the trace of a network.

    network_trace: a `NetworkTrace`, any number of passes; row: which example of its batch (b).
    batch: the `Batch` behind it, for targets and scored steps; story: the task's `Story` of this example.
    card: the cell's `Card`, or one card a pass; each pass's own `cell.card` when left out.
    moments: the training tape, (update, NetworkTrace) in order; the last one is the run as it is now and is drawn in
    place of network_trace.
    words: text of each class for networks that say symbols; show: letters of the probes to draw, in order (None: all).
    compact: only input, states and output, nothing to select. tries: [{"say", "label", "set"}].
    start: {"t", "unit", "map", "moment"}, the last an index of `moments`: where the cursors stand at first, and where
    the tape goes when it changes.
    key: the cursor is remembered under it; link: viewers with the same link share their time cursor.
    budget: bytes of numbers at most; beyond it only the moment at the start has more than states and outputs, and if
    even these are too many the tape has fewer moments.
    costates: the `Costates` of the moment at the start, for the rows of ‖∂L/∂h_t‖. Raises ValueError when they do not
    belong to this trace.
    """
    chosen = _chosen(start, moments)
    updates, traces = zip(*moments, strict=True) if moments else ((), (network_trace,))
    snapshots = [read_trace(trace, row) for trace in traces]
    numbers = {name: np.concatenate([moment[name] for moment in snapshots]) for name in snapshots[-1]}
    passes = traces[-1].passes
    cards = list(card) if isinstance(card, (list, tuple)) else [card or getattr(p.cell, "card", None) for p in passes]
    steps = len(snapshots[-1]["y"])

    sizes = read_costates(costates, traces[chosen], row) if costates is not None else {}
    inner: list[dict] = []
    options = {"wanted": show, "compact": compact, "several": len(passes) > 1, "backward": sizes}
    for index, (one, own) in enumerate(zip(passes, cards, strict=True)):
        inner += pass_rows(index, one, numbers, own, **options)
    maps = {entry["array"] for entry in inner if entry["kind"] == "heatmap" and entry["array"] in numbers}
    size = sum(snapshots[-1][name].size for name in maps | {"y"})
    fit = fitting(len(snapshots), chosen, size, budget)
    snapshots, updates, chosen = [snapshots[k] for k in fit], [updates[k] for k in fit if moments], fit.index(chosen)
    first = input_end(passes[0], row, batch, story, steps)
    last = output_end(np.stack([moment["y"] for moment in snapshots]), row, batch, story, words)
    rows = [*first.rows, *inner, *last.rows]

    read = _arrays_of(rows)
    back = {name: one for name, one in backward_arrays(sizes).items() if name in read}
    kept = [{name: values for name, values in moment.items() if name in read} for moment in snapshots]
    marks = [int(t) for t in story.marks] if story is not None else []
    header = {
        "view": "timeline",
        "key": key,
        "T": steps,
        "rows": rows,
        "marks": marks,
        "moments": [int(update) for update in updates],
        "full": chosen,
        "start": _start(start, marks, chosen),
        "brush": not compact,
        "try": list(tries) if tries is not None else _tries(marks, updates, inner),
        "palette": PALETTE,
    }
    if first.labels is not None:
        header["labels"] = first.labels
    if link is not None:
        header["link"] = link
    arrays = {**tape(kept, maps | {"y"}, budget, chosen), **first.arrays, **last.arrays, **back}
    return pack(arrays, **header)


def _chosen(start: Mapping | None, moments: Sequence | None) -> int:
    """The moment at the start, the last one unless another is wished; wishes beyond the tape end at its ends."""
    last = len(moments) - 1 if moments else 0
    wished = (start or {}).get("moment")
    return last if wished is None else min(max(int(wished), 0), last)


def _start(start: Mapping | None, marks: Sequence[int], chosen: int) -> dict:
    if start is None:
        return {"t": marks[0] if marks else 0}
    return dict(start) | ({"moment": chosen} if start.get("moment") is not None else {})


def _arrays_of(rows: Sequence[Mapping]) -> set[str]:
    """Every array that some row, or an equation on some card, reads."""
    found: set[str] = set()
    for row in rows:
        found |= {part["array"] for part in [row, *row.get("over", [])] if "array" in part}
        card = row.get("card", {})
        found |= {array for gate, array in card.get("memory", {}).items() if gate in GATES}
        found |= {array for array in card.get("gradient", {}).values() if isinstance(array, str)}
        for equation in card.get("equations", []):
            found |= {part["array"] for part in [equation, *equation["terms"]] if "array" in part}
    return found


def _tries(marks: Sequence[int], updates: Sequence[int], inner: Sequence[Mapping]) -> list[dict]:
    """Up to four links: the first two marked inputs, the tape a fifth of the way on, and the quickest unit."""
    says = ("It must remember this:", "and this:")
    out = [{"say": say, "label": f"t = {t}", "set": {"t": t}} for say, t in zip(says, marks, strict=False)]
    if len(updates) > 2:
        early = int(np.searchsorted(updates, updates[-1] / 5))
        out.append({"say": "Before it learned:", "label": f"update {updates[early]:,}", "set": {"moment": early}})
    first = next((row for row in inner if row["kind"] == "heatmap" and len(row["order"]) > 1), None)
    if first is not None:
        unit = first["order"][-1]
        there = {"map": first["array"], "unit": unit}
        say = "The unit that forgets first:" if "keep" in first["card"]["memory"] else "The quickest unit:"
        out.append({"say": say, "label": f"unit {unit}", "set": there})
    return out
