"""What the learning curves of pages and notebooks have in common: which numbers, how many of them, on which axis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from rnn_core.figures.ink import array, short, thin
from rnn_core.records import Baseline, Command

POINTS = 200


class Curve(NamedTuple):
    """Updates and values, finite only."""

    updates: np.ndarray
    values: np.ndarray

    @property
    def points(self) -> list[list[float]]:
        """[update, value] pairs."""
        return [[int(u), float(f"{v:.8g}")] for u, v in zip(self.updates, self.values)]


class Learning(NamedTuple):
    """One quantity while it is learnt: ``batch`` curve (empty for a metric), ``held_out`` curve, axis, marks."""

    batch: Curve
    held_out: Curve
    log: bool
    low: float
    high: float
    last: int
    marks: list[tuple[int, str]]


def curve(history: pd.DataFrame, column: str) -> Curve:
    """The measured values of one column, thinned; none from a history without rows."""
    values, updates = array(history.get(column, [])), array(history.get("update", []))
    known = np.flatnonzero(np.isfinite(values))
    known = known[thin(len(known), POINTS)] if len(known) else known
    return Curve(updates[known].astype(int), values[known])


def loss_of(history: pd.DataFrame, baseline: Baseline, commands: Iterable[Command]) -> Learning:
    """The loss of both kinds of sequences; on a logarithmic axis of whole decades while all of it is above 0."""
    batch, held_out = curve(history, "loss"), curve(history, "held_out")
    seen = np.concatenate([batch.values, held_out.values, [baseline.loss]])
    last = int(max(history.get("update", []), default=0))
    if (seen > 0).all():
        low, high = 10.0 ** math.floor(math.log10(seen.min())), 10.0 ** math.ceil(math.log10(seen.max()))
        return Learning(batch, held_out, True, low, high if high > low else 10 * low, last, marks_of(commands))
    return Learning(
        batch, held_out, False, min(0.0, float(seen.min())), float(seen.max()) * 1.05 or 1.0, last, marks_of(commands)
    )


def metric_of(history: pd.DataFrame, baseline: Baseline, commands: Iterable[Command]) -> Learning:
    """The metric on held-out sequences, on a plain axis from 0 that reaches at least 1 where nothing exceeds 1."""
    held_out = curve(history, "metric")
    seen = np.concatenate([held_out.values, [baseline.value]])
    last = int(max(history.get("update", []), default=0))
    high = 1.0 if seen.max() <= 1 else float(seen.max()) * 1.05
    return Learning(
        Curve(np.array([], int), np.array([])),
        held_out,
        False,
        min(0.0, float(seen.min())),
        high,
        last,
        marks_of(commands),
    )


def marks_of(commands: Iterable[Command]) -> list[tuple[int, str]]:
    """(update, words) of every change in mid-run."""
    return [(c.update, f"{c.name.replace('_', ' ')} {short(c.value)}") for c in commands]


def words(learning: Learning, name: str, level: float, sentence: str) -> str:
    """The curve in a sentence."""
    if not len(learning.held_out.values):
        return f"{name} on held-out sequences: not measured yet. “{sentence}” scores {short(level)}."
    first, last = learning.held_out.values[[0, -1]]
    start, end = learning.held_out.updates[[0, -1]]
    return (
        f"{name} on held-out sequences: {short(first)} at update {start:,}, {short(last)} at update {end:,}. "
        f"“{sentence}” scores {short(level)}."
    )
