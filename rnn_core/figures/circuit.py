"""A circuit, its branches in the colour of what they remember, and below it all memories over time."""

from __future__ import annotations

from collections import Counter

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from rnn_core.analysis.circuit import Circuit
from rnn_core.figures.ink import array, ink, thin
from rnn_core.figures.style import canvas, heading, nothing
from rnn_core.records.palette import scale, tone

TOP, GAP, LINES, BOW, LOOP, SWEEPS = 0.42, 0.3, 40, 0.09, 0.13, 8


def circuit(result: Circuit, *, step: int = -1, theme: str = "light", height: int = 560) -> go.Figure:
    """The circuit after ``step``: colours tell how badly a branch conducts, arrows which way its current runs.

    Nodes stand in columns by how many branches lead there from the first. Dashed: w₀ e^{αt}, where no source writes.
    """
    words = f"A circuit of memristors, above, and what each remembers, below: {result.says}"
    figure = canvas("", words, theme=theme, height=height, x="time step <i>t</i>")
    heading(figure, "<i>w</i> &nbsp;memory, in the branches", tone("cell", theme, text=True))
    if not len(result.memory) or not np.isfinite(array(result.memory)).all():
        return nothing(figure, theme)
    memory, current = array(result.memory), array(result.current)
    step = range(len(memory))[step]
    places = _places(array(result.ends).astype(int), result.nodes)
    _branches(figure, result, places, memory[step], current[step], theme)
    figure.add_scatter(
        x=places[:, 0],
        y=places[:, 1],
        mode="markers",
        marker={"size": 11, "color": ink(theme).ink},
        customdata=list(range(len(places))),
        hovertemplate="node %{customdata}<extra></extra>",
        name="nodes",
    )
    _bar(figure, theme)
    _over_time(figure, result, memory, step, theme)
    return figure


def _places(ends: np.ndarray, nodes: int) -> np.ndarray:
    """(nodes, 2): columns by the distance from node 0, and within a column by the mean height of the neighbours."""
    near = [sorted({int(b) for a, b in (*ends, *ends[:, ::-1]) if a == k and b != k}) for k in range(nodes)]
    column, edge = {0: 0}, [0]
    while edge:
        edge = list(dict.fromkeys(b for a in edge for b in near[a] if b not in column))
        column.update(dict.fromkeys(edge, 1 + max(column.values())))
    last = max(column.values())
    column.update({k: last + 1 for k in range(nodes) if k not in column})
    rows = [[k for k in range(nodes) if column[k] == c] for c in range(1 + max(column.values()))]
    y = {k: (j + 0.5) / len(row) for row in rows for j, k in enumerate(row)}
    for _ in range(SWEEPS):
        for row in rows:
            row.sort(key=lambda k: (np.mean([y[b] for b in near[k]]) if near[k] else 0.5, k))
            y.update({k: (j + 0.5) / len(row) for j, k in enumerate(row)})
    wide = max(len(rows) - 1, 1)
    shift = {k: 0.12 * ((j % 2) - 0.5) for row in rows for j, k in enumerate(row) if len(row) > 1}
    return np.array([[(column[k] + shift.get(k, 0)) / wide, y[k]] for k in range(nodes)])


def _branches(
    figure: go.Figure, result: Circuit, places: np.ndarray, memory: np.ndarray, current: np.ndarray, theme: str
) -> None:
    """Each branch, bent where several join the same nodes; its width grows with the current."""
    colours = sample_colorscale(scale("seq", theme), np.clip(memory, 0, 1))
    most, drawn = max(float(np.abs(array(result.current)).max()), 1e-12), Counter()
    for k, (a, b) in enumerate(array(result.ends).astype(int)):
        pair = (min(a, b), max(a, b))
        turn = drawn[pair]
        drawn[pair] += 1
        path = _ring(places[a], turn) if a == b else _bow(places[a], places[b], turn if a < b else -turn)
        figure.add_scatter(
            x=path[:, 0],
            y=path[:, 1],
            mode="lines",
            line={"color": ink(theme).second, "width": 5.5},
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=path[:, 0],
            y=path[:, 1],
            mode="lines",
            line={"color": colours[k], "width": 4},
            hovertemplate=f"branch {k}, node {a} to {b}<br>w = {memory[k]:.3f}, i = {current[k]:.3g}<extra></extra>",
            name=f"branch {k}",
        )
        if abs(current[k]) > 0.02 * most:
            _arrow(figure, path if current[k] > 0 else path[::-1], abs(current[k]) / most, theme)


def _bow(one: np.ndarray, other: np.ndarray, turn: int) -> np.ndarray:
    """A path (p, 2) from node to node, bent to either side in turn."""
    along = other - one
    aside = np.array([-along[1], along[0]]) * BOW * 2 * ((abs(turn) + 1) // 2) * (-1 if turn % 2 else 1)
    part = np.linspace(0, 1, 15)[:, None]
    return (1 - part) * one + part * other + 4 * part * (1 - part) * aside


def _ring(node: np.ndarray, turn: int) -> np.ndarray:
    """A path (p, 2) from a node back to itself."""
    angle = np.linspace(-np.pi / 2, 1.5 * np.pi, 30)
    size = LOOP * (1 + 0.6 * turn)
    return node + np.stack([size * np.cos(angle) * 0.5, size * (1 + np.sin(angle))], 1)


def _arrow(figure: go.Figure, path: np.ndarray, share: float, theme: str) -> None:
    """A head in the middle of a path, the larger the more flows."""
    middle = len(path) // 2
    figure.add_annotation(
        x=path[middle + 1, 0],
        y=path[middle + 1, 1],
        ax=path[middle - 1, 0],
        ay=path[middle - 1, 1],
        xref="x",
        yref="y",
        axref="x",
        ayref="y",
        showarrow=True,
        arrowhead=2,
        arrowsize=0.8 + 0.9 * share,
        arrowwidth=1.4 + 0.8 * share,
        arrowcolor=tone("read", theme),
        text="",
    )


def _bar(figure: go.Figure, theme: str) -> None:
    """The scale of the memories."""
    figure.add_scatter(
        x=[None],
        y=[None],
        mode="markers",
        marker={
            "color": [0],
            "cmin": 0,
            "cmax": 1,
            "colorscale": scale("seq", theme),
            "showscale": True,
            "colorbar": {
                "thickness": 10,
                "outlinewidth": 0,
                "len": 1 - TOP,
                "y": 1,
                "yanchor": "top",
                "tickvals": [0, 0.5, 1],
                "tickfont": {"size": 12, "color": ink(theme).second},
            },
        },
        hoverinfo="skip",
    )


def _over_time(figure: go.Figure, result: Circuit, memory: np.ndarray, step: int, theme: str) -> None:
    """All memories as thin lines, the law without a source dashed, the step that is drawn marked."""
    at = thin(len(memory))
    for k in range(min(memory.shape[1], LINES)):
        figure.add_scatter(
            x=at,
            y=[float(f"{v:.5g}") for v in memory[at, k]],
            yaxis="y2",
            xaxis="x2",
            mode="lines",
            line={"color": tone("cell", theme), "width": 1.2},
            opacity=0.6,
            hovertemplate=f"%{{y:.3f}}<extra>branch {k}</extra>",
            name=f"branch {k}",
        )
    figure.add_scatter(
        x=at,
        y=[float(f"{v:.5g}") for v in array(result.law)[at]],
        yaxis="y2",
        xaxis="x2",
        mode="lines",
        line={"color": tone("theory", theme), "width": 2, "dash": "dash"},
        hovertemplate="%{y:.3f}<extra>without a source</extra>",
        name="without a source",
    )
    figure.add_shape(
        type="line", xref="x2", x0=step, x1=step, yref="y2", y0=0, y1=1, line={"color": ink(theme).ink, "width": 1}
    )
    heading(figure, "<i>w<sub>t</sub></i> &nbsp;dashed: <i>w</i><sub>0</sub> <i>e<sup>αt</sup></i>, without a source",
            ink(theme).ink, y=GAP, shift=4)  # fmt: skip
    bare = {"visible": False, "showgrid": False, "fixedrange": True}
    figure.update_layout(
        hovermode="closest",
        xaxis={**bare, "range": [-0.14, 1.14]},
        yaxis={**bare, "domain": [TOP, 1], "range": [-0.06, 1.06]},
        xaxis2={"anchor": "y2", "title": {"text": "time step <i>t</i>"}},
        yaxis2={"domain": [0, GAP], "anchor": "x2", "range": [-0.03, 1.03], "tickvals": [0, 0.5, 1]},
    )
