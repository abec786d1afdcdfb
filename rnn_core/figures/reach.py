"""How many seeds succeed at each length, one line an architecture."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from rnn_core.figures.compare_runs import spread
from rnn_core.figures.ink import DASHES, array, identity
from rnn_core.figures.race import LETTER, LINE, told
from rnn_core.figures.style import canvas


def reach(result: Any, *, theme: str = "light", height: int = 320) -> go.Figure:
    """Share of seeds that learnt the task against its length, on a logarithmic axis of lengths.

    ``result`` is a ``Reach``; lines that run together are drawn a little apart; what the pointer is
    told is exact.
    """
    figure = canvas("Seeds that learnt it", _words(result), theme=theme, height=height, x=result.axis)
    lengths, seeds = array(result.lengths), result.races[0].seeds
    figure.update_xaxes(type="log", tickvals=result.lengths, ticktext=[str(n) for n in result.lengths],
                        range=[np.log10(lengths[0]) - 0.04, np.log10(lengths[-1]) + 0.04])
    figure.update_yaxes(range=[-0.06, 1.1], tickvals=[0, 0.5, 1], ticktext=["none", "half", "all"])
    lines = [array([np.nan if n is None else n for n in result.succeeded(k)]) / seeds for k in range(len(result.names))]
    for k, (name, share) in enumerate(zip(result.names, lines)):
        said = ["not known yet" if np.isnan(s) else f"{round(s * seeds)} of {seeds}" for s in share]
        apart = 0.012 * (k - (len(lines) - 1) / 2)
        figure.add_scatter(x=lengths, y=share + apart, customdata=said, name=told(name), mode="lines+markers",
                           line={"color": identity(k, theme), "width": 2.75, "dash": DASHES[k % len(DASHES)]},
                           marker={"size": 8, "color": identity(k, theme)},
                           hovertemplate=f"%{{customdata}}<extra>{told(name)}</extra>")
    ends = [next((float(s) for s in share[::-1] if np.isfinite(s)), 0.0) for share in lines]
    for k, place in enumerate(spread([(e + 0.06) / 1.16 for e in ends], LINE / max(height - 90, LINE))):
        figure.add_annotation(x=1, xref="paper", y=place, yref="paper", text=told(result.names[k]), showarrow=False,
                              xanchor="left", yanchor="middle", xshift=8,
                              font={"color": identity(k, theme, text=True), "size": 14})
    figure.update_layout(margin={"r": round(16 + LETTER * max(map(len, result.names)))})
    return figure


def _words(result: Any) -> str:
    seeds = result.races[0].seeds
    said = []
    for k, name in enumerate(result.names):
        counts = ", ".join(f"{'?' if n is None else n} of {seeds} at {t}"
                           for t, n in zip(result.lengths, result.succeeded(k)))
        said.append(f"{name}: {counts}")
    return f"How many seeds learnt the task at each {result.axis}. {'; '.join(said)}."
