"""A network that goes on by itself beside the truth, number by number, and the error below."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.free_run import APART, FreeRun
from rnn_core.figures.ink import array, ink, short, thin
from rnn_core.figures.panels import Panel, lay_out, tall
from rnn_core.figures.style import canvas, line, nothing, whisper
from rnn_core.records.palette import tone

MOST, LOW, HIGH = 3, -6, 2


def free_run(result: FreeRun, *, row: int = 0, theme: str = "light", height: int = 420) -> go.Figure:
    """The truth dashed, what was said solid, for the first three numbers; e_t on a logarithmic axis with its limit."""
    said, truth, errors = (array(v)[row] for v in (result.said, result.truth, result.errors))
    figure = canvas("", f"What the network says beside the truth: {result.says}", theme=theme, height=height)
    if not np.isfinite(said[0]).all():
        return nothing(figure, theme)
    said, errors = (np.where(np.isfinite(v), v, np.nan) for v in (said, errors))
    numbers = min(said.shape[1], MOST)
    room = height - tall([Panel("", "", 0)] * (numbers + 1))
    names = ["<i>y<sub>t</sub></i>" if said.shape[1] == 1 else f"<i>y<sub>t,{k}</sub></i>" for k in range(numbers)]
    title = " &nbsp;- - truth, solid: what it says"
    panels = [
        Panel(name + title * (k == 0), ink(theme).ink, round(0.7 * room / numbers)) for k, name in enumerate(names)
    ]
    panels.append(Panel("<i>e<sub>t</sub></i> &nbsp;error in deviations", ink(theme).ink, round(0.3 * room)))
    axes = lay_out(figure, panels, len(said))
    steps = result.heard + np.arange(len(said))
    at = thin(len(said), 800)
    for k in range(numbers):
        top = 1.4 * max(float(np.abs(truth[:, k]).max()), 1e-9)
        for values, meaning, dash, width, name in (
            (said[:, k].clip(-top, top), "prediction", "solid", 2.25, "said"),
            (truth[:, k], "target", "dash", 1.5, "truth"),
        ):
            own = said[:, k] if meaning == "prediction" else truth[:, k]
            line(figure, steps[at], values[at], own[at], tone(meaning, theme), name, dash=dash, width=width,
                 digits=".3g")  # fmt: skip
            figure.data[-1].yaxis = axes[k]
    line(figure, steps[at], errors[at].clip(10.0**LOW, 10.0**HIGH), errors[at], tone("prediction", theme), "error",
         width=1.75, digits=".2g")  # fmt: skip
    figure.data[-1].yaxis = axes[-1]
    key = f"yaxis{axes[-1][1:]}"
    figure.update_layout({key: {"type": "log", "range": [LOW, HIGH], "dtick": 2, "exponentformat": "power"}})
    figure.add_shape(type="line", xref="paper", x0=0, x1=1, yref=axes[-1], y0=APART, y1=APART,
                     line={"color": ink(theme).ink, "width": 1.25, "dash": "dash"})  # fmt: skip
    _horizon(figure, result, row, theme)
    figure.update_xaxes(range=[steps[0] - 0.5, steps[-1] + 0.5], nticks=8)
    return figure


def _horizon(figure: go.Figure, result: FreeRun, row: int, theme: str) -> None:
    """Where the two part, where a network goes on by itself."""
    horizon = int(result.horizons[row])
    if not result.free:
        whisper(figure, f"error {short(result.nrmse)} deviations", theme, corner="bottom right")
    elif horizon < result.truth.shape[1]:
        figure.add_vline(x=result.heard + horizon, line={"color": ink(theme).ink, "width": 1.5, "dash": "dot"})
        long = f", {horizon * result.exponent:.2g} Lyapunov times" if result.exponent else ""
        whisper(figure, f"parts after {horizon} steps{long}", theme, corner="bottom right")
