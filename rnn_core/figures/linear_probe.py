"""How well the past can be read off the state, lag by lag, for one network or several on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.linear_probe import LinearProbe
from rnn_core.figures.ink import DASHES, array, identity, ink
from rnn_core.figures.style import canvas, line, nothing

TOP, STEP = 1.08, 0.085


class _Curve(NamedTuple):
    lags: np.ndarray
    score: np.ndarray
    name: str
    colour: str
    text: str
    dash: str
    width: float


def linear_probe(
    *results: LinearProbe,
    before: LinearProbe | None = None,
    after: LinearProbe | None = None,
    names: Sequence[str] = (),
    theme: str = "light",
    height: int = 360,
) -> go.Figure:
    """R² of reading x_{t−k} off the state against the lag k, on the fixed axis 0…1.

    Several ``results`` are told apart by ``names`` and by colour and dash; ``before`` and ``after``, dashed and thick
    in one colour, are the same network at two moments. Values below 0 are drawn at 0, and the picture says so.
    """
    curves = _curves(results, before, after, names, theme)
    if not curves:
        raise ValueError("Nothing to draw: give a result, or before= and after=.")
    figure = canvas(
        "<i>R</i>² &nbsp;of <i>x<sub>t−k</sub></i> read off the state",
        _words(curves),
        theme=theme,
        height=height,
        x="lag <i>k</i>, steps back",
    )
    last = max(float(c.lags[-1]) for c in curves if len(c.lags)) if any(len(c.lags) for c in curves) else 0.0
    figure.update_xaxes(range=[-0.5, max(last, 1) + 0.5])
    figure.update_yaxes(range=[-0.02, TOP], dtick=0.25)
    if not any(np.isfinite(c.score).any() for c in curves):
        nothing(figure, theme).layout.annotations[-1].text = "There is nothing that could be probed."
        return figure
    drawn = [c.score.clip(0, None) for c in curves]
    for c, y in zip(curves, drawn):
        line(figure, c.lags, y, c.score, c.colour, c.name, dash=c.dash, width=c.width, digits=".3f")
    below = int(sum((c.score < 0).sum() for c in curves))
    _key(figure, curves, drawn, f"below 0, drawn at 0: {below} values" if below else "", theme)
    figure.add_hline(y=0, line={"color": ink(theme).line, "width": 1})
    return figure


def _curves(
    results: Sequence[LinearProbe],
    before: LinearProbe | None,
    after: LinearProbe | None,
    names: Sequence[str],
    theme: str,
) -> list[_Curve]:
    """Every curve; the network at two moments has the first colour, the others follow."""
    ink(theme)
    own = [
        (r, n, 0, d, w)
        for r, n, d, w in ((before, "before training", "dash", 1.75), (after, "now", "solid", 3.5))
        if r is not None
    ]
    first = bool(own)
    for k, result in enumerate(results):
        name = names[k] if k < len(names) else result.name
        own.append((result, name, k + first, DASHES[(k + first) % len(DASHES)], 2.0))
    return [
        _Curve(array(r.lags), array(r.score), name, identity(k, theme), identity(k, theme, text=True), dash, width)
        for r, name, k, dash, width in own
    ]


def _key(figure: go.Figure, curves: Sequence[_Curve], drawn: Sequence[np.ndarray], remark: str, theme: str) -> None:
    """Which line is which, one below the other in the corner that the lines leave free."""
    late = [y[len(y) // 2 :] for y in drawn]
    right = max((float(np.nanmax(y)) for y in late if np.isfinite(y).any()), default=0.0) < 0.6
    lines = [(c.name, c.text, c) for c in curves] + ([(remark, ink(theme).second, None)] if remark else [])
    for k, (text, colour, c) in enumerate(lines):
        y = 0.97 - STEP * k if right else 0.03 + STEP * (len(lines) - 1 - k)
        place = {"xref": "paper", "yref": "paper"}
        figure.add_annotation(
            x=1.0 if right else 0.0,
            y=y,
            yanchor="middle",
            xanchor="right" if right else "left",
            xshift=(-34 if right else 38) if c else (0 if right else 4),
            text=text,
            showarrow=False,
            font={"color": colour, "size": 13},
            **place,
        )
        if c:
            side = 1.0 if right else 0.0
            figure.add_shape(
                type="line",
                xsizemode="pixel",
                xanchor=side,
                x0=-28 if right else 4,
                x1=0 if right else 32,
                y0=y,
                y1=y,
                line={"color": c.colour, "dash": c.dash, "width": min(c.width, 3)},
                **place,
            )


def _words(curves: Sequence[_Curve]) -> str:
    said = []
    for c in curves:
        known = np.flatnonzero(np.isfinite(c.score))
        if len(known):
            half = next((int(c.lags[k]) for k in known if c.score[k] < 0.5), None)
            falls = "never below one half" if half is None else f"below one half from lag {half} on"
            said.append(f"{c.name}: {c.score[known[0]]:.2f} at lag {int(c.lags[known[0]])}, {falls}")
    return "How much of the input of k steps ago a linear map reads off the state. " + ("; ".join(said) or "None") + "."
