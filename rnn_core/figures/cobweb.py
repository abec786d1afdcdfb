"""The map of one unit, the diagonal, and the staircase of its steps."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.cobweb import Cobweb
from rnn_core.figures.ink import array, ink
from rnn_core.figures.style import canvas, heading, nothing, whisper
from rnn_core.records.palette import tone

MARKS = {"stable": True, "unstable": False}


def cobweb(result: Cobweb, *, theme: str = "light", height: int = 440) -> go.Figure:
    """The curve thick, the diagonal dashed, the staircase from an open dot; filled rests are stable, open ones not."""
    letter, index = result.name.removesuffix("]").rsplit("[", 1)
    name = f"<i>{letter}</i><sub>{index}</sub>"
    figure = canvas("", f"Cobweb: {result.says}", theme=theme, height=height, x=f"{name} at one step")
    grid, image, path = array(result.grid), array(result.image), array(result.path)
    if not np.isfinite(image).all():
        return nothing(figure, theme)
    heading(figure, f"<i>F</i>({name}) &nbsp;one step later", tone("candidate", theme, text=True))
    ends = [grid[0], grid[-1]]
    figure.add_scatter(
        x=ends, y=ends, mode="lines", line={"color": ink(theme).second, "width": 1.5, "dash": "dash"},
        hoverinfo="skip", name="diagonal",
    )  # fmt: skip
    figure.add_scatter(
        x=grid, y=image, mode="lines", line={"color": tone("candidate", theme), "width": 2.75},
        hovertemplate="F(%{x:.3g}) = %{y:.3g}<extra></extra>", name="F",
    )  # fmt: skip
    _staircase(figure, path[np.isfinite(path)], theme)
    rests = array(result.rests)
    for kind, filled in MARKS.items():
        mine = [k for k, own in enumerate(result.kinds) if own == kind]
        if mine:
            figure.add_scatter(
                x=rests[mine], y=rests[mine], mode="markers", name=kind, customdata=array(result.slopes)[mine],
                marker={"symbol": "circle", "size": 12, "color": ink(theme).ink if filled else ink(theme).paper,
                        "line": {"color": ink(theme).ink, "width": 2}},
                hovertemplate=f"{kind} rest %{{x:.5g}}<br>slope %{{customdata:.4g}}<extra></extra>",
            )  # fmt: skip
    whisper(figure, "● steps go there &nbsp; ○ steps leave", theme, corner="bottom right", shift=4)
    figure.update_xaxes(range=ends)
    figure.update_layout(hovermode="closest")
    return figure


def _staircase(figure: go.Figure, path: np.ndarray, theme: str) -> None:
    """Up to the curve, across to the diagonal."""
    colour = tone("hidden", theme)
    x, y = np.repeat(path, 2)[:-1], np.append(path[0], np.repeat(path[1:], 2))
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"color": colour, "width": 1.5}, opacity=0.85, hoverinfo="skip", name="staircase"
    )
    figure.add_scatter(
        x=path[:1], y=path[:1], mode="markers", name="start", hovertemplate="starts at %{x:.3g}<extra></extra>",
        marker={"size": 9, "color": ink(theme).paper, "line": {"color": colour, "width": 2}},
    )  # fmt: skip
