"""How returns are spread: a bar for each range of what episodes got, from many starts."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.episode import Played
from rnn_core.figures.ink import array, ink, short
from rnn_core.figures.style import canvas, heading
from rnn_core.records import Baseline
from rnn_core.records.palette import tone

BARS = 20


def returns(result: Played, baseline: Baseline | None = None, *, theme: str = "light", height: int = 260) -> go.Figure:
    """Episodes by what they got; dotted the mean, dashed what can be had without memory and the most that there is."""
    values = array(result.returns)
    known = [*values, result.best, *([baseline.value] if baseline else [])]
    count, edges = np.histogram(values, BARS, (min(known), max(max(known), min(known) + 1e-9)))
    figure = canvas("episodes", f"How the returns of {len(values)} episodes are spread: {result.says}", theme=theme,
                    height=height, x=result.unit)
    figure.add_bar(x=(edges[1:] + edges[:-1]) / 2, y=count, width=np.diff(edges), customdata=np.stack([edges[:-1],
                   edges[1:]], 1), hovertemplate="%{y} episodes got %{customdata[0]:.3g} to %{customdata[1]:.3g}"
                   "<extra></extra>", marker={"color": tone("prediction", theme), "line": {"width": 0}})
    mean = float(values.mean())
    marks = [(mean, "", "dot"), (result.best, "most", "dash")]
    marks += [(baseline.value, "without memory", "dash")] if baseline else []
    for value, text, dash in marks:
        figure.add_shape(type="line", x0=value, x1=value, yref="paper", y0=0, y1=1,
                         line={"color": ink(theme).ink, "width": 1.5, "dash": dash})
        figure.add_annotation(x=value, y=0.86, yref="paper", text=text, showarrow=False, yanchor="top",
                              xanchor="right" if value > edges[BARS // 2] else "left",
                              xshift=-4 if value > edges[BARS // 2] else 4,
                              font={"size": 13, "color": ink(theme).second})
    figure.update_layout(bargap=0, hovermode="closest", yaxis={"rangemode": "tozero", "nticks": 4})
    heading(figure, f"{len(values)} starts; dotted: their mean, {short(mean)}", ink(theme).second, x=1, size=13)
    return figure
