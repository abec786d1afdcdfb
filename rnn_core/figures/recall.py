"""Recall: the energy above, falling with every change, and below it the overlap with each stored pattern."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.recall import Recall
from rnn_core.figures.ink import array, ink, thin
from rnn_core.figures.style import canvas, heading
from rnn_core.records.palette import tone

TOP, GAP = 0.62, 0.5


def recall(result: Recall, *, theme: str = "light", height: int = 400) -> go.Figure:
    """Energy and overlaps, change by change; what is nearest in the end is coloured, the others are grey."""
    count = len(result.states)
    figure = canvas("", _words(result), theme=theme, height=height, x=_axis(result))
    at, colours = thin(count), ink(theme)
    blue = tone("hidden", theme)
    energy, overlaps = array(result.energy)[at], array(result.overlaps)[at]
    mode = "lines+markers" if count <= 40 else "lines"
    figure.add_scatter(
        x=at,
        y=_rounded(energy),
        mode=mode,
        line={"color": blue, "width": 2.75, "shape": "hv"},
        marker={"color": blue, "size": 5},
        hovertemplate="%{y:.4g}<extra>energy</extra>",
        name="energy",
    )
    best = int(np.abs(overlaps[-1]).argmax())
    for k in sorted(range(len(result.names)), key=lambda k: k == best):
        colour = blue if k == best else colours.second
        figure.add_scatter(
            x=at,
            y=_rounded(overlaps[:, k]),
            yaxis="y2",
            mode=mode,
            line={"color": colour, "width": 2.75 if k == best else 1, "shape": "hv"},
            marker={"color": colour, "size": 5 if k == best else 3},
            hovertemplate=f"%{{y:.2f}}<extra>{_html(result.names[k])}</extra>",
            name=_html(result.names[k]),
        )
    figure.add_annotation(
        x=at[-1],
        y=float(overlaps[-1, best]),
        yref="y2",
        xanchor="right",
        yanchor="top" if overlaps[-1, best] > 0 else "bottom",
        showarrow=False,
        text=_html(result.names[best]),
        font={"color": tone("hidden", theme, text=True), "size": 14},
    )
    heading(figure, "<i>E</i> &nbsp;energy", colours.ink, shift=4)
    heading(figure, "<i>m</i> &nbsp;overlap with each pattern", colours.ink, y=GAP, shift=4)
    figure.update_layout(
        yaxis={"domain": [TOP, 1], "nticks": 4},
        yaxis2={"domain": [0, GAP], "range": [-1.08, 1.08], "tickvals": [-1, 0, 1], "anchor": "x"},
        xaxis={"anchor": "y2", "range": [-0.02 * count, max(count - 1, 1) * 1.02]},
    )
    if count <= 8:
        figure.update_layout(xaxis={"dtick": 1})
    return figure


def _axis(result: Recall) -> str:
    return "updates of all units" if result.together else "changes, one unit at a time"


def _html(name: str) -> str:
    """A name that plotly shows as it is."""
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _rounded(values: np.ndarray) -> list[float | None]:
    return [float(f"{v:.6g}") if np.isfinite(v) else None for v in values]


def _words(result: Recall) -> str:
    """The picture in words."""
    first, last = array(result.energy)[[0, -1]]
    count = len(result.states) - 1
    return f"Recall of one start over {count} changes, energy from {first:.3g} to {last:.3g}: {result.says}"
