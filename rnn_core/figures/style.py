"""The one plotly template: flat serif titles, direct labels, quiet grids, no legend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from rnn_core.figures.ink import IDENTITIES, SANS, SERIF, ink
from rnn_core.records.palette import tone

CLEAR = "rgba(0,0,0,0)"
TIME = "time step <i>t</i>"

#: What plotly's own buttons may do; for ``figure.show(config=…)`` and ``st.plotly_chart(config=…)``.
CONFIG = {
    "displaylogo": False,
    "displayModeBar": "hover",
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
}


class Spot(NamedTuple):
    """Where a line's name stands: beside which point, above or below it, and to which side of it (−1, 0, 1)."""

    index: int
    above: bool
    side: int


def template(theme: str) -> go.layout.Template:
    """The template of a theme."""
    text, second, line, _, surface = ink(theme)
    axis = {
        "showgrid": True,
        "gridcolor": line,
        "gridwidth": 1,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "tickfont": {"size": 13, "color": second},
        "automargin": True,
        "title": {"font": {"size": 14, "color": second}, "standoff": 8},
    }
    return go.layout.Template(
        layout={
            "font": {"family": SANS, "size": 14, "color": text},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "margin": {"l": 8, "r": 16, "t": 38, "b": 8},
            "xaxis": {**axis, "showgrid": False},
            "yaxis": axis,
            "showlegend": False,
            "hovermode": "x unified",
            "colorway": [tone(k, theme) for k in IDENTITIES],
            "hoverlabel": {
                "bgcolor": surface,
                "bordercolor": line,
                "font": {"family": SANS, "size": 13, "color": text},
            },
            "coloraxis": {"colorbar": {"thickness": 10, "outlinewidth": 0, "tickfont": {"size": 12, "color": second}}},
            "modebar": {"bgcolor": CLEAR, "color": second, "activecolor": text},
        }
    )


def canvas(title: str, alt: str, *, theme: str, height: int = 360, x: str = TIME) -> go.Figure:
    """An empty picture with its flat title, its horizontal axis and its words."""
    figure = go.Figure(layout={"template": template(theme), "height": height, "meta": {"alt": alt}})
    figure.update_xaxes(title_text=x)
    if title:
        heading(figure, title, ink(theme).ink)
    return figure


def heading(
    figure: go.Figure, text: str, colour: str, *, x: float = 0, y: float = 1, size: int = 16, shift: int = 8
) -> None:
    """A flat title that stands on height y of the paper: from x on, or, where x is 1, up to it."""
    figure.add_annotation(
        x=x,
        y=y,
        xref="paper",
        yref="paper",
        xanchor="right" if x == 1 else "left",
        yanchor="bottom",
        yshift=shift,
        text=text,
        showarrow=False,
        font={"size": size, "family": SERIF, "color": colour},
    )


def whisper(figure: go.Figure, text: str, theme: str, *, corner: str = "top right", shift: int = 4) -> None:
    """A quiet remark in a corner of the plot."""
    up, right = corner.startswith("top"), corner.endswith("right")
    figure.add_annotation(
        x=float(right),
        y=float(up),
        xref="paper",
        yref="paper",
        text=text,
        showarrow=False,
        xanchor="right" if right else "left",
        yanchor="top" if up else "bottom",
        yshift=-shift if up else shift,
        font={"color": ink(theme).second, "size": 13},
    )


def level(
    figure: go.Figure,
    y: float,
    text: str,
    theme: str,
    *,
    log: bool = False,
    below: bool = False,
    width: float = 1.5,
    at: str = "left",
) -> None:
    """A dashed line of ink across the plot with its words on it, above or below."""
    figure.add_shape(
        type="line",
        xref="paper",
        x0=0,
        x1=1,
        y0=y,
        y1=y,
        line={"color": ink(theme).ink, "width": width, "dash": "dash"},
    )
    figure.add_annotation(
        x=0 if at == "left" else 1,
        xref="paper",
        xanchor=at,
        y=np.log10(y) if log else y,
        yanchor="top" if below else "bottom",
        text=text,
        showarrow=False,
        xshift=4 if at == "left" else -4,
        font={"color": ink(theme).ink, "size": 14},
    )


def samples(figure: go.Figure, x: np.ndarray, rows: np.ndarray, colour: str) -> None:
    """One thin line for each of the first rows, none of which speaks when pointed at."""
    for row in rows:
        figure.add_scatter(x=x, y=row, mode="lines", line={"color": colour, "width": 1}, opacity=0.3, hoverinfo="skip")


def line(
    figure: go.Figure,
    x: np.ndarray,
    y: np.ndarray,
    said: np.ndarray,
    colour: str,
    name: str,
    *,
    dash: str = "solid",
    width: float = 2.75,
    digits: str = ".1e",
) -> None:
    """A line that tells ``said`` when pointed at; a lone point is drawn as a dot."""
    lone = int(np.isfinite(y).sum()) == 1
    figure.add_scatter(
        x=x,
        y=y,
        customdata=said,
        mode="markers" if lone else "lines",
        name=name,
        line={"color": colour, "width": width, "dash": dash},
        marker={"color": colour, "size": 8},
        hovertemplate=f"%{{customdata:{digits}}}<extra>{name}</extra>",
    )


def spot(curves: Sequence[np.ndarray], k: int, low: float, high: float) -> Spot | None:
    """Where to write the name of curve k on an axis from low to high (in axis units, logarithms on a log axis).

    The place is as near to the middle as its neighbours leave room, not in the outer eighth nor where the curve leaves
    the axis; None when no point of it can be seen.
    """
    own, others = curves[k], [c for j, c in enumerate(curves) if j != k]
    edge = len(own) // 8
    inside = np.isfinite(own) & (own > low) & (own < high)
    at = [i for i in range(edge, len(own) - edge) if inside[i]] or list(np.flatnonzero(inside))
    if not at:
        return None

    middle = at[len(at) // 2]

    def gaps(i: int) -> list[float]:
        return [float(c[i] - own[i]) for c in others if i < len(c) and np.isfinite(c[i])]

    enough = 0.12 * (high - low)
    best = int(max(at, key=lambda i: (round(min([enough, *map(abs, gaps(i))]), 3), -abs(i - middle))))
    above = min(gaps(best), key=abs, default=-1.0) < 0
    if own[best] > high - 0.1 * (high - low):
        above = False
    near = own[max(best - len(own) // 10, 0) : best + len(own) // 10 + 1]
    rise = (near[-1] - near[0]) / (high - low)
    steep = 0 if not np.isfinite(rise) or abs(rise) < 0.05 else (1 if rise > 0 else -1)
    return Spot(best, above, -steep if above else steep)


def name_line(
    figure: go.Figure,
    x: np.ndarray,
    curves: Sequence[np.ndarray],
    k: int,
    low: float,
    high: float,
    text: str,
    colour: str,
) -> None:
    """Write the name of curve k beside it, in its own colour, where there is most room."""
    place = spot(curves, k, low, high)
    if place is not None:
        third = 3 * place.index / max(len(curves[k]) - 1, 1)
        side = place.side or (1 if third < 1 else -1 if third > 2 else 0)
        figure.add_annotation(
            x=float(x[place.index]),
            y=float(curves[k][place.index]),
            text=text,
            showarrow=False,
            xanchor={-1: "right", 0: "center", 1: "left"}[side],
            xshift=8 * place.side,
            yanchor="bottom" if place.above else "top",
            yshift=(6 if place.above else -6) * (place.side == 0),
            font={"color": colour, "size": 14},
        )


def nothing(figure: go.Figure, theme: str) -> go.Figure:
    """The picture of an empty trace: its axes, and one sentence."""
    figure.add_annotation(
        x=0.5,
        y=0.5,
        xref="paper",
        yref="paper",
        showarrow=False,
        text="There is no step to draw.",
        font={"color": ink(theme).second},
    )
    return figure
