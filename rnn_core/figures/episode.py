"""An episode: the world with the agent in it, step by step, above what it did and what went on in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.episode import Played
from rnn_core.figures.ink import array, ink, short, thin
from rnn_core.figures.playing import controls
from rnn_core.figures.style import canvas, heading
from rnn_core.records.palette import scale, tone

FRAMES, UNITS, KINDS = 60, 48, 8
TITLES = (
    "the world, and the agent in it",
    "π &nbsp;chances of the actions; ring: what it did",
    "<i>h<sub>t</sub></i> &nbsp;what the readout reads",
)
DOMAINS = ((0.62, 1.0), (0.34, 0.53), (0.0, 0.25))


def episode(result: Played, *, theme: str = "light", height: int = 620) -> go.Figure:
    """Above the world, drawn in its own units, with the way that was gone; below chances and states at every step.

    A slider goes through at most sixty steps, evenly spread; in the browser, on data that came with the picture.
    """
    figure, steps = canvas("", _words(result), theme=theme, height=height, x=""), len(result.seen)
    colour = ink(theme)
    for k, (title, (low, high)) in enumerate(zip(TITLES, DOMAINS, strict=True)):
        name = "" if k == 0 else str(k + 1)
        figure.update_layout({f"yaxis{name}": {"domain": [low, high], "anchor": f"x{name}", "fixedrange": True}})
        heading(figure, title, colour.ink, y=high, size=15, shift=4)
    for name, title in (("2", ""), ("3", "time step <i>t</i>")):
        figure.update_layout({f"xaxis{name}": {"anchor": f"y{name}", "range": [-0.5, steps - 0.5], "fixedrange": True,
                                               "title": {"text": title}, "showticklabels": bool(title)}})
    figure.update_layout(hovermode="closest", margin={"t": 38, "b": 100})
    at = thin(steps + 1, FRAMES)
    moving = {int(k): _moving(result, int(k), steps) for k in at}
    for look, now in zip(_looks(result, theme), moving[int(at[-1])], strict=True):
        figure.add_scatter(**look, **now)
    figure.frames = [{"name": str(k), "data": data, "traces": list(range(len(data)))} for k, data in moving.items()]
    _world(figure, result, theme)
    _below(figure, result, theme)
    controls(figure, at, theme, active=len(at) - 1, redraw=True)
    return figure


def _moving(result: Played, k: int, steps: int) -> list[dict[str, Any]]:
    """What changes from step to step: the agent's lines, the sentence, and the cursor through both rows below."""
    lines = [{"x": _short(v[k, :, 0]), "y": _short(v[k, :, 1])} for v in map(array, result.scene.moving.values())]
    t, so_far = min(k, steps - 1), float(result.rewards[:k].sum())
    told = f"<i>t</i> = {k}, the end" if k == steps else f"<i>t</i> = {k}: {result.done[k]}"
    x, y = _corner(result)
    return [*lines, {"x": [x], "y": [y], "text": [f"{told}<br>so far {short(so_far)}"]},
            {"x": [t, t], "y": [-0.5, len(result.words) - 0.5]}, {"x": [t, t], "y": [-0.5, _units(result) - 0.5]}]


def _looks(result: Played, theme: str) -> list[dict[str, Any]]:
    """How what changes is drawn; the same at every step."""
    agent = {"color": tone("prediction", theme), "width": 3}
    cursor = {"mode": "lines", "hoverinfo": "skip", "line": {"color": ink(theme).ink, "width": 1.5}}
    text = {"size": 14, "color": ink(theme).ink}
    closed = {"fill": "toself", "fillcolor": tone("prediction", theme)}
    lines = [{"name": name, "mode": "lines", "line": agent, "hoverinfo": "name",
              **(closed if v.shape[1] > 2 else {})} for name, v in result.scene.moving.items()]
    return [*lines, {"name": "now", "mode": "text", "textposition": "bottom right", "textfont": text,
                     "hoverinfo": "skip"},
            {"name": "cursor", "xaxis": "x2", "yaxis": "y2", **cursor},
            {"name": "cursor", "xaxis": "x3", "yaxis": "y3", **cursor}]


def _world(figure: go.Figure, result: Played, theme: str) -> None:
    """What stands still, and the way of the first moving thing."""
    for name, line in result.scene.fixed.items():
        points, lone = array(line), len(line) == 1
        figure.add_scatter(x=points[:, 0], y=points[:, 1], mode="markers+text" if lone else "lines", name=name,
                           text=[name] if lone else None, textposition="top center", hoverinfo="name",
                           textfont={"size": 13, "color": ink(theme).ink},
                           marker={"size": 14, "symbol": "star", "color": tone("target", theme)},
                           line={"color": ink(theme).second, "width": 2})
    way = array(next(iter(result.scene.moving.values())))[thin(len(result.seen) + 1)].mean(1)
    figure.add_scatter(x=_short(way[:, 0]), y=_short(way[:, 1]), mode="lines", hoverinfo="skip", opacity=0.5,
                       line={"color": tone("prediction", theme), "width": 1.5, "dash": "dot"})
    (left, right), (low, high) = _reach(result)
    figure.update_layout(xaxis={"range": [left, right], "showgrid": False, "fixedrange": True},
                         yaxis={"range": [low, high], "showgrid": False, "nticks": 4})
    figure.update_layout(yaxis={"scaleanchor": "x"} if result.scene.equal else {"showticklabels": False})


def _below(figure: go.Figure, result: Played, theme: str) -> None:
    """The chances of every action with a ring round the one that was taken, and the states."""
    at = thin(len(result.seen))
    for values, axis, colours, low in ((array(result.chances), "2", scale("seq", theme), 0),
                                       (array(result.states)[:, thin(result.states.shape[1], UNITS)], "3",
                                        scale("div", theme), -1)):
        figure.add_heatmap(x=at, y=np.arange(values.shape[1]), z=[_short(row) for row in values[at].T],
                           xaxis=f"x{axis}", yaxis=f"y{axis}", zmin=low, zmax=1, showscale=False, hoverongaps=False,
                           colorscale=[[k / (len(colours) - 1), c] for k, c in enumerate(colours)],
                           hovertemplate="t %{x}, %{y}: %{z:.3f}<extra></extra>")
    names = list(result.words)
    shown = thin(len(names), 5)
    figure.update_layout(yaxis2={"tickvals": shown, "ticktext": [names[k] for k in shown], "showgrid": False,
                                 "range": [len(names) - 0.5, -0.5]},
                         yaxis3={"showticklabels": False, "showgrid": False, "range": [_units(result) - 0.5, -0.5]})
    done = array(result.actions)[at]
    told = [[result.seen[k], result.done[k], round(float(result.rewards[k]), 4)] for k in at]
    figure.add_scatter(x=at, y=done, xaxis="x2", yaxis="y2", mode="markers", customdata=told,
                       marker={"symbol": "circle-open", "size": 8, "color": tone("prediction", theme)},
                       hovertemplate="saw %{customdata[0]}, did %{customdata[1]}, got %{customdata[2]}<extra></extra>")


def _units(result: Played) -> int:
    return min(UNITS, result.states.shape[1])


def _reach(result: Played) -> tuple[tuple[float, float], tuple[float, float]]:
    """The corner points of all that is drawn in the world, with a little room."""
    every = np.concatenate([array(v).reshape(-1, 2) for v in (*result.scene.fixed.values(),
                                                              *result.scene.moving.values())])
    low, high = every.min(0), every.max(0)
    room = 0.08 * (high - low)
    return (float(low[0] - room[0]), float(high[0] + room[0])), (float(low[1] - room[1]), float(high[1] + 3 * room[1]))


def _corner(result: Played) -> tuple[float, float]:
    (left, _), (_, high) = _reach(result)
    return left, high


def _short(values: np.ndarray) -> list[float | None]:
    return [None if not np.isfinite(v) else round(float(v), 4) for v in values]


def _words(result: Played) -> str:
    kinds = list(dict.fromkeys(result.done))
    done = " ".join(kinds[:KINDS]) + f" and {len(kinds) - KINDS} others" * (len(kinds) > KINDS)
    return (f"An episode of {len(result.seen)} steps, from “{result.seen[0]}” to “{result.seen[-1]}”; it did: {done}. "
            f"{result.says}")
