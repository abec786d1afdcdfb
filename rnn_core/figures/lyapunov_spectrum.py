"""The Lyapunov spectrum: every exponent in its place, and the line that parts stretching from shrinking."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.lyapunov_spectrum import LyapunovSpectrum
from rnn_core.figures.ink import array, thin
from rnn_core.figures.style import canvas, level, line, nothing, samples, whisper
from rnn_core.records.palette import tone

SHOWN = 12


def lyapunov_spectrum(result: LyapunovSpectrum, *, theme: str = "light", height: int = 400) -> go.Figure:
    """Exponents a step by rank: the median of the sequences thick, some of them thin, the dashed line at 0.

    A rate of −∞, where nothing is left after one step, is not drawn and is counted in a remark.
    """
    figure = canvas(
        "<i>λ<sub>i</sub></i> &nbsp;Lyapunov exponents a step, in nats",
        f"{result.exponents.shape[1]} Lyapunov exponents: {result.says}",
        theme=theme,
        height=height,
        x="rank <i>i</i>",
    )
    found = array(result.exponents)
    found = found[np.isfinite(found).any(1)]
    if not len(found):
        return nothing(figure, theme)
    found = np.where(np.isfinite(found), found, np.nan)
    rank, colour = np.arange(1, found.shape[1] + 1), tone("hidden", theme)
    middle = np.array([np.median(column[~np.isnan(column)]) if (~np.isnan(column)).any() else np.nan
                       for column in found.T])  # fmt: skip
    at = thin(len(rank))
    if len(found) > 1:
        samples(figure, rank[at], found[:SHOWN][:, at], colour)
    line(figure, rank[at], middle[at], middle[at], colour, "λ", digits="+.3g")
    if len(rank) <= 40:
        figure.data[-1].update(mode="lines+markers", marker={"size": 7, "color": colour})
    level(figure, 0, "above: neighbours part", theme, at="right")
    missing = int(np.isnan(middle).sum())
    if missing:
        whisper(figure, f"{missing} more: gone within one step", theme, corner="bottom right", shift=-4)
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(range=[0.5, len(rank) + 0.5], nticks=8)
    return figure
