"""What an optimiser makes of a small gradient: the size of each weight's gradient, and how far the weight moves."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.optimiser_steps import OptimiserSteps
from rnn_core.figures.ink import array, short
from rnn_core.figures.style import canvas, name_line, nothing, whisper
from rnn_core.records.palette import tone

LOW, HIGH, DOTS = -12, 2, 1500


def optimiser_steps(
    result: OptimiserSteps, *, rule: str = "Adam", theme: str = "light", height: int = 380
) -> go.Figure:
    """|Δw| against |∂L/∂w| of every recurrent weight, both axes logarithmic; dashed what SGD does with this rate.

    Weights without gradient do not move and have no dot; they are counted. Of more than 1,500 weights, evenly picked
    ones are drawn.
    """
    if rule not in result.moves:
        raise ValueError(f"There is no rule “{rule}”; there are {', '.join(result.moves)}.")
    g, moved = np.abs(array(result.gradient)), np.abs(array(result.moves[rule]))
    there = (g > 0) & (moved > 0) & np.isfinite(g) & np.isfinite(moved)
    figure = canvas(
        "|Δ<i>w</i>| &nbsp;how far the weight moves",
        _words(g, moved, there, rule),
        theme=theme,
        height=height,
        x="|∂<i>L</i>/∂<i>w</i>|, size of the weight's gradient",
    )
    if not there.any():
        return nothing(figure, theme)
    low, high = np.floor(np.log10(g[there].min())), np.ceil(np.log10(g[there].max()))
    low, high = max(low, LOW), max(min(high, HIGH), max(low, LOW) + 1)
    x = np.logspace(low, high, 41)
    bottom = min(np.log10(result.rate) + low, np.log10(moved[there].min())) - 0.3
    top = max(np.log10(result.rate) + high, np.log10(moved[there].max())) + 0.6
    figure.update_xaxes(type="log", range=[low, high], exponentformat="power", dtick=2 if high - low > 4 else 1)
    figure.update_yaxes(type="log", range=[bottom, top], exponentformat="power", dtick=2 if top - bottom > 4 else 1)
    place = np.flatnonzero(there)
    place = place[np.argsort(g[place])][np.unique(np.linspace(0, len(place) - 1, DOTS).round().astype(int))]
    figure.add_scatter(
        x=g[place],
        y=moved[place],
        mode="markers",
        name=rule,
        marker={"color": tone("shared", theme), "size": 6, "opacity": 0.6},
        hovertemplate=f"gradient %{{x:.1e}}, moves %{{y:.1e}}<extra>{rule}</extra>",
    )
    figure.add_scatter(
        x=x,
        y=result.rate * x,
        mode="lines",
        name="SGD",
        line={"color": tone("theory", theme), "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )
    logs = np.log10(result.rate * x)
    name_line(figure, np.log10(x), [logs], 0, bottom, top, "SGD: η × gradient", tone("theory", theme, text=True))
    figure.update_layout(hovermode="closest")
    if still := int((~there).sum()):
        whisper(figure, f"without gradient, and still: {still} weights", theme, corner="bottom right")
    return figure


def _words(g: np.ndarray, moved: np.ndarray, there: np.ndarray, rule: str) -> str:
    if not there.any():
        return f"How far one update by {rule} moves every weight: none of them feels the loss."
    return (
        f"How far one update by {rule} moves each of {int(there.sum())} recurrent weights. Their gradients lie between "
        f"{g[there].min():.1e} and {g[there].max():.1e}, their moves between {short(moved[there].min())} and "
        f"{short(moved[there].max())}."
    )
