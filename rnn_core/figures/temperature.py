"""Probabilities of the likeliest words, at temperature 1 and at another."""

from __future__ import annotations

import html

import plotly.graph_objects as go

from rnn_core.analysis.temperature import Temperature
from rnn_core.figures.ink import array, ink, short
from rnn_core.figures.style import canvas, nothing, whisper
from rnn_core.records.palette import tone

SHOWN = 12


def temperature(result: Temperature, *, theme: str = "light", height: int = 340) -> go.Figure:
    """One bar a word, likeliest first, from 0 to 1; a mark says where it stands at temperature 1. At most 12 words."""
    words = (f"Softmax at temperature {short(result.temperature)}: {result.says}" if result.scores.isfinite().all() else
             "Softmax: these scores are not finite, so there is nothing to draw.")
    figure = canvas(f"<i>p</i> at temperature {short(result.temperature)}", words, theme=theme, height=height, x="")
    if not result.scores.isfinite().all():
        return nothing(figure, theme)
    chosen = result.order[:SHOWN]
    p, plain = array(result.tempered)[chosen], array(result.plain)[chosen]
    names = [html.escape(result.words[k], quote=False) for k in chosen]
    places = list(range(len(chosen)))
    figure.add_bar(x=places, y=p, marker={"color": tone("prediction", theme), "line": {"width": 0}}, customdata=names,
                   hovertemplate="%{customdata}: %{y:.3f}<extra></extra>", text=[f"{v:.2f}" for v in p],
                   textposition="outside", cliponaxis=False, textfont={"color": ink(theme).ink, "size": 12})
    figure.add_scatter(x=places, y=plain, mode="markers", customdata=names,
                       marker={"symbol": "line-ew", "size": 26, "line": {"width": 2.5, "color": ink(theme).ink}},
                       hovertemplate="%{customdata} at 1: %{y:.3f}<extra></extra>")
    figure.update_layout(bargap=0.35, hovermode="closest", yaxis={"range": [0, 1.12], "fixedrange": True, "nticks": 6},
                         xaxis={"tickvals": places, "ticktext": names, "range": [-0.6, len(places) - 0.4],
                                "fixedrange": True})
    left = len(result.words) - len(chosen)
    whisper(figure, "dash: at temperature 1" + (f"; {left} more words are less likely" if left else ""), theme)
    return figure
