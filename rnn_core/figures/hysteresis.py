"""One branch of a circuit: its current over its voltage, a line without memory, a pinched loop with it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.hysteresis import Hysteresis
from rnn_core.figures.ink import array, ink, thin
from rnn_core.figures.style import canvas, heading, nothing
from rnn_core.records.palette import tone


def hysteresis(result: Hysteresis, *, theme: str = "light", height: int = 420) -> go.Figure:
    """The path through the plane of voltage and current, with an open dot where it began."""
    v, i = array(result.voltage), array(result.current)
    figure = canvas("", f"current over voltage: {result.says}", theme=theme, height=height, x="voltage <i>v</i>")
    heading(figure, "current <i>i</i>, in units of 1/<i>R</i><sub>on</sub>", tone("read", theme, text=True))
    if not len(v) or not np.isfinite([v, i]).all():
        return nothing(figure, theme)
    at, colour = thin(len(v), 1000), tone("read", theme)
    figure.add_scatter(
        x=[float(f"{value:.5g}") for value in v[at]],
        y=[float(f"{value:.5g}") for value in i[at]],
        mode="lines+markers",
        line={"color": colour, "width": 2},
        marker={
            "size": [9, *[3] * (len(at) - 1)],
            "color": [ink(theme).paper, *[colour] * (len(at) - 1)],
            "line": {"color": colour, "width": 1.5},
        },
        customdata=at,
        hovertemplate="t = %{customdata}: v = %{x:.3g}, i = %{y:.3g}<extra></extra>",
        name="path",
    )
    figure.update_xaxes(zeroline=True, zerolinecolor=ink(theme).second)
    figure.update_yaxes(zeroline=True, zerolinecolor=ink(theme).second)
    figure.update_layout(hovermode="closest")
    return figure
