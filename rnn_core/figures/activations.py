"""Four activation functions, and below them their slopes with the largest of each named."""

from __future__ import annotations

import plotly.graph_objects as go

from rnn_core.analysis.activations import Activations
from rnn_core.figures.ink import array, ink, short
from rnn_core.figures.style import canvas, heading, line, name_line
from rnn_core.records.palette import tone

TONES = {"tanh": "hidden", "logistic σ": "forget", "relu": "candidate", "linear": "baseline"}
VALUES, SLOPES = (-1.6, 2.2), (-0.12, 1.3)
UPPER, LOWER = (0.56, 1.0), (0.0, 0.42)


def activations(result: Activations, *, theme: str = "light", height: int = 520) -> go.Figure:
    """φ(a) above φ'(a) over the sum a of a unit's inputs; what leaves the fixed axes is cut off."""
    bounds = [f"{n} {short(float(s))} at {short(float(a))}" for n, s, a in zip(
        result.names, result.steepest, result.where)]
    words = f"Activation functions and their slopes. Largest slopes: {', '.join(bounds)}."
    figure = canvas("", words, theme=theme, height=height, x="sum <i>a</i> of a unit's inputs")
    at = array(result.at)
    for rows, axis, (low, high) in ((array(result.values), "y", VALUES), (array(result.slopes), "y2", SLOPES)):
        for k, name in enumerate(result.names):
            used = name in result.used
            line(figure, at, rows[k], rows[k], tone(TONES[name], theme), name, width=3.5 if used else 2.0, digits=".3f",
                 dash="solid" if used or not result.used else "dot")
            figure.data[-1].update(yaxis=axis)
        if axis == "y":
            for k, name in enumerate(result.names):
                name_line(figure, at, list(rows), k, low, high, name, tone(TONES[name], theme, text=True))
    figure.update_layout(
        yaxis={"domain": UPPER, "range": VALUES, "fixedrange": True, "nticks": 5},
        yaxis2={"domain": LOWER, "range": SLOPES, "fixedrange": True, "anchor": "x",
                "tickvals": [0, 0.25, 0.5, 0.75, 1]},
        xaxis={"anchor": "y2"},
    )
    for y, text in ((UPPER[1], "<i>φ</i>(<i>a</i>) &nbsp;what comes out"),
                    (LOWER[1], "<i>φ′</i>(<i>a</i>) &nbsp;the slope there")):
        heading(figure, text, ink(theme).ink, y=y)
    _maxima(figure, result, theme)
    return figure


def _maxima(figure: go.Figure, result: Activations, theme: str) -> None:
    """A dot on the largest slope of each bent function, and its number."""
    for name, text, shift in (("tanh", "tanh: at most 1", 14), ("logistic σ", "σ: at most ¼", -16)):
        k = result.names.index(name)
        x, y, colour = float(result.where[k]), float(result.steepest[k]), tone(TONES[name], theme, text=True)
        figure.add_scatter(x=[x], y=[y], yaxis="y2", mode="markers", marker={"size": 9, "color": colour},
                           hoverinfo="skip")
        figure.add_annotation(x=x, y=y, yref="y2", text=text, showarrow=False, yshift=shift,
                              font={"color": colour, "size": 14})
