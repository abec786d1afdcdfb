"""One gradient before and after clipping: every entry against what became of it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.clipping import Clipping
from rnn_core.figures.ink import array, ink, short, thin
from rnn_core.figures.style import canvas, nothing, whisper
from rnn_core.records.palette import tone

SHOWN = 400


def clipping(result: Clipping, *, theme: str = "light", height: int = 380) -> go.Figure:
    """Each entry of the gradient, before against after; on a straight line through 0 where the direction is kept.

    Beside it the same gradient cut entry by entry, which bends. At most 400 entries are drawn, the largest among them.
    """
    words = (f"Gradient clipping: length {short(result.norm)} before, {short(float(result.after.norm()))} after, limit "
             f"{short(result.limit)}. Clipped by length it keeps its direction; cut entry by entry it turns by "
             f"{result.turned[1]:.0f} degrees.")
    before, after, cut = array(result.before), array(result.after), array(result.cut)
    if not len(before) or not np.isfinite(before).all():
        figure = canvas("", "Gradient clipping: there is no finite gradient.", theme=theme, height=height, x="before")
        return nothing(figure, theme)
    figure = canvas("each entry of <i>g</i>, after clipping", words, theme=theme, height=height, x="before")
    order = np.argsort(before)[thin(len(before), SHOWN)]
    edge = float(np.abs(before).max()) or 1.0
    figure.add_scatter(x=[-edge, edge], y=[-edge, edge], mode="lines", hoverinfo="skip",
                       line={"color": ink(theme).second, "width": 1.5, "dash": "dot"})
    for values, name, key, symbol in ((cut, "cut one by one", "candidate", "x-thin"),
                                      (after, "clipped by length", "gradient", "circle")):
        figure.add_scatter(x=before[order], y=values[order], mode="markers", name=name,
                           marker={"color": tone(key, theme), "size": 6, "symbol": symbol,
                                   "line": {"width": 1.5, "color": tone(key, theme)}},
                           hovertemplate=f"%{{x:.2e}} → %{{y:.2e}}<extra>{name}</extra>")
    top = max(float(np.abs(after).max()), float(np.abs(cut).max())) or 1.0
    figure.update_layout(hovermode="closest", xaxis={"range": [-1.08 * edge, 1.08 * edge]},
                         yaxis={"range": [-1.5 * top, 1.5 * top], "nticks": 6})
    factor = result.factor
    for y, text, key in (
        (1.0, f"● clipped by length: × {short(factor)}, turned {result.turned[0]:.0f}°", "gradient"),
        (0.92, f"× cut one by one: turned {result.turned[1]:.0f}°", "candidate"),
    ):
        figure.add_annotation(x=0.02, y=y, xref="paper", yref="paper", xanchor="left", yanchor="top", text=text,
                              showarrow=False, font={"size": 14, "color": tone(key, theme, text=True)})
    whisper(figure, "dotted: as it was", theme, corner="bottom right", shift=6)
    return figure
