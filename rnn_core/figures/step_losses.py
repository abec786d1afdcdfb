"""What each step adds to the loss, and the sum so far: bars over time, and a line that ends at the total."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.step_losses import StepLosses
from rnn_core.figures.ink import array, ink, short, thin
from rnn_core.figures.panels import Panel, lay_out, tall
from rnn_core.figures.style import canvas, nothing
from rnn_core.records.palette import tone


def step_losses(result: StepLosses, *, theme: str = "light", height: int = 320) -> go.Figure:
    """Bars L_s at the steps that are scored, and below them their sum up to each step, which ends at the loss."""
    parts, sums = array(result.parts), array(result.sums)
    at = thin(len(parts))
    words = (
        "What each step adds to the loss. No step is scored."
        if np.isnan(parts).all()
        else f"What each step adds to the loss: {int(np.isfinite(parts).sum())} steps are scored, and their parts add "
        f"up to {short(result.total)}."
    )
    figure = canvas("", words, theme=theme, height=height)
    colour, text = tone("prediction", theme), tone("prediction", theme, text=True)
    if not len(parts):
        return nothing(figure, theme)
    room = height - tall([Panel("", "", 0)] * 2)
    panels = [
        Panel("<i>L<sub>s</sub></i> &nbsp;what the step adds to the loss", ink(theme).ink, round(0.55 * room)),
        Panel("Σ<i>L<sub>s</sub></i> &nbsp;sum so far", ink(theme).ink, round(0.45 * room)),
    ]
    bars, line = lay_out(figure, panels, len(parts))
    scored = array(result.scored)[at]
    figure.add_bar(
        x=at,
        y=[None if not np.isfinite(v) else float(v) for v in parts[at]],
        yaxis=bars,
        width=max(0.8, len(parts) / len(at) * 0.8),
        marker={"color": colour, "line": {"width": 0}},
        customdata=scored,
        hovertemplate="%{y:.3g}, scored in %{customdata:.0f} sequences<extra>this step</extra>",
        name="this step",
    )
    figure.add_scatter(
        x=at,
        y=sums[at],
        yaxis=line,
        mode="lines",
        line={"color": colour, "width": 2.75, "shape": "hv"},
        hovertemplate="%{y:.3g}<extra>sum so far</extra>",
        name="sum so far",
    )
    scale = {"rangemode": "tozero", "tickformat": "~g"}
    figure.update_layout({f"yaxis{line[1:]}": scale, "yaxis": scale})
    if np.isfinite(result.total):
        figure.add_annotation(
            x=0,
            xref="paper",
            xanchor="left",
            xshift=4,
            y=result.total,
            yref=line,
            yanchor="top",
            text=f"the loss: {short(result.total)}",
            showarrow=False,
            font={"color": text, "size": 14},
        )
    return figure
