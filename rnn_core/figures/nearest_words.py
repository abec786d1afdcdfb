"""Answers decoded by their nearest rows: how near the first few are, and whether the network says the same."""

from __future__ import annotations

import html

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.nearest_words import NearestWords
from rnn_core.figures.ink import array
from rnn_core.figures.style import canvas, nothing, whisper
from rnn_core.records.palette import tone

SHOWN = 40


def nearest_words(result: NearestWords, *, theme: str = "light", height: int = 340) -> go.Figure:
    """Distance 1 − cos of each answer to its nearest rows, nearest filled; at most 40 answers, in order."""
    words = f"Output vectors and the rows nearest to them: {result.says}"
    figure = canvas("1 − cos &nbsp;to the nearest rows", words, theme=theme, height=height, x="answer")
    if not len(result.said):
        return nothing(figure, theme)
    many, distance = min(len(result.said), SHOWN), array(result.distance)
    names = [html.escape(word, quote=False) for word in result.words]
    for k in range(distance.shape[1]):
        said = [f"{names[int(result.nearest[q, k])]} (the network said {names[int(result.said[q])]})"
                for q in range(many)]
        same = np.array([int(result.nearest[q, k]) == int(result.said[q]) for q in range(many)])
        colours = [tone("prediction" if one else "baseline", theme) for one in same]
        figure.add_scatter(x=np.arange(many), y=distance[:many, k], customdata=said, mode="markers",
                           marker={"size": 9 if k == 0 else 6, "color": colours,
                                   "symbol": "circle" if k == 0 else "circle-open", "line": {"color": colours}},
                           hovertemplate="%{customdata}: %{y:.3f}<extra></extra>")
    top = 1.2 * float(distance[:many].max()) or 1.0
    figure.update_layout(hovermode="closest", yaxis={"range": [0, top], "nticks": 6}, xaxis={"nticks": 8})
    left = len(result.said) - many
    whisper(figure, "coloured: what the network said" + (f"; {left} more answers" if left else ""), theme)
    return figure
