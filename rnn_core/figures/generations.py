"""How a population got better: the best, the median and the worst loss of every generation."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.population import PopulationResult
from rnn_core.figures.ink import array, ink
from rnn_core.figures.style import canvas, line, name_line, nothing
from rnn_core.records.palette import tone


def generations(result: PopulationResult, *, theme: str = "light", height: int = 340) -> go.Figure:
    """Loss against generation; logarithmic where all losses are positive, as they are not where return is the score.

    The band reaches from the best to the median, which is where parents mostly come from. The axis ends at the largest
    median; the worst network is mostly beyond it.
    """
    figure = canvas("<i>L</i> &nbsp;loss of a generation’s networks", f"Loss of each generation: {result.says}",
                    theme=theme, height=height, x="generation")
    spread = array(result.now.spread)
    if not len(spread):
        return nothing(figure, theme)
    x, best, median, worst = (np.where(np.isfinite(v), v, np.nan) for v in spread.T)
    log = bool(np.nanmin(spread[:, 1]) > 0)
    top = float(np.nanmax(median)) if np.isfinite(median).any() else float(np.nanmax(best))
    low, high = float(np.nanmin(best)), top + 0.05 * abs(top)
    ends = np.log10([low, high]) if log else np.array([low, high])
    room = 0.08 * max(float(ends[1] - ends[0]), 1e-6)
    ends = ends + np.array([-room, room])
    figure.update_yaxes(range=list(ends), **({"type": "log", "exponentformat": "power", "dtick": "D2"} if log else {}))
    figure.add_scatter(x=np.concatenate([x, x[::-1]]), y=np.concatenate([best, median[::-1]]), fill="toself",
                       mode="lines", line={"width": 0, "color": tone("prediction", theme)}, opacity=0.15,
                       hoverinfo="skip")
    curves = {"best": (best, tone("prediction", theme), "solid", tone("prediction", theme, text=True)),
              "median": (median, ink(theme).second, "dash", ink(theme).second),
              "worst": (worst, ink(theme).second, "dot", ink(theme).second)}
    drawn = [np.log10(v) if log else v for v, *_ in curves.values()]
    for k, (name, (values, colour, dash, text)) in enumerate(curves.items()):
        line(figure, x, values, values, colour, name, dash=dash, width=2.75 if k == 0 else 1.5, digits=".4g")
        name_line(figure, x, drawn, k, ends[0], ends[1], name, text)
    return figure
