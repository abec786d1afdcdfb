"""Does the order matter? The change of the answer when two neighbours are swapped, beside all steps shuffled."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.order_sensitivity import OrderSensitivity
from rnn_core.figures.ink import array, short
from rnn_core.figures.style import canvas, level, nothing, whisper
from rnn_core.records.palette import tone

LOW, HIGH, DOTS = -7, 1, 16


def order_sensitivity(result: OrderSensitivity, *, theme: str = "light", height: int = 340) -> go.Figure:
    """Change of the final answer against the place of a swap, on the fixed axis 10⁻⁷…10: bars the median, dots single
    sequences; dashed the median with all steps shuffled, dotted how far answers of different sequences lie apart.

    A change of exactly 0 has no place on a logarithmic axis: such changes are counted in a corner.
    """
    swapped, shuffled = array(result.swapped), array(result.shuffled)
    title = "<i>d</i> &nbsp;" + ("share of the belief that moves" if result.classes else "how far the answer moves")
    figure = canvas(
        title,
        _words(result, shuffled),
        theme=theme,
        height=height,
        x="the two neighbours that are swapped, first of them",
    )
    figure.update_yaxes(type="log", range=[LOW, HIGH], dtick=2, exponentformat="power")
    if not np.isfinite(shuffled).any():
        nothing(figure, theme).layout.annotations[-1].text = "There is no order to change."
        return figure
    places = array(result.places)
    figure.update_xaxes(range=[-0.5, max(places.max(initial=0), 1) + 0.5])
    median = np.array([np.median(v[np.isfinite(v)]) if np.isfinite(v).any() else np.nan for v in swapped])
    if len(places):
        _swaps(figure, places, median, swapped[:, :DOTS], theme)
    together = float(np.median(shuffled[np.isfinite(shuffled)]))
    lines = [(together, "all steps shuffled, median", "left"), (result.apart, "another sequence’s answer", "right")]
    for (value, text, side), (other, *_) in zip(lines, reversed(lines)):
        if value > 10.0**LOW:
            near = value <= other < 8 * value
            level(figure, min(value, 10.0**HIGH), f"{text}: {short(value)}", theme, log=True, at=side, below=near)
    exact = int((swapped == 0).sum()), int((shuffled == 0).sum())
    if any(exact):
        whisper(figure, f"exactly 0: {exact[0]} swaps, {exact[1]} shuffles", theme, corner="bottom right")
    return figure


def _swaps(figure: go.Figure, places: np.ndarray, median: np.ndarray, dots: np.ndarray, theme: str) -> None:
    """Bars of the medians and a dot for each of the first sequences."""
    colour = tone("prediction", theme)
    shown = np.where(median > 0, median, np.nan)
    figure.add_bar(
        x=places,
        y=[None if np.isnan(v) else v for v in shown.clip(10.0**LOW, 10.0**HIGH)],
        marker={"color": colour, "opacity": 0.45, "line": {"width": 0}},
        customdata=[
            f"steps {int(p)} and {int(p) + 1}: {short(m) if np.isfinite(m) else 'unknown'}"
            for p, m in zip(places, median)
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    at, _ = np.nonzero((dots > 0) & np.isfinite(dots))
    values = dots[(dots > 0) & np.isfinite(dots)]
    figure.add_scatter(
        x=places[at],
        y=values.clip(10.0**LOW, 10.0**HIGH),
        mode="markers",
        marker={"color": colour, "size": 4, "opacity": 0.6},
        hoverinfo="skip",
    )
    figure.update_layout(bargap=0.2)


def _words(result: OrderSensitivity, shuffled: np.ndarray) -> str:
    if not np.isfinite(shuffled).any():
        return "How much the final answer changes when the steps before it change places: there is no order to change."
    return f"How much the final answer changes when the steps before it change places. {result.says}"
