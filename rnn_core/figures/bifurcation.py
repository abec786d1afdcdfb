"""Rests and cycles over one number of the network: solid where a run stays, dashed where it leaves."""

from __future__ import annotations

import html

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.bifurcation import Bifurcation
from rnn_core.figures.ink import array, ink, thin
from rnn_core.figures.style import canvas, heading, nothing, whisper
from rnn_core.records.palette import tone

DOTS, APART = 3000, 0.14


def bifurcation(result: Bifurcation, *, theme: str = "light", height: int = 480) -> go.Figure:
    """Branches of rests, the last steps of runs that never rest as dots, and dotted lines where something changes."""
    title = f"<i>g</i> &nbsp;{result.name}, a factor on the recurrent weights" if result.name == "gain" else \
        f"weight {_html(result.name)}"  # fmt: skip
    values = array(result.values)
    figure = canvas("", f"Bifurcation diagram: {result.says}", theme=theme, height=height, x=title)
    shown = "along their main axis" if result.shown == "main axis" else _html(result.shown)
    heading(figure, f"rests and cycles, {shown}", tone("hidden", theme, text=True))
    if not len(result.points) and not result.turning.any():
        return nothing(figure, theme)
    _cycles(figure, result, values, theme)
    stable = array(result.stable).astype(bool)
    for told, which, dash, width in (("unstable", ~stable, "dot", 1.75), ("stable", stable, "solid", 2.75)):
        _lines(figure, result, values, which, told, {"color": tone("hidden", theme), "dash": dash, "width": width})
    _marks(figure, result, values, theme)
    whisper(figure, "— stays &nbsp; ··· leaves &nbsp; • runs that never rest", theme, corner="bottom left", shift=4)
    figure.update_layout(hovermode="closest")
    return figure


def _lines(
    figure: go.Figure, result: Bifurcation, values: np.ndarray, which: np.ndarray, name: str, line: dict
) -> None:
    """Every branch, as far as it is of one kind, with gaps in between."""
    at, height = array(result.at).astype(int), array(result.height)
    size, branch = array(result.eigenvalues.abs()[:, 0]) if len(at) else at, array(result.branch).astype(int)
    rows: list[tuple[float, float, float]] = []
    for number in np.unique(branch[which]):
        own = np.flatnonzero(which & (branch == number))
        for before, k in zip([-1, *own[:-1]], own):
            if before < 0 or at[k] != at[before] + 1:
                rows.append((np.nan, np.nan, np.nan))
            rows.append((values[at[k]], height[k], size[k]))
    x, y, z = np.array(rows).T if rows else (np.zeros(0),) * 3
    figure.add_scatter(
        x=x, y=y, customdata=z, mode="lines+markers", line=line, marker={"size": 3, "color": line["color"]}, name=name,
        connectgaps=False, hovertemplate=f"%{{x:.4g}}: {name} rest at %{{y:.4g}}<br>largest |λ| %{{customdata:.4g}}"
        "<extra></extra>",
    )  # fmt: skip


def _cycles(figure: go.Figure, result: Bifurcation, values: np.ndarray, theme: str) -> None:
    """The last steps of runs that never rest, each place once."""
    turning, orbits = array(result.turning).astype(bool), array(result.orbits)
    told = [(values[k], h) for k in range(len(values)) if turning[k].any()
            for h in np.unique(np.round(orbits[k, turning[k]], 4))]  # fmt: skip
    if told:
        dots = np.array(told)[thin(len(told), DOTS)]
        figure.add_scatter(
            x=dots[:, 0], y=dots[:, 1], mode="markers", name="runs", hoverinfo="skip",
            marker={"size": 3, "color": tone("prediction", theme), "opacity": 0.7},
        )  # fmt: skip


def _marks(figure: go.Figure, result: Bifurcation, values: np.ndarray, theme: str) -> None:
    """Dotted lines where something changes, as many of them named as have room, and the number in hand."""
    last, span = -np.inf, values[-1] - values[0]
    for one in result.changes:
        figure.add_vline(x=one.value, line={"color": ink(theme).second, "width": 1, "dash": "dot"})
        if one.value - last > APART * span:
            last = one.value
            figure.add_annotation(
                x=one.value, y=1, yref="paper", yanchor="top", xanchor="right" if last > values.mean() else "left",
                xshift=-4 if last > values.mean() else 4, showarrow=False, text=f"{one.value:.5g}",
                font={"size": 13, "color": ink(theme).ink}, bgcolor=ink(theme).paper,
            )  # fmt: skip
    if values[0] <= result.now <= values[-1]:
        figure.add_annotation(
            x=result.now, y=0, yref="paper", yanchor="bottom", showarrow=False, text="▲", yshift=-6,
            font={"size": 12, "color": ink(theme).second}, hovertext=f"in hand: {result.now:.4g}",
        )  # fmt: skip


def _html(name: str) -> str:
    """R[0,0] as an italic letter with its indices below."""
    letter, index = name.removesuffix("]").rsplit("[", 1)
    return f"<i>{html.escape(letter)}</i><sub>{index}</sub>"
