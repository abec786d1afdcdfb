"""What an impulse leaves: every output as a line over the lag, and below it how far the state is from its calm run."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.impulse_response import FEW, ImpulseResponse
from rnn_core.figures.ink import array, ink, short, thin
from rnn_core.figures.panels import Panel, lay_out, tall
from rnn_core.figures.style import canvas, line, nothing, whisper
from rnn_core.records.palette import tone

LOW, HIGH = -8, 2


def impulse_response(result: ImpulseResponse, *, theme: str = "light", height: int = 400) -> go.Figure:
    """Δy over the steps after the impulse, and ‖Δs‖ on the fixed axis 10⁻⁸…100 below; a change of 0 is not drawn there.

    Of more than eight outputs the one that moves most is drawn in full, and the others faintly.
    """
    outputs, states, lags = array(result.outputs), array(result.states), array(result.lags)
    words = f"What one impulse leaves in outputs and states: {result.says}"
    figure = canvas("", words, theme=theme, height=height)
    if not len(lags) or not np.isfinite(outputs).any():
        return nothing(figure, theme)
    room = height - tall([Panel("", "", 0)] * 2)
    panels = [
        Panel("Δ<i>y<sub>k</sub></i> &nbsp;change of the outputs", ink(theme).ink, round(0.55 * room)),
        Panel("‖Δ<i>s<sub>k</sub></i>‖ &nbsp;change of the state", ink(theme).ink, round(0.45 * room)),
    ]
    _, below = lay_out(figure, panels, len(lags))
    at = thin(len(lags))
    _lines(figure, at, lags, np.where(np.isfinite(outputs), outputs, np.nan), theme)
    known = np.where(np.isfinite(states) & (states > 0), states, np.nan)
    line(
        figure,
        lags[at],
        known[at].clip(10.0**LOW, 10.0**HIGH),
        states[at],
        tone("hidden", theme),
        "‖Δs‖",
        digits=".2g",
    )
    figure.data[-1].yaxis = below
    figure.update_layout(
        {f"yaxis{below[1:]}": {"type": "log", "range": [LOW, HIGH], "dtick": 4, "exponentformat": "power"}}
    )
    figure.update_xaxes(title_text="steps after the impulse <i>k</i>", range=[lags[0] - 0.5, lags[-1] + 0.5])
    if result.last is not None and result.last < lags[-1]:
        figure.add_vline(x=result.last + 0.5, line={"color": ink(theme).ink, "width": 1.5, "dash": "dot"})
        whisper(figure, f"exactly 0 after lag {result.last}", theme)
    off = int((np.isfinite(states) & (states > 0) & ((states < 10.0**LOW) | (states > 10.0**HIGH))).sum())
    if off:
        whisper(figure, f"off the axis, on its edge: {off} steps", theme, corner="bottom right")
    return figure


def _lines(figure: go.Figure, at: np.ndarray, lags: np.ndarray, outputs: np.ndarray, theme: str) -> None:
    """One line an output, that which moves most on top and named; a zero line."""
    size = np.nanmax(np.abs(outputs), axis=0)
    order = np.argsort(size)
    figure.add_hline(y=0, line={"color": ink(theme).line, "width": 1}, layer="below")
    for k in order:
        best = k == order[-1]
        figure.add_scatter(
            x=lags[at],
            y=outputs[at, k],
            mode="lines+markers" if len(at) <= 60 and best else "lines",
            name=f"output {k}",
            line={"color": tone("prediction", theme), "width": 2.75 if best else 1.25},
            marker={"size": 5},
            opacity=1.0 if best or len(order) <= FEW else 0.3,
            hoverinfo=None if best or len(order) <= FEW else "skip",
            hovertemplate=f"%{{y:.3g}}<extra>output {k}</extra>" if best or len(order) <= FEW else None,
        )
    if len(order) > 1:
        best, where = order[-1], int(np.nanargmax(np.abs(outputs[at, order[-1]])))
        figure.add_annotation(
            x=float(lags[at][where]),
            y=float(outputs[at, best][where]),
            text=f"output {best}, by {short(size[best])}",
            showarrow=False,
            xanchor="left" if where < len(at) / 2 else "right",
            xshift=8 if where < len(at) / 2 else -8,
            font={"color": tone("prediction", theme, text=True), "size": 14},
        )
    figure.update_layout(yaxis={"tickformat": "~g"})
