"""A race while it is run: each architecture's median over seeds and its band, against the computed baseline."""

from __future__ import annotations

import html
import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from rnn_core.figures.compare_runs import spread
from rnn_core.figures.ink import DASHES, array, identity, ink, short
from rnn_core.figures.style import canvas
from rnn_core.records.palette import tone

OVER = {"updates": "updates", "seconds": "seconds of computing, a model", "examples": "examples seen, a model"}
LETTER, LINE, LABEL = 7.5, 20.0, 22


def race(result: Any, *, over: str = "updates", theme: str = "light", height: int = 400) -> go.Figure:
    """Held-out loss: a line is the median of a lane's seeds, the area its band, dotted what is had without memory.

    ``result`` is a race's verdict, ``over`` is "updates", "seconds" or "examples". A band that reaches to the upper
    edge holds seeds that diverged. ValueError, in one sentence, for any other axis.
    """
    if over not in OVER:
        raise ValueError(f"The axis of a race is updates, seconds or examples, not “{over}”.")
    base, lanes = result.baseline, [array(result.bands(k)) for k in range(len(result.names))]    # (rounds, 3)
    log, low, high = scale(np.concatenate([band.ravel() for band in lanes]), base.loss)
    title = f"Held-out {result.race.base.make_task().loss_name}{', log scale' if log else ''}"
    figure = canvas(told(title), _words(result), theme=theme, height=height, x=OVER[over])
    axes = [array(result.axis(k, over)) for k in range(len(lanes))]
    figure.update_xaxes(range=[0, max(float(x[-1]) for x in axes) or 1.0])
    figure.update_yaxes(range=[low, high], **({"type": "log", "dtick": 1, "exponentformat": "power"} if log else {}))
    top = 10.0**high if log else high
    for k, (name, x, band) in enumerate(zip(result.names, axes, lanes)):
        _area(figure, x, np.minimum(band[:, 1], top), np.minimum(band[:, 2], top), identity(k, theme))
        _median(figure, x, band, identity(k, theme), DASHES[k % len(DASHES)], told(name))
    ends = [_height(band[-1, 0], low, high, log) for band in lanes]
    for k, place in enumerate(spread(ends, LINE / max(height - 90, LINE))):
        label = result.names[k] if len(result.names[k]) <= LABEL else result.names[k][: LABEL - 1] + "…"
        figure.add_annotation(x=1, xref="paper", y=place, yref="paper", text=told(label), showarrow=False,
                              xanchor="left", yanchor="middle", xshift=6,
                              font={"color": identity(k, theme, text=True), "size": 14})
    figure.update_layout(margin={"r": round(16 + LETTER * min(LABEL, max(map(len, result.names))))})
    without(figure, base, theme, log)
    return figure


def told(text: str) -> str:
    """Any text as plotly shows just that text."""
    return html.escape(text, quote=False).replace("%{", "% {")


def scale(values: np.ndarray, level: float) -> tuple[bool, float, float]:
    """Whether the axis is logarithmic, and its ends: whole decades, or from 0; what is not finite does not count."""
    seen = np.append(values[np.isfinite(values)], level)
    if (seen > 0).all():
        low, high = math.floor(math.log10(seen.min())), math.ceil(math.log10(seen.max()))
        return True, low, max(high, low + 1)
    return False, min(0.0, float(seen.min())), 1.05 * float(seen.max()) or 1.0


def without(figure: go.Figure, base: Any, theme: str, log: bool) -> None:
    """What can be had without memory, dotted."""
    figure.add_shape(type="line", xref="paper", x0=0, x1=1, y0=base.loss, y1=base.loss,
                     line={"color": tone("baseline", theme), "width": 2, "dash": "dot"})
    words = told(f"{base.sentence}: {short(base.loss)}")
    figure.add_annotation(x=1, xref="paper", xanchor="right", xshift=-4, yanchor="bottom", showarrow=False, text=words,
                          y=np.log10(base.loss) if log else base.loss,
                          font={"color": ink(theme).ink, "size": 14})


def _area(figure: go.Figure, x: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str) -> None:
    known = np.isfinite(low) & np.isfinite(high)
    x, low, high = x[known], low[known], high[known]
    figure.add_scatter(x=np.concatenate([x, x[::-1]]), y=np.concatenate([high, low[::-1]]), fill="toself",
                       fillcolor=colour, opacity=0.16, mode="none", hoverinfo="skip")


def _median(figure: go.Figure, x: np.ndarray, band: np.ndarray, colour: str, dash: str, name: str) -> None:
    y = np.where(np.isfinite(band[:, 0]), band[:, 0], np.nan)
    said = [f"{short(m)} ({short(a)} to {short(b)})" for m, a, b in band]
    lone = len(x) == 1
    figure.add_scatter(x=x, y=y, customdata=said, name=name, mode="markers" if lone else "lines",
                       line={"color": colour, "width": 2.75, "dash": dash}, marker={"color": colour, "size": 8},
                       hovertemplate=f"%{{customdata}}<extra>{name}</extra>")


def _height(value: float, low: float, high: float, log: bool) -> float:
    """Where a value stands between the axis's ends, from 0 to 1."""
    if not math.isfinite(value):
        return 1.0
    return min(max(((math.log10(value) if log else value) - low) / (high - low), 0.0), 1.0)


def _words(result: Any) -> str:
    """The picture in a sentence for each lane."""
    said = [f"{name}: {band}" for name, band in zip(result.names, result.last)]
    return (f"Held-out loss of {len(said)} architectures after {result.rounds[-1]:,} updates, median over "
            f"{result.race.seeds} seeds and {result.band_name}: {'; '.join(said)}. “{result.baseline.sentence}” "
            f"scores {short(result.baseline.loss)}. {result.headline}")
