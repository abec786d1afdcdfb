"""How a race ended, seed by seed: one dot a network, a bar at the median."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from rnn_core.figures.ink import array, identity, ink, short
from rnn_core.figures.race import scale, told, without
from rnn_core.figures.style import canvas

MARKS = ("circle", "square", "diamond", "triangle-up")
APART, BAR = 0.3, 0.36


def race_seeds(result: Any, *, theme: str = "light", height: int = 300) -> go.Figure:
    """The last held-out loss of every seed, lane by lane; a cross on the upper edge is a seed that diverged."""
    lanes = [array(values) for values in result.finals]
    base = result.baseline
    log, low, high = scale(np.concatenate(lanes), base.loss)
    figure = canvas(f"Each seed after {result.rounds[-1]:,} updates", _words(result), theme=theme,
                    height=height, x="")
    figure.update_xaxes(range=[-0.6, len(lanes) - 0.4], tickvals=list(range(len(lanes))),
                        ticktext=[told(name) for name in result.names])
    figure.update_yaxes(range=[low, high], **({"type": "log", "dtick": 1, "exponentformat": "power"} if log else {}))
    figure.update_layout(hovermode="closest")
    seeds = list(result.race.race_seeds)
    places = np.linspace(-APART, APART, len(seeds))
    for k, (values, band) in enumerate(zip(lanes, result.last)):
        lost = ~np.isfinite(values)
        y = np.where(lost, 10.0**high if log else high, values)
        said = [f"seed {seed}: {'diverged' if gone else short(v)}" for seed, v, gone in zip(seeds, values, lost)]
        symbols = ["x" if gone else MARKS[k % len(MARKS)] for gone in lost]
        figure.add_scatter(x=k + places, y=y, mode="markers", text=said, hovertemplate="%{text}<extra></extra>",
                           name=told(result.names[k]), marker={"color": identity(k, theme), "size": 9,
                           "symbol": symbols, "line": {"width": 1, "color": ink(theme).paper}})
        if np.isfinite(band.median):
            figure.add_shape(type="line", x0=k - BAR, x1=k + BAR, y0=band.median, y1=band.median,
                             line={"color": identity(k, theme), "width": 2.75})
    without(figure, base, theme, log)
    return figure


def _words(result: Any) -> str:
    said = [f"{name}: {', '.join('diverged' if v is None else short(v) for v in values)}"
            for name, values in zip(result.names, result.finals)]
    return f"Last held-out loss of every seed. {'; '.join(said)}. Without memory: {short(result.baseline.loss)}."
