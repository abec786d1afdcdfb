"""The automaton that was read from a network, drawn, beside the cloud of the network's states in the same colours."""

from __future__ import annotations

import html

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.automaton import Extracted
from rnn_core.figures.ink import array, identity, ink, thin
from rnn_core.figures.style import canvas, heading

CLOUD, NODE, BEND, LOOP = 2500, 0.17, 0.16, 0.15


def automaton(result: Extracted, *, theme: str = "light", height: int = 420) -> go.Figure:
    """States as circles with their moves as arrows, a second ring where a string belongs; to the right all states.

    A point has the colour of the state in which the automaton is after the same symbols. Of very many points an even
    choice is drawn.
    """
    words = f"A finite automaton read from the network's states, beside those states. {result.says}"
    figure = canvas("", words, theme=theme, height=height, x="")
    if result.found is None:
        figure.add_annotation(
            x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, text=f"No automaton: {result.why}.",
            font={"color": ink(theme).second},
        )  # fmt: skip
        return figure
    count = result.found.states
    angle = np.pi - 2 * np.pi * np.arange(count) / count
    radius = max(1.0, 0.14 * count)
    nodes = radius * np.stack([np.cos(angle), np.sin(angle)], 1) * (count > 1)
    _arrows(figure, result, nodes, theme)
    _nodes(figure, result, nodes, theme)
    _cloud(figure, result, theme)
    bare = {"showgrid": False, "showticklabels": False, "zeroline": False, "fixedrange": True, "title": {"text": ""}}
    reach = radius + NODE + 2 * LOOP + 0.18
    figure.update_layout(
        hovermode="closest",
        xaxis={**bare, "domain": [0, 0.48], "range": [-reach, reach]},
        yaxis={**bare, "range": [-reach, reach], "scaleanchor": "x"},
        xaxis2={**bare, "domain": [0.54, 1], "anchor": "y2", "showgrid": True, "title": {"text": "first component"}},
        yaxis2={**bare, "anchor": "x2", "showgrid": True, "title": {"text": "second component"}},
    )
    heading(figure, "the automaton", ink(theme).ink)
    heading(figure, "the network's states", ink(theme).ink, x=1)
    return figure


def _arrows(figure: go.Figure, result: Extracted, nodes: np.ndarray, theme: str) -> None:
    """One arrow a pair of states, bent so that there and back are two, with the symbols that take it."""
    moves = array(result.found.moves).astype(int)
    for one in range(len(moves)):
        for other in dict.fromkeys(moves[one].tolist()):
            text = ", ".join(result.symbols[k] for k in np.flatnonzero(moves[one] == other))
            path, label = _loop(nodes[one]) if one == other else _bow(nodes[one], nodes[other])
            _arrow(figure, path, theme)
            figure.add_annotation(
                x=label[0], y=label[1], text=html.escape(text, quote=False), showarrow=False,
                font={"color": ink(theme).ink, "size": 14},
            )  # fmt: skip
    outward = np.array([-1.0, 0.0])
    _arrow(figure, np.array([nodes[0] + outward * (NODE + 0.24), nodes[0] + outward * NODE]), theme)


def _bow(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A bent path (p, 2) from the rim of one circle to that of another, and the place of its words."""
    along = (other - one) / np.linalg.norm(other - one)
    aside = np.array([-along[1], along[0]])
    middle = (one + other) / 2 + aside * BEND * np.linalg.norm(other - one)
    first, last = (end + NODE * (middle - end) / np.linalg.norm(middle - end) for end in (one, other))
    part = np.linspace(0, 1, 20)[:, None]
    path = (1 - part) ** 2 * first + 2 * part * (1 - part) * middle + part**2 * last
    return path, path[10] + aside * 0.11


def _loop(node: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A path (p, 2) out of a circle and back, away from the middle of the picture, and the place of its words."""
    away = node / np.linalg.norm(node) if node.any() else np.array([0.0, 1.0])
    if away[0] < -0.99:
        away = np.array([0.0, 1.0])
    turn = np.arctan2(away[1], away[0]) + np.linspace(-np.pi + 0.75, np.pi - 0.75, 28)
    centre = node + away * (NODE + LOOP * 0.55)
    return centre + LOOP * np.stack([np.cos(turn), np.sin(turn)], 1), centre + away * (LOOP + 0.1)


def _arrow(figure: go.Figure, path: np.ndarray, theme: str) -> None:
    """A line along a path (p, 2) with a head at its end."""
    colour = ink(theme).second
    figure.add_scatter(
        x=path[:, 0], y=path[:, 1], mode="lines", line={"color": colour, "width": 1.5}, hoverinfo="skip"
    )
    figure.add_annotation(
        x=path[-1, 0], y=path[-1, 1], ax=path[-2, 0], ay=path[-2, 1], xref="x", yref="y", axref="x", ayref="y",
        showarrow=True, arrowhead=2, arrowsize=1.2, arrowwidth=1.5, arrowcolor=colour, text="",
    )  # fmt: skip


def _nodes(figure: go.Figure, result: Extracted, nodes: np.ndarray, theme: str) -> None:
    """A circle a state in its colour, with a second ring where the answer is yes."""
    answers = array(result.found.answers)
    yes = answers > 0 if answers.ndim == 1 else np.zeros(len(nodes), bool)
    for k, (x, y) in enumerate(nodes):
        for size in (NODE, 0.82 * NODE)[: 1 + int(yes[k])]:
            figure.add_shape(
                type="circle", x0=x - size, x1=x + size, y0=y - size, y1=y + size, fillcolor=ink(theme).paper,
                line={"color": identity(k, theme), "width": 2.5},
            )  # fmt: skip
    figure.add_scatter(
        x=nodes[:, 0],
        y=nodes[:, 1],
        mode="text",
        text=[str(k) for k in range(len(nodes))],
        textfont={"size": 15, "color": [identity(k, theme, text=True) for k in range(len(nodes))]},
        customdata=[f"state {k}: {html.escape(word, quote=False)}" for k, word in enumerate(result.answers)],
        hovertemplate="%{customdata}<extra></extra>",
    )


def _cloud(figure: go.Figure, result: Extracted, theme: str) -> None:
    """The network's states, each in the colour of the automaton's."""
    points, states = array(result.points), array(result.states).astype(int)
    where = np.argwhere(states >= 0)
    where = where[thin(len(where), CLOUD)]
    own = states[where[:, 0], where[:, 1]]
    for k in np.unique(own):
        at = where[own == k]
        shown = points[at[:, 0], at[:, 1]]
        figure.add_scatter(
            x=shown[:, 0],
            y=shown[:, 1],
            xaxis="x2",
            yaxis="y2",
            mode="markers",
            marker={"size": 6, "opacity": 0.6, "color": identity(int(k), theme)},
            customdata=[f"sequence {b}, after {t} symbols: state {k}" for b, t in at],
            hovertemplate="%{customdata}<extra></extra>",
        )
