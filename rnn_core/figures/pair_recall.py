"""Recall of a pair: both halves as pictures, turn by turn, what was given in grey and what was computed in colour."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.pair_recall import PairRecall
from rnn_core.figures.ink import array, ink
from rnn_core.figures.style import canvas, heading
from rnn_core.records.palette import tone

MOST, GAP, TALL = 6, 0.25, 0.84


def pair_recall(result: PairRecall, *, theme: str = "light", height: int = 380) -> go.Figure:
    """Above z, below y, from the start to the right; under each turn its energy. Of long recalls the last are left out.

    Layers whose size is a square are drawn as one, row by row; others as a column that is filled up with gaps.
    """
    count = min(len(result.z), MOST)
    figure = canvas("", f"Recall of a pair: {result.says}", theme=theme, height=height, x="")
    halves = [(array(result.z), 0), (array(result.y), 1)]
    moved = result.moved
    for values, low in halves:
        letter = "zy"[low]
        for t in range(count):
            given = t == 0 and (letter == "y") == result.backwards
            fresh = moved[t] == letter
            meaning = "input" if given else "hidden"
            _picture(figure, values[t], t, 1 - low, tone(meaning, theme), 1.0 if given or fresh else 0.4, theme)
    energy = array(result.energy)[:count]
    words = ["start" if t == 0 else f"{moved[t]} ← {'yz'[moved[t] == 'y']}" for t in range(count)]
    figure.update_xaxes(
        tickvals=[t + (1 - GAP) / 2 for t in range(count)],
        ticktext=[f"{w}<br><i>E</i> = {e:.4g}".replace("-", "−") for w, e in zip(words, energy, strict=True)],
        range=[-0.1, max(count, 3)],
        fixedrange=True,
        constrain="domain",
        constraintoward="left",
    )
    figure.update_yaxes(
        tickvals=[TALL / 2, 1 + TALL / 2],
        ticktext=["<i>y</i>", "<i>z</i>"],
        range=[-0.08, 2],
        showgrid=False,
        fixedrange=True,
        scaleanchor="x",
        scaleratio=(1 - GAP) / TALL,
        constrain="domain",
        constraintoward="top",
    )
    heading(figure, "both halves, turn by turn", ink(theme).ink)
    figure.update_layout(hovermode="closest")
    return figure


def _picture(figure: go.Figure, cells: np.ndarray, t: int, row: int, colour: str, alpha: float, theme: str) -> None:
    """One half as a small grid; where nothing is known yet it is empty."""
    side = math.ceil(math.sqrt(len(cells)))
    grid = np.zeros(side * side)
    grid[: len(cells)] = cells
    grid = grid.reshape(side, side)
    width, tall = (1 - GAP) / side, TALL / side
    on = [_absolute(t + c * width, row + TALL - r * tall, width, tall) for r, c in np.argwhere(grid > 0)]
    if on:
        figure.add_shape(type="path", path=" ".join(on), fillcolor=colour, line={"width": 0}, opacity=alpha)
    figure.add_shape(
        type="rect", x0=t, x1=t + 1 - GAP, y0=row, y1=row + TALL, line={"color": ink(theme).second, "width": 1}
    )
    known = "not known yet" if not grid.any() else f"{int((grid > 0).sum())} of {len(cells)} on"
    figure.add_scatter(
        x=[t + (1 - GAP) / 2],
        y=[row + TALL / 2],
        mode="markers",
        marker={"opacity": 0, "size": 40},
        hovertemplate=f"{known}<extra>{'yz'[row]}, turn {t}</extra>",
    )


def _absolute(x: float, y: float, width: float, tall: float) -> str:
    """A cell as a path, its upper left corner at (x, y)."""
    return f"M {x:.4f},{y:.4f} L {x + width:.4f},{y:.4f} L {x + width:.4f},{y - tall:.4f} L {x:.4f},{y - tall:.4f} Z"
