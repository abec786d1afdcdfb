"""A family tree: generations from top to bottom, the best network of each on the left, and who descends from whom."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.genealogy import Genealogy
from rnn_core.figures.ink import array, ink, thin
from rnn_core.figures.style import canvas, nothing, whisper
from rnn_core.records.palette import tone

MOST, FEW = 60, 24


def genealogy(result: Genealogy, *, theme: str = "light", height: int = 460) -> go.Figure:
    """A dot a network, a thick line to each parent of a forebear of the best, a thin one to that of any other.

    Dots of forebears are large and in colour; of more than 24 networks a generation, theirs alone have lines. Of more
    than 60, the forebears and evenly picked others are drawn.
    """
    figure = canvas("generations, from top to bottom", f"A family tree. Here {result.says}", theme=theme,
                    height=height, x="place in its generation, the best on the left")
    losses, family = array(result.losses), result.forebear.numpy()
    if not losses.size:
        return nothing(figure, theme)
    g, p = losses.shape
    shown = family.copy()
    shown[:, thin(p, MOST)] = True
    parents = result.parents.numpy()
    for own, colour, width, opacity in ((False, ink(theme).second, 0.6, 0.35), (True, tone("hidden", theme), 2.2, 0.9)):
        x, y = [], []
        for t in range(1, g):
            for k in np.flatnonzero(shown[t] & family[t] if own else shown[t] & ~family[t] & (p <= FEW)):
                for parent in sorted(set(parents[t, k].tolist()) - {-1}):
                    x += [parent + 1, k + 1, None]
                    y += [result.first + t - 1, result.first + t, None]
        figure.add_scatter(x=x, y=y, mode="lines", line={"color": colour, "width": width}, opacity=opacity,
                           hoverinfo="skip")
    for own in (False, True):
        at = np.argwhere(shown & (family if own else ~family))
        figure.add_scatter(
            x=at[:, 1] + 1, y=at[:, 0] + result.first, mode="markers", name="forebear" if own else "other",
            marker={"size": 10 if own else 5, "color": tone("hidden", theme) if own else ink(theme).second,
                    "symbol": "diamond" if own else "circle"},
            customdata=np.array([[losses[t, k], result.words[t][k]] for t, k in at], object).reshape(-1, 2),
            hovertemplate="generation %{y}, place %{x}: loss %{customdata[0]:.4g}<br>%{customdata[1]}<extra></extra>")
    figure.update_yaxes(range=[result.first + g, result.first - 0.5], dtick=max(1, g // 8))
    figure.update_xaxes(range=[0.4, p + 0.6])
    figure.update_layout(hovermode="closest")
    whisper(figure, "◆ the best and its forebears", theme, corner="bottom right", shift=0)
    return figure
