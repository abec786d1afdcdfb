"""The modes of a fixed point: its eigenvalues around the unit circle, and the units that take part in one of them."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.fixed_points import FixedPoints
from rnn_core.figures.ink import array, ink, short
from rnn_core.figures.style import canvas, heading, nothing
from rnn_core.records.palette import tone

CIRCLE, UNITS = 0.66, 12


def modes(
    result: FixedPoints, *, point: int = 0, mode: int = 0, theme: str = "light", height: int = 560
) -> go.Figure:
    """Eigenvalues of ∂F/∂s at one point, that of ``mode`` ringed; below, each unit's share |v|² of that mode.

    Raises ValueError for a point or a mode that is not there.
    """
    title = f"λ<sub><i>i</i></sub> &nbsp;eigenvalues at point {point}"
    if not len(result.points):
        return nothing(canvas(title, f"Modes: {result.says}", theme=theme, height=height, x=""), theme)
    table = result.modes(point)
    if not 0 <= mode < len(table):
        raise ValueError(f"The first {len(table)} modes of a point are known; number {mode} is not among them.")
    values = result.eigenvalues[point].cpu().numpy()
    chosen, own = values[mode], array(result.vectors[point, mode].abs().square())
    told = f"mode {mode} has |λ| {short(abs(chosen))}; most in it: {table.iloc[mode, -1]}"
    alt = f"{len(values)} eigenvalues of point {point}, which is {result.kinds[point]}; {told}."
    figure = canvas(title, alt, theme=theme, height=height, x="")
    reach = 1.25 * max(1.0, float(np.abs(values).max()))
    plane = {"range": [-reach, reach], "showgrid": False, "tickvals": [-1, 0, 1]}
    figure.update_layout(
        hovermode="closest",
        xaxis={**plane, "anchor": "y"},
        yaxis={**plane, "domain": [1 - CIRCLE, 1], "scaleanchor": "x", "constrain": "domain"},
        xaxis2={"anchor": "y2", "showgrid": False, "type": "category"},
        yaxis2={"domain": [0, 0.8 - CIRCLE], "anchor": "x2", "rangemode": "tozero", "nticks": 3, "tickformat": ".0%"},
    )
    _circle(figure, theme)
    colour = tone("gradient", theme)
    figure.add_scatter(
        x=values.real, y=values.imag, mode="markers", name="eigenvalues", marker={"size": 8, "color": colour},
        customdata=np.abs(values), hovertemplate="%{x:.4g} + %{y:.4g} i<br>|λ| %{customdata:.4g}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[chosen.real], y=[chosen.imag], mode="markers", name="mode", hoverinfo="skip",
        marker={"symbol": "circle-open", "size": 17, "color": ink(theme).ink, "line": {"width": 2}},
    )  # fmt: skip
    most = np.argsort(-own, kind="stable")[:UNITS]
    figure.add_bar(
        x=[result.names[k] for k in most], y=own[most], xaxis="x2", yaxis="y2", name="share",
        marker={"color": tone("hidden", theme), "line": {"width": 0}}, hovertemplate="%{x}: %{y:.1%}<extra></extra>",
    )  # fmt: skip
    title = f"|<i>v</i>|² &nbsp;who takes part in mode {mode}"
    heading(figure, title, ink(theme).ink, y=0.8 - CIRCLE, size=15, shift=4)
    return figure


def _circle(figure: go.Figure, theme: str) -> None:
    """The unit circle: inside of it a mode dies out, outside it grows."""
    colours = ink(theme)
    figure.add_shape(type="circle", x0=-1, x1=1, y0=-1, y1=1, line={"color": colours.ink, "width": 1.25})
    for x0, x1, y0, y1 in ((-1, 1, 0, 0), (0, 0, -1, 1)):
        figure.add_shape(type="line", x0=x0, x1=x1, y0=y0, y1=y1, line={"color": colours.line, "width": 1})
