"""Visited states: a bar for each state's share of the visits, and a dash where the exact law puts it."""

from __future__ import annotations

import plotly.graph_objects as go

from rnn_core.analysis.occupancy import Occupancy
from rnn_core.figures.ink import ink
from rnn_core.figures.style import canvas, heading, whisper
from rnn_core.records.palette import tone

MOST = 64


def occupancy(result: Occupancy, *, theme: str = "light", height: int = 380) -> go.Figure:
    """States from the likeliest to the least likely, at most 64 of them; point at one for its signs and its energy."""
    table = result.frame().head(MOST)
    figure = canvas("", f"Visited states: {result.says}", theme=theme, height=height, x="states, the likeliest first")
    at = list(range(1, len(table) + 1))
    told = [f"{name}, E = {energy:.3g}" for name, energy in zip(table["state y | z"], table["energy"], strict=True)]
    figure.add_bar(
        x=at,
        y=[float(f"{v:.5g}") for v in table["measured"]],
        marker={"color": tone("hidden", theme)},
        customdata=told,
        hovertemplate="%{customdata}<br>%{y:.2%}<extra>measured</extra>",
        name="measured",
    )
    figure.add_scatter(
        x=at,
        y=[float(f"{v:.5g}") for v in table["law"]],
        mode="markers",
        marker={"symbol": "line-ew", "size": 11, "line": {"color": tone("theory", theme), "width": 2.5}},
        hovertemplate="%{y:.2%}<extra>law</extra>",
        name="law",
    )
    heading(figure, "share of the visits; dashes: the exact law", ink(theme).ink)
    if len(result.states) > MOST:
        whisper(figure, f"the {MOST} likeliest of {len(result.states):,} states", theme)
    figure.update_layout(yaxis={"tickformat": ".0%", "rangemode": "tozero", "nticks": 6}, bargap=0.25)
    figure.update_xaxes(nticks=8)
    return figure
