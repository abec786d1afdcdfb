"""Where sequences lead the state, and the fixed and slow points on their way, along the main axes of the states."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.fixed_points import FixedPoints
from rnn_core.figures.fixed_points import MARKS, SHOWN, TOLD
from rnn_core.figures.ink import SANS, array, ink, thin
from rnn_core.figures.style import CLEAR, canvas, heading, nothing
from rnn_core.records.palette import scale, tone

PATHS, STEPS = 16, 120


def trajectories(
    result: FixedPoints, *, row: int = 0, dimensions: int = 2, theme: str = "light", height: int = 520
) -> go.Figure:
    """Thin paths of some sequences, sequence ``row`` thick and coloured by time, in 2 or 3 ``dimensions``.

    Raises ValueError for another number of dimensions, and for a sequence that is not there.
    """
    paths, points = array(result.paths)[..., :dimensions], array(result.plane)[:, :dimensions]
    if dimensions not in (2, 3):
        raise ValueError("Trajectories are drawn in 2 or 3 dimensions.")
    if not 0 <= row < len(paths):
        raise ValueError(f"There are sequences 0 to {len(paths) - 1}; {row} is not among them.")
    words = f"Paths of {len(paths)} sequences along {dimensions} main axes with fixed points: {result.says}"
    figure = canvas("", words, theme=theme, height=height, x="")
    kinds = [kind for kind in MARKS if kind in result.kinds]
    heading(figure, " &nbsp; ".join(TOLD[kind] for kind in kinds) or "no point was found", ink(theme).ink)
    if not np.isfinite(paths).any():
        return nothing(figure, theme)
    _axes(figure, [f"axis {k + 1}, {share:.0%}" for k, share in enumerate(array(result.share)[:dimensions])], theme)
    thin_line = {"color": tone("hidden", theme), "width": 1}
    for k, path in enumerate(paths[:PATHS]):
        if k != row:
            _add(figure, path[thin(len(path), STEPS)], mode="lines", line=thin_line, opacity=0.35, hoverinfo="skip",
                 name="path")  # fmt: skip
    _chosen(figure, paths[row], theme)
    for kind in kinds:
        at = [k for k, own in enumerate(result.kinds) if own == kind][:SHOWN]
        symbol, filled = MARKS[kind]
        size = (8 if kind == "slow" else 12) if dimensions == 2 else 6
        _add(figure, points[at], mode="markers", name=kind, hovertemplate=f"{kind}<extra></extra>",
             marker={"symbol": symbol, "size": size,
                     "line": {"color": ink(theme).ink, "width": 0.5 if kind == "slow" else 2},
                     "color": ink(theme).ink if filled else ink(theme).paper})  # fmt: skip
    figure.update_layout(hovermode="closest")
    return figure


def _chosen(figure: go.Figure, path: np.ndarray, theme: str) -> None:
    """One sequence's path, its steps coloured by time, an open dot where it begins."""
    steps = np.flatnonzero(np.isfinite(path).all(-1))
    at = steps[thin(len(steps), STEPS)]
    if not len(at):
        return
    stops = scale("seq", theme)[6:]
    ramp = [[k / (len(stops) - 1), colour] for k, colour in enumerate(stops)]
    flat = path.shape[1] == 2
    _add(figure, path[at], mode="lines", name="chosen line", line={"color": tone("hidden", theme), "width": 2.25},
         hoverinfo="skip")  # fmt: skip
    bar = {"thickness": 10, "outlinewidth": 0, "len": 0.6, "title": {"text": "<i>t</i>"},
           "tickfont": {"size": 12, "color": ink(theme).second}}  # fmt: skip
    _add(figure, path[at], mode="markers", name="chosen", customdata=at,
         hovertemplate="t = %{customdata}<extra></extra>",
         marker={"size": 6 if flat else 3, "color": at, "colorscale": ramp, "colorbar": bar})  # fmt: skip
    _add(figure, path[at[:1]], mode="markers", name="start", hovertemplate="begins here<extra></extra>",
         marker={"symbol": "circle", "size": 11 if flat else 6, "color": ink(theme).paper,
                 "line": {"color": tone("hidden", theme), "width": 2}})  # fmt: skip


def _add(figure: go.Figure, at: np.ndarray, **style: Any) -> None:
    """Points or a line in two or three dimensions."""
    place = {axis: at[:, k] for k, axis in enumerate("xyz"[: at.shape[1]])}
    figure.add_trace(go.Scatter3d(**place, **style) if at.shape[1] == 3 else go.Scatter(**place, **style))


def _axes(figure: go.Figure, titles: list[str], theme: str) -> None:
    """Named axes without numbers, for only their directions have a meaning."""
    plain = {"zeroline": False, "showticklabels": False, "ticks": ""}
    if len(titles) == 2:
        figure.update_xaxes(title_text=titles[0], showgrid=True, gridcolor=ink(theme).line, **plain)
        figure.update_yaxes(title_text=titles[1], **plain)
        return
    axis = {**plain, "gridcolor": ink(theme).line, "backgroundcolor": CLEAR, "showspikes": False}
    axis["color"] = ink(theme).second
    named = {
        f"{name}axis": {**axis, "title": {"text": title, "font": {"family": SANS, "size": 12}}}
        for name, title in zip("xyz", titles, strict=True)
    }
    camera = {"eye": {"x": 1.7, "y": 1.5, "z": 1.0}}
    figure.update_layout(scene={**named, "bgcolor": CLEAR, "dragmode": "orbit", "camera": camera})
