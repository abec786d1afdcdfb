"""The states of many sequences seen from where they vary most; one sequence's path through them, with a time cursor."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.state_space import StateSpace
from rnn_core.figures.ink import SANS, array, identity, ink, short, thin
from rnn_core.figures.style import CLEAR, canvas, nothing
from rnn_core.records.palette import scale, tone

CLOUD, FRAMES, KINDS = 2500, 120, 6
ORDER = ("first", "second", "third")


class _Ink(NamedTuple):
    """How points are coloured: what marker settings, and what is said of each point."""

    marker: dict[str, Any]
    said: np.ndarray


def state_space(
    result: StateSpace,
    *,
    row: int = 0,
    step: int = 0,
    colour: str = "time",
    dimensions: int = 2,
    labels: Sequence[str] = (),
    words: Sequence[str] | None = None,
    theme: str = "light",
    height: int = 480,
) -> go.Figure:
    """All states as a cloud in 2 or 3 ``dimensions``, the path of sequence ``row`` in front, a cursor at step ``step``.

    ``colour`` is "time" or "answer". ``labels`` say what sequence ``row`` reads at each step, ``words`` name classes.
    The slider below moves the cursor in the browser. Of very many points an even choice is drawn. Raises ValueError for
    another colour or number of dimensions.
    """
    if colour not in ("time", "answer") or dimensions not in (2, 3):
        raise ValueError("States are drawn in 2 or 3 dimensions, coloured by time or by answer.")
    shares = array(result.explained)[:dimensions]
    figure = canvas(
        f"<i>s<sub>t</sub></i> &nbsp;coloured by {colour}",
        f"States along {dimensions} principal components, coloured by {colour}. {result.says}",
        theme=theme,
        height=height,
        x="",
    )
    points = array(result.points)[..., :dimensions]
    if row >= len(points) or not np.isfinite(points[row]).any():
        return nothing(figure, theme)
    titles = [f"{name} component, {share:.0%}" for name, share in zip(ORDER, shares)]
    _axes(figure, titles, dimensions, theme)
    where = np.argwhere(np.isfinite(points).all(-1))
    where = where[thin(len(where), CLOUD)]
    inked = _coloured(result, where, colour, words, theme)
    _scatter(
        figure,
        points[where[:, 0], where[:, 1]],
        mode="markers",
        marker={"size": 4 if dimensions == 2 else 2, "opacity": 0.5, **inked.marker},
        customdata=inked.said,
        hovertemplate="%{customdata}<extra></extra>",
    )
    _path(figure, points[row], labels, step, theme)
    if colour == "answer":
        _classes(figure, result, points, words, theme)
    return figure


def _scatter(figure: go.Figure, at: np.ndarray, **style: Any) -> None:
    """Points or a line in two or three dimensions."""
    figure.add_trace(_trace(at, **style))


def _trace(at: np.ndarray, **style: Any) -> Any:
    place = {axis: at[:, k] for k, axis in enumerate("xyz"[: at.shape[1]])}
    return go.Scatter3d(**place, **style) if at.shape[1] == 3 else go.Scatter(**place, **style)


def _axes(figure: go.Figure, titles: list[str], dimensions: int, theme: str) -> None:
    plain = {"zeroline": False, "showticklabels": False, "ticks": ""}
    if dimensions == 2:
        figure.update_xaxes(title_text=titles[0], showgrid=True, gridcolor=ink(theme).line, **plain)
        figure.update_yaxes(title_text=titles[1], scaleanchor="x", scaleratio=1, **plain)
    else:
        axis = {
            **plain,
            "gridcolor": ink(theme).line,
            "backgroundcolor": CLEAR,
            "showspikes": False,
            "color": ink(theme).second,
        }
        named = {
            f"{name}axis": {**axis, "title": {"text": title, "font": {"family": SANS, "size": 12}}}
            for name, title in zip("xyz", titles)
        }
        figure.update_layout(
            scene={
                **named,
                "aspectmode": "data",
                "bgcolor": CLEAR,
                "dragmode": "orbit",
                "camera": {"eye": {"x": 1.7, "y": 1.5, "z": 1.0}},
            }
        )
    figure.update_layout(hovermode="closest", margin={"b": 8})


def _coloured(result: StateSpace, where: np.ndarray, colour: str, words: Sequence[str] | None, theme: str) -> _Ink:
    """Colours of the cloud's points, by their step or by their sequence's answer."""
    stops = scale("seq", theme)[4:]
    ramp = [[k / (len(stops) - 1), c] for k, c in enumerate(stops)]
    bar = {"thickness": 10, "outlinewidth": 0, "len": 0.6, "tickfont": {"size": 12, "color": ink(theme).second}}
    at, answers = where[:, 1], array(result.answers)[where[:, 0]]
    said = np.array([f"sequence {s}, t = {t}" for s, t in where])
    if colour == "time":
        return _Ink({"color": at, "colorscale": ramp, "colorbar": {**bar, "title": {"text": "<i>t</i>"}}}, said)
    if result.answers.is_floating_point():
        told = np.array([f"{s}, answer {short(a)}" for s, a in zip(said, answers)])
        return _Ink({"color": answers, "colorscale": ramp, "colorbar": {**bar, "title": {"text": "answer"}}}, told)
    kinds = _kinds(result)
    hues = [identity(kinds.index(int(a)), theme) if int(a) in kinds else ink(theme).second for a in answers]
    told = np.array([f"{s}, answer {_word(int(a), words)}" for s, a in zip(said, answers)])
    return _Ink({"color": hues}, told)


def _path(figure: go.Figure, path: np.ndarray, labels: Sequence[str], step: int, theme: str) -> None:
    """The chosen sequence's path, its start and end, and the cursor with its slider."""
    steps = np.flatnonzero(np.isfinite(path).all(-1))
    read = [f"t = {t}" + (f", reads {html.escape(labels[t], quote=False)}" if t < len(labels) else "") for t in steps]
    own, flat = tone("hidden", theme), path.shape[1] == 2
    _scatter(
        figure,
        path[steps],
        mode="lines+markers",
        line={"color": own, "width": 2.5},
        marker={"size": 4 if flat else 2, "color": own},
        customdata=read,
        hovertemplate="%{customdata}<extra></extra>",
    )
    ends = [0, len(steps) - 1] if len(steps) > 1 else [0]
    text = [f"t = {steps[k]}" for k in ends]
    named = {"color": tone("hidden", theme, text=True), "size": 13}
    _scatter(
        figure,
        path[steps[ends]],
        mode="markers" if flat else "markers+text",
        text=text,
        textposition="top center",
        hoverinfo="skip",
        marker={"size": 8 if flat else 5, "color": ink(theme).paper, "line": {"color": own, "width": 2}},
        textfont=named,
    )
    for k, word in zip(ends if flat else [], text):
        x, y = path[steps[k]]
        figure.add_annotation(
            x=x, y=y, text=word, showarrow=False, yshift=17, font=named, bgcolor=ink(theme).paper, opacity=0.85
        )
    at = steps[thin(len(steps), FRAMES)]
    start = int(abs(at - step).argmin())
    style = {
        "mode": "markers",
        "hoverinfo": "skip",
        "marker": {
            "size": 14 if flat else 8,
            "color": tone("prediction", theme),
            "line": {"color": ink(theme).ink, "width": 2},
        },
    }
    _scatter(figure, path[at[[start]]], **style)
    moving = len(figure.data) - 1
    figure.frames = [go.Frame(name=str(t), data=[_trace(path[[t]], **style)], traces=[moving]) for t in at]
    how = {"mode": "immediate", "frame": {"duration": 0, "redraw": not flat}, "transition": {"duration": 0}}
    figure.update_layout(
        sliders=[
            {
                "active": start,
                "pad": {"t": 46 if flat else 12, "l": 4, "r": 4},
                "currentvalue": {"prefix": "time step t = ", "font": {"size": 14, "color": ink(theme).ink}},
                "steps": [{"label": str(t), "method": "animate", "args": [[str(t)], how]} for t in at],
                "tickcolor": ink(theme).line,
                "font": {"color": ink(theme).second, "size": 11},
                "bgcolor": tone("prediction", theme),
                "activebgcolor": tone("prediction", theme),
                "bordercolor": ink(theme).line,
            }
        ]
    )


def _classes(
    figure: go.Figure, result: StateSpace, points: np.ndarray, words: Sequence[str] | None, theme: str
) -> None:
    """The name of each class, in its colour, where its sequences give their answers."""
    if result.answers.is_floating_point():
        return
    ends = points[np.arange(len(points)), array(result.steps).astype(int)]
    answers = array(result.answers)
    for k, kind in enumerate(_kinds(result)):
        own = ends[(answers == kind) & np.isfinite(ends).all(-1)]
        if len(own):
            _scatter(
                figure,
                np.median(own, 0)[None],
                mode="text",
                text=[f"<b>{_word(kind, words)}</b>"],
                hoverinfo="skip",
                textfont={"size": 16, "color": identity(k, theme, text=True)},
            )


def _kinds(result: StateSpace) -> list[int]:
    """The classes that have a colour: the most frequent answers."""
    kinds, counts = np.unique(array(result.answers).astype(int), return_counts=True)
    return sorted(int(k) for k in kinds[np.argsort(-counts, kind="stable")][:KINDS])


def _word(kind: int, words: Sequence[str] | None) -> str:
    return html.escape(words[kind], quote=False) if words is not None and 0 <= kind < len(words) else str(kind)
