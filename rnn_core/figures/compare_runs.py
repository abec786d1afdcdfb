"""Several runs on one axis: how far each got, after how many updates or how many seconds."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from rnn_core.figures.curves import POINTS
from rnn_core.figures.ink import DASHES, IDENTITIES, array, identity, ink, short, thin
from rnn_core.figures.style import canvas, level, line, whisper
from rnn_core.records import Baseline

AXES = {"update": "updates", "seconds": "seconds of training"}
VALUES = ("held_out", "metric")
MOST = len(IDENTITIES)
LABEL, LETTER, LINE, ABOVE, TICKS = 16, 7.5, 20.0, 100.0, 6


class Course(NamedTuple):
    """One run's measured values, finite only, and where they were measured."""

    name: str
    x: np.ndarray
    y: np.ndarray


def compare_runs(
    histories: Mapping[str, pd.DataFrame],
    baselines: Mapping[str, Baseline] | None = None,
    *,
    value: str = "held_out",
    over: str = "update",
    quantity: str = "loss",
    theme: str = "light",
    height: int = 400,
) -> go.Figure:
    """The held-out loss, or the metric, of one to six runs against updates or seconds, each with its name at its end.

    ``histories`` are frames like ``run.history`` by the names of their runs; ``baselines`` those of their tasks, drawn
    once for each level there is. ``value`` is "held_out" or "metric", ``over`` is "update" or "seconds", ``quantity``
    what the value is called. ValueError, in one sentence, for anything else.
    """
    if value not in VALUES or over not in AXES:
        raise ValueError(f"A comparison shows {' or '.join(VALUES)} over {' or '.join(AXES)}.")
    if not 1 <= len(histories) <= MOST:
        raise ValueError(f"One to {MOST} runs can be told apart in one picture, not {len(histories)}.")
    courses = [_course(name, history, value, over) for name, history in histories.items()]
    levels = _levels(courses, baselines or {}, value)
    log = value == "held_out" and all((c.y > 0).all() for c in courses) and all(y > 0 for y in levels)
    low, high = _range(courses, list(levels), log)
    title = f"{_told(quantity)}, held out{' (log)' if log else ''}"
    figure = canvas(title, _words(courses, levels, quantity, over), theme=theme, height=height, x=AXES[over])
    figure.update_xaxes(range=[0, max([float(c.x.max()) for c in courses if len(c.x)] or [1.0]) or 1.0])
    decades = {"type": "log", "dtick": math.ceil((high - low) / TICKS), "exponentformat": "power"}
    figure.update_yaxes(range=[low, high], **(decades if log else {}))
    for k, course in enumerate(courses):
        line(figure, course.x, course.y, course.y, identity(k, theme), _told(course.name),
             dash=DASHES[k % len(DASHES)], width=2.5, digits=".3g")
    _name(figure, courses, low, high, log, theme, height)
    for k, y in enumerate(sorted(levels, reverse=True)):
        level(figure, y, f"{_told(levels[y])}: {short(y)}", theme, log=log, below=k > 0, at="right")
    cut = 10.0**high if log else high
    if any((c.y > cut).any() for c in courses):
        whisper(figure, "↑ some values lie above the axis", theme, corner="top left")
    return figure


def _course(name: str, history: pd.DataFrame, value: str, over: str) -> Course:
    x, y = array(history.get(over, [])), array(history.get(value, []))
    known = np.flatnonzero(np.isfinite(y) & np.isfinite(x)) if len(x) == len(y) else np.array([], int)
    known = known[thin(len(known), POINTS)] if len(known) else known
    return Course(name, x[known], y[known])


def _levels(courses: Sequence[Course], baselines: Mapping[str, Baseline], value: str) -> dict[float, str]:
    """Level → what reaches it without memory; levels that read alike are one."""
    found: dict[str, tuple[float, str]] = {}
    for base in (baselines[c.name] for c in courses if c.name in baselines):
        y = base.loss if value == "held_out" else base.value
        found.setdefault(f"{base.sentence} {short(y)}", (y, base.sentence))
    return dict(found.values())


def _range(courses: Sequence[Course], levels: list[float], log: bool) -> tuple[float, float]:
    """Both ends of the axis, as logarithms on a log axis; a run that exploded does not flatten the others."""
    every = np.concatenate([np.array(levels or [1.0]), *(c.y for c in courses)])
    tame = max(levels or [float(np.median([c.y[0] for c in courses if len(c.y)] or [1.0]))])
    top = min(float(every.max()), ABOVE * tame) if tame > 0 else float(every.max())
    if log:
        low, high = math.floor(math.log10(every.min())), math.ceil(math.log10(top))
        return low, max(high, low + 1)
    low = min(0.0, float(every.min()))
    return low, 1.0 if 0 < top <= 1 else top + 0.05 * (top - low) or 1.0


def _name(
    figure: go.Figure, courses: Sequence[Course], low: float, high: float, log: bool, theme: str, height: int
) -> None:
    """Each run's name behind the end of its line, in its colour, none on top of another."""
    ends = [(k, float(np.log10(c.y[-1]) if log else c.y[-1])) for k, c in enumerate(courses) if len(c.y)]
    places = spread([min(max((y - low) / (high - low), 0.0), 1.0) for _, y in ends], LINE / max(height - 90, LINE))
    longest = 0
    for (k, _), place in zip(ends, places):
        name = courses[k].name
        label = name if len(name) <= LABEL else name[: LABEL - 1] + "…"
        longest = max(longest, len(label))
        figure.add_annotation(x=float(courses[k].x[-1]), y=place, yref="paper", text=_told(label), showarrow=False,
                              xanchor="left", yanchor="middle", xshift=6,
                              font={"color": identity(k, theme, text=True), "size": 14})
    figure.update_layout(margin={"r": round(16 + LETTER * longest)})
    if len(ends) < len(courses):
        waiting = ", ".join(_told(c.name) for c in courses if not len(c.y))
        figure.add_annotation(x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False,
                              text=f"not measured yet: {waiting}", font={"color": ink(theme).second})


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Places from 0 to 1, moved as little as it takes to lie ``gap`` apart where there is room, in the same order."""
    gap = min(gap, 1 / max(len(places) - 1, 1))
    order = sorted(range(len(places)), key=lambda k: places[k])
    moved = [places[k] for k in order]
    for k in range(1, len(moved)):
        moved[k] = max(moved[k], moved[k - 1] + gap)
    for k in reversed(range(len(moved))):
        moved[k] = min(moved[k], 1.0 if k == len(moved) - 1 else moved[k + 1] - gap)
    return [moved[order.index(k)] for k in range(len(places))]


def _told(text: str) -> str:
    """Any text as plotly shows just that text."""
    return html.escape(text, quote=False).replace("%{", "% {")


def _words(courses: Sequence[Course], levels: Mapping[float, str], quantity: str, over: str) -> str:
    said = []
    for name, x, y in courses:
        end = f"{short(y[-1])} at {short(x[-1])} {AXES[over]}" if len(y) else "not measured yet"
        said.append(f"{name}: {short(y[0])} at first, {end}" if len(y) else f"{name}: {end}")
    said += [f"without memory ({sentence}): {short(y)}" for y, sentence in levels.items()]
    return f"{quantity.capitalize()} on held-out sequences, one line a run. " + "; ".join(said) + "."
