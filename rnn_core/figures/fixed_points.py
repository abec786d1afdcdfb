"""Fixed and slow points on the two main axes of the states that the network visits."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.fixed_points import FixedPoints
from rnn_core.figures.ink import array, ink, short, thin
from rnn_core.figures.style import canvas, heading, nothing
from rnn_core.records.palette import tone

SHOWN, PATHS = 200, 8
MARKS = {"stable": ("circle", True), "saddle": ("diamond", False), "unstable": ("circle", False), "slow": ("x", True)}
TOLD = {"stable": "● stays", "saddle": "◇ leaves in some directions", "unstable": "○ leaves in all", "slow": "× slow"}


def fixed_points(result: FixedPoints, *, theme: str = "light", height: int = 480) -> go.Figure:
    """Points by kind over faint paths of some sequences; filled circles are stable, diamonds are left in some
    directions, open circles in all, and crosses are only slow."""
    percent = [f"{share:.0%}" for share in array(result.share)]
    figure = canvas("", result.says, theme=theme, height=height, x=f"first main axis of the states ({percent[0]})")
    plane, paths = array(result.plane), array(result.paths)[:PATHS]
    if not len(plane) and not np.isfinite(paths).any():
        return nothing(figure, theme)
    kinds = [kind for kind in MARKS if kind in result.kinds]
    heading(figure, " &nbsp; ".join(TOLD[kind] for kind in kinds) or "no point was found", ink(theme).ink)
    for path in paths:
        at = thin(len(path))
        figure.add_scatter(
            x=path[at, 0],
            y=path[at, 1],
            mode="lines",
            line={"color": tone("hidden", theme), "width": 1},
            opacity=0.4,
            hoverinfo="skip",
            name="path",
        )
    for kind in kinds:
        _points(figure, result, plane, kind, theme)
    figure.update_layout(hovermode="closest")
    figure.update_yaxes(title_text=f"second main axis ({percent[1]})")
    return figure


def _points(figure: go.Figure, result: FixedPoints, plane: np.ndarray, kind: str, theme: str) -> None:
    """All points of a kind, with what each says when pointed at."""
    at = [k for k, own in enumerate(result.kinds) if own == kind][:SHOWN]
    symbol, filled = MARKS[kind]
    sizes = array(result.eigenvalues.abs()[:, 0])
    figure.add_scatter(
        x=plane[at, 0],
        y=plane[at, 1],
        mode="markers",
        marker={
            "symbol": symbol,
            "size": 11,
            "color": tone("hidden", theme) if filled else ink(theme).paper,
            "line": {"color": tone("hidden", theme), "width": 2},
        },
        customdata=[
            f"{kind}, {int(result.escapes[k])} directions out<br>largest |λ| {short(sizes[k])}, "
            f"‖F − s‖ {short(float(result.speeds[k]))}<br>{int(result.ends[k])} of {result.searches} searches"
            for k in at
        ],
        hovertemplate="%{customdata}<extra></extra>",
        name=kind,
    )
