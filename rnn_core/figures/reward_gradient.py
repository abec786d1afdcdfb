"""The gradient from reward: how far draws are from the exact one, and how noise grows with the steps."""

from __future__ import annotations

from typing import Literal

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.reward_gradient import RewardGradient
from rnn_core.figures.ink import array
from rnn_core.figures.style import canvas, name_line, nothing
from rnn_core.records.palette import tone

NAMES = {"none": "no baseline", "expected": "expected reward as the baseline"}
TITLES = {"draws": "distance from the exact gradient", "steps": "noise of a reward at the end"}
ALONG = {"draws": "draws averaged (distance in lengths of the gradient)", "steps": "steps <i>T</i>"}
MEANING = {"none": "gradient", "expected": "hidden"}


def reward_gradient(
    result: RewardGradient, *, grows: Literal["draws", "steps"] = "draws", theme: str = "light", height: int = 340
) -> go.Figure:
    """Both axes logarithmic. Dots are drawn, lines are sums over all answers: exact for a single step's reward."""
    x = array(result.draws if grows == "draws" else result.lengths)
    lines = ({name: (array(result.off[name]), array(result.theory[name])) for name in result.off}
             if grows == "draws" else {"none": (array(result.noise), array(result.exact))})
    figure = canvas(TITLES[grows], f"{TITLES[grows].capitalize()}, against {grows}: {result.says}", theme=theme,
                    height=height, x=ALONG[grows])
    every = np.concatenate([v for pair in lines.values() for v in pair])
    if not np.isfinite(every).all() or every.min() <= 0:
        return nothing(figure, theme)
    low, high = np.log10(every.min()) - 0.15, np.log10(every.max()) + 0.25
    curves = [np.log10(exact) for _, exact in lines.values()]
    for k, (name, (drawn, exact)) in enumerate(lines.items()):
        colour = tone(MEANING[name], theme)
        figure.add_scatter(x=x, y=exact, mode="lines", name="in theory", line={"color": colour, "width": 2,
                           "dash": "solid" if name == "none" else "dash"},
                           hovertemplate=f"%{{y:.3g}}<extra>{NAMES[name]}, exact</extra>")
        figure.add_scatter(x=x, y=drawn, mode="markers", name="drawn", hovertemplate="%{y:.3g}<extra>drawn</extra>",
                           marker={"color": colour, "size": 8, "symbol": "circle" if name == "none" else "diamond"})
        if grows == "draws":
            name_line(figure, np.log10(x), curves, k, low, high, NAMES[name], tone(MEANING[name], theme, text=True))
    figure.update_xaxes(type="log", tickvals=x, tickformat=",d", tickangle=0)
    figure.update_yaxes(type="log", range=[low, high], nticks=5)
    return figure
