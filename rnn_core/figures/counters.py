"""A unit that goes up with each a and down with each b: the triangle, with all other units thin behind it."""

from __future__ import annotations

import html

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.counters import Counters
from rnn_core.figures.ink import array, ink, thin
from rnn_core.figures.style import canvas, samples
from rnn_core.records.palette import tone

NAMED, OTHERS = 40, 60


def counters(result: Counters, *, row: int | None = None, theme: str = "light", height: int = 340) -> go.Figure:
    """All units along sequence ``row``, by default the longest; the one that counts most thick, the symbols below."""
    words = f"The units along one string, the one that counts most in front. {result.says}"
    title = "" if result.why else f"<i>{result.units[result.best]}</i> &nbsp;counts most"
    figure = canvas(title, words, theme=theme, height=height, x="")
    if result.why:
        figure.add_annotation(
            x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, text=f"No counter: {result.why}.",
            font={"color": ink(theme).second},
        )  # fmt: skip
        return figure
    read = array(result.read).astype(int)
    one = int((read >= 0).sum(1).argmax()) if row is None else row
    steps = int((read[one] >= 0).sum())
    values, t = array(result.values[one])[: steps + 1], np.arange(steps + 1)
    at = thin(len(t))
    others = [k for k in range(values.shape[1]) if k != result.best][:OTHERS]
    samples(figure, t[at], values[at][:, others].T, ink(theme).second)
    names = ["start", *(html.escape(result.symbols[k], quote=False) for k in read[one, :steps])]
    figure.add_scatter(
        x=t[at],
        y=values[at, result.best],
        mode="lines+markers" if steps <= NAMED else "lines",
        line={"color": tone(result.tone, theme), "width": 3},
        marker={"size": 6, "color": tone(result.tone, theme)},
        customdata=[names[k] for k in at],
        hovertemplate="%{customdata}: %{y:.4g}<extra></extra>",
    )
    shown = at if steps <= NAMED else at[thin(len(at), NAMED // 2)]
    figure.update_layout(hovermode="closest", xaxis={"tickvals": t[shown], "ticktext": [names[k] for k in shown]})
    figure.update_xaxes(title_text="symbol that was read", tickangle=0)
    return figure
