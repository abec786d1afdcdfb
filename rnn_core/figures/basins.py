"""Basins of attraction: the share of damaged starts that come back, and of those that end at the inverse."""

from __future__ import annotations

import plotly.graph_objects as go

from rnn_core.analysis.basins import Basins
from rnn_core.figures.ink import array
from rnn_core.figures.style import canvas, line, name_line
from rnn_core.records.palette import tone

ENDS = (("the pattern", "hidden", "solid"), ("its inverse", "candidate", "dash"))


def basins(result: Basins, *, theme: str = "light", height: int = 340) -> go.Figure:
    """Both shares against the damage, from no unit flipped to all of them."""
    damage = array(result.damage)
    curves = [array(result.recalled), array(result.inverse)]
    figure = canvas(
        f"share of {result.starts} starts that end there",
        f"Recall against damage: {result.says}",
        theme=theme,
        height=height,
        x="share of units flipped",
    )
    for k, (name, meaning, dash) in enumerate(ENDS):
        line(figure, damage, curves[k], curves[k], tone(meaning, theme), name, dash=dash, digits=".0%")
        name_line(figure, damage, curves, k, -0.02, 1.02, name, tone(meaning, theme, text=True))
    figure.update_layout(
        yaxis={"range": [-0.02, 1.08], "tickformat": ".0%", "nticks": 5},
        xaxis={"tickformat": ".0%", "range": [float(damage[0]) - 0.01, float(damage[-1]) + 0.01]},
    )
    return figure
