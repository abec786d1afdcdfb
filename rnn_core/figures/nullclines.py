"""The plane of two units: where the state drifts, where each unit stands still, where both rest, and one real path."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.nullclines import Nullclines
from rnn_core.figures.ink import array, ink, thin
from rnn_core.figures.style import canvas, nothing
from rnn_core.records.palette import tone

ARROWS, HEAD = 17, 0.35
MARKS = {"stable": ("circle", True), "saddle": ("diamond", False), "unstable": ("circle", False)}
LINES = (("candidate", "solid"), ("write", "dash"))


def nullclines(result: Nullclines, *, theme: str = "light", height: int = 480) -> go.Figure:
    """Arrows of the drift, longer where it is faster; each unit's zero line; fixed points; the sequence's path.

    Filled points are stable, open circles are left in every direction and open diamonds in one.
    """
    a, b, change = array(result.a), array(result.b), array(result.change)
    names = [_html(name) for name in result.names]
    figure = canvas("", _words(result), theme=theme, height=height, x=names[0])
    if not np.isfinite(change).all():
        return nothing(figure, theme)
    _arrows(figure, a, b, change, theme)
    for k, (meaning, dash) in enumerate(LINES):
        colour = tone(meaning, theme)
        figure.add_contour(
            x=a,
            y=b,
            z=np.float32(change[..., k].clip(-1e30, 1e30)),
            contours={"start": 0, "end": 0, "size": 1, "coloring": "lines"},
            colorscale=[[0, colour], [1, colour]],
            line={"width": 2, "dash": dash},
            showscale=False,
            hoverinfo="skip",
            name=f"{result.names[k]} stands still",
        )
        figure.add_annotation(
            x=k,
            y=1,
            xref="paper",
            yref="paper",
            xanchor="right" if k else "left",
            yanchor="bottom",
            yshift=8,
            showarrow=False,
            text=f"{'- - ' if k else '— '}{names[k]} stands still",
            font={"size": 14, "color": tone(meaning, theme, text=True)},
        )
    _path(figure, array(result.path), theme)
    _points(figure, result, theme)
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(range=[a[0], a[-1]])
    figure.update_yaxes(range=[b[0], b[-1]], title_text=names[1], showgrid=False)
    return figure


def _arrows(figure: go.Figure, a: np.ndarray, b: np.ndarray, change: np.ndarray, theme: str) -> None:
    """One line of arrows: the direction of the drift, its length by the root of the speed."""
    rows, columns = thin(len(b), ARROWS), thin(len(a), ARROWS)
    scale = np.array([a[-1] - a[0], b[-1] - b[0]])
    step = change[np.ix_(rows, columns)].reshape(-1, 2) / scale
    start = np.stack(np.meshgrid(a[columns], b[rows]), -1).reshape(-1, 2) / scale
    speed = np.linalg.norm(step, axis=1, keepdims=True)
    top = float(speed.max()) or 1.0
    move = step / np.maximum(speed, 1e-300) * np.sqrt(speed / top) * 0.9 / ARROWS
    side = np.stack([-move[:, 1], move[:, 0]], 1)
    end = start + move
    barbs = [end - HEAD * (move + sign * 0.6 * side) for sign in (1, -1)]
    gap = np.full_like(start, np.nan)
    line = np.stack([start, end, barbs[0], end, barbs[1], gap], 1).reshape(-1, 2) * scale
    figure.add_scatter(
        x=_numbers(line[:, 0]),
        y=_numbers(line[:, 1]),
        mode="lines",
        line={"color": ink(theme).second, "width": 1},
        opacity=0.55,
        hoverinfo="skip",
        name="drift",
    )


def _numbers(values: np.ndarray) -> list[float | None]:
    """Short numbers, a gap where there is none."""
    return [None if not np.isfinite(v) else float(f"{v:.4g}") for v in values]


def _path(figure: go.Figure, path: np.ndarray, theme: str) -> None:
    """Where the sequence really went, with an open dot where it began."""
    at, colour = thin(len(path)), tone("hidden", theme)
    figure.add_scatter(
        x=_numbers(path[at, 0]),
        y=_numbers(path[at, 1]),
        mode="lines+markers",
        line={"color": colour, "width": 2.25},
        marker={
            "size": [8, *[3] * (len(at) - 1)],
            "color": [ink(theme).paper, *[colour] * (len(at) - 1)],
            "line": {"color": colour, "width": 1.5},
        },
        customdata=at,
        hovertemplate="t = %{customdata}<extra></extra>",
        name="path",
    )


def _points(figure: go.Figure, result: Nullclines, theme: str) -> None:
    """The fixed points, each kind with its own mark."""
    colours = ink(theme)
    sizes = array(result.eigenvalues.abs())
    for kind, (symbol, filled) in MARKS.items():
        mine = [k for k, own in enumerate(result.kinds) if own == kind]
        if mine:
            figure.add_scatter(
                x=array(result.points)[mine, 0],
                y=array(result.points)[mine, 1],
                mode="markers",
                marker={
                    "symbol": symbol,
                    "size": 12,
                    "color": colours.ink if filled else colours.paper,
                    "line": {"color": colours.ink, "width": 2},
                },
                customdata=sizes[mine],
                hovertemplate=f"{kind} (%{{x:.3g}}, %{{y:.3g}})<br>|λ| = %{{customdata[0]:.3g}}, "
                "%{customdata[1]:.3g}<extra></extra>",
                name=kind,
            )


def _html(name: str) -> str:
    """y[0] as an italic letter with its index below."""
    letter, index = name.removesuffix("]").split("[")
    return f"<i>{letter}</i><sub>{index}</sub>"


def _words(result: Nullclines) -> str:
    """The picture in words."""
    places = ", ".join(
        f"{kind} at ({x:.2f}, {y:.2f})" for kind, (x, y) in zip(result.kinds, result.points.tolist(), strict=True)
    )
    told = f" Fixed points: {places}." if places else ""
    return (
        f"Phase plane of {result.names[0]} and {result.names[1]} with the path of sequence {result.row} over "
        f"{len(result.path)} steps: {result.says}{told}"
    )
