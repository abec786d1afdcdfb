"""Starts that forget each other: their distance over time, thin for each and thick in the middle, and its exponent."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.echo_state_property import EchoStateProperty
from rnn_core.figures.ink import array, thin
from rnn_core.figures.style import canvas, line, nothing, samples, whisper
from rnn_core.records.palette import tone

LOW, HIGH, SHOWN = -14, 4, 12


def echo_state_property(result: EchoStateProperty, *, theme: str = "light", height: int = 360) -> go.Figure:
    """‖s'_t − s_t‖ on a logarithmic axis; dashed, how it would go at the exponent's pace from where the rate is read.

    A distance of 0 is not drawn; what is off the axis is drawn on its edge.
    """
    figure = canvas(
        "‖<i>s′<sub>t</sub></i> − <i>s<sub>t</sub></i>‖ &nbsp;distance of two starts",
        f"Distance of other starts under the same input, step by step: {result.says}",
        theme=theme,
        height=height,
    )
    known = array(result.distances).reshape(-1, result.distances.shape[-1])
    known = np.where(np.isfinite(known) & (known > 0), known, np.nan)
    if not np.isfinite(known).any():
        return nothing(figure, theme)
    steps, colour = np.arange(known.shape[1]), tone("hidden", theme)
    edge = known.clip(10.0**LOW, 10.0**HIGH)
    at = thin(len(steps))
    samples(figure, steps[at], edge[:SHOWN][:, at], colour)
    some = np.isfinite(known).any(0)
    middle = np.full(len(steps), np.nan)
    middle[some] = np.nanmedian(known[:, some], 0)
    line(figure, steps[at], middle[at].clip(10.0**LOW, 10.0**HIGH), middle[at], colour, "distance", digits=".2g")
    _pace(figure, result, known, theme)
    whisper(figure, "- - at the pace of the largest exponent", theme)
    low = max(LOW, np.floor(np.log10(np.nanmin(edge))))
    high = min(HIGH, np.ceil(np.log10(np.nanmax(edge))) + 0.5)
    figure.update_layout(
        yaxis={"type": "log", "range": [low, high], "dtick": max(1, round((high - low) / 6)), "exponentformat": "power"}
    )
    figure.update_xaxes(range=[0, max(len(steps) - 1, 1)], nticks=8)
    return figure


def _pace(figure: go.Figure, result: EchoStateProperty, known: np.ndarray, theme: str) -> None:
    """The dashed line of the start whose rate is the median."""
    rates, exponents = array(result.rates).flatten(), array(result.exponents).flatten()
    fine = np.flatnonzero(np.isfinite(rates) & np.isfinite(exponents))
    if not len(fine):
        return
    k = int(fine[np.argsort(rates[fine])[len(fine) // 2]])
    u, v = array(result.windows).reshape(-1, 2)[k].astype(int)
    if v > u and np.isfinite(known[k, u]):
        told = known[k, u] * np.exp(exponents[k] * np.arange(v - u + 1))
        inside = (told >= 10.0**LOW) & (told <= 10.0**HIGH)
        line(figure, np.arange(u, v + 1)[inside], told[inside], told[inside], tone("theory", theme), "exponent",
             dash="dash", width=1.75, digits=".2g")  # fmt: skip
