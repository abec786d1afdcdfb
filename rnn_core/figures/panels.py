"""Panels one above the other over a common time axis, with flat titles, bands for what was done and heatmaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from rnn_core.figures.ink import ink, thin
from rnn_core.figures.style import TIME, heading
from rnn_core.records.palette import scale

GAP, FOOT = 34, 50


class Panel(NamedTuple):
    """One panel: its title in plotly's own markup, the colour of the title, and how many pixels it is high."""

    title: str
    colour: str
    size: int


def tall(panels: Sequence[Panel]) -> int:
    """The height of a picture that holds these panels."""
    return sum(panel.size + GAP for panel in panels) + FOOT


def lay_out(figure: go.Figure, panels: Sequence[Panel], steps: int) -> list[str]:
    """Give every panel its vertical axis and its title, from top to bottom; returns the names of the axes."""
    inner, top, names = sum(panel.size + GAP for panel in panels), 1.0, []
    figure.update_layout(margin={"t": 8})
    for k, (title, colour, size) in enumerate(panels):
        top -= GAP / inner
        names.append(f"y{k + 1}" if k else "y")
        figure.update_layout(
            {
                f"yaxis{k + 1 if k else ''}": {
                    "domain": [max(top - size / inner, 0.0), top],
                    "anchor": "x",
                    "nticks": 4,
                    "fixedrange": True,
                }
            }
        )
        heading(figure, title, colour, y=top, size=15, shift=2)
        top -= size / inner
    figure.update_xaxes(title_text=TIME, anchor=names[-1], range=[-0.5, steps - 0.5])
    return names


def band(figure: go.Figure, first: int, last: int, theme: str) -> None:
    """A faint band through all panels over the steps from first to last."""
    figure.add_shape(
        type="rect",
        xref="x",
        yref="paper",
        x0=first - 0.5,
        x1=last + 0.5,
        y0=0,
        y1=1,
        fillcolor=ink(theme).surface,
        line_width=0,
        layer="below",
    )


def cursor(figure: go.Figure, axes: Sequence[str], t: int, theme: str) -> None:
    """One line of ink through all panels at step t, with its flag in the first."""
    for axis in axes:
        figure.add_shape(
            type="line",
            xref="x",
            yref=f"{axis} domain",
            x0=t,
            x1=t,
            y0=0,
            y1=1,
            line={"color": ink(theme).ink, "width": 1.5},
        )
    figure.add_annotation(
        x=t,
        y=1,
        yref=f"{axes[0]} domain",
        yanchor="top",
        text=f"<i>t</i> = {t}",
        showarrow=False,
        bgcolor=ink(theme).ink,
        font={"color": ink(theme).paper, "size": 13},
    )


def heat(figure: go.Figure, axis: str, values: np.ndarray, theme: str, *, name: str, gate: bool = False) -> None:
    """Values (rows, t) as a heatmap on a fixed scale, −1…1 or 0…1 for a gate, the first row on top; NaN is a gap."""
    at, colours = thin(values.shape[1]), scale("seq" if gate else "div", theme)
    figure.add_heatmap(
        x=at,
        y=np.arange(len(values)),
        z=[[None if np.isnan(v) else round(float(v), 4) for v in row] for row in values[:, at]],
        yaxis=axis,
        zmin=0 if gate else -1,
        zmax=1,
        colorscale=[[k / (len(colours) - 1), c] for k, c in enumerate(colours)],
        showscale=False,
        hoverongaps=False,
        hovertemplate=f"t %{{x}}, {name} of unit %{{y}}: %{{z:.3f}}<extra></extra>",
    )
    figure.update_layout({f"yaxis{axis[1:]}": {"autorange": "reversed", "showgrid": False, "showticklabels": False}})
