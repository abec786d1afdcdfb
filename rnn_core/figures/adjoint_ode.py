"""How far backpropagation through a solver's steps lies from the gradient in continuous time, for finer steps."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.adjoint_ode import AdjointOde
from rnn_core.figures.ink import array, short
from rnn_core.figures.style import canvas, line, name_line, nothing
from rnn_core.records.palette import tone

NAMES = {"euler": "Euler", "rk4": "Runge–Kutta"}
POWERS = {"euler": 1, "rk4": 4}
LOOKS = {"euler": ("gradient", "solid"), "rk4": ("gradient", "dot")}


def adjoint_ode(result: AdjointOde, *, theme: str = "light", height: int = 380) -> go.Figure:
    """The gap as a part of the gradient's length against the solver's step, both logarithmic; dashed: orders 1, 4."""
    figure = canvas(
        "‖∇<sub>steps</sub> − ∇<sub>ODE</sub>‖ ÷ ‖∇<sub>ODE</sub>‖ &nbsp;the gap of backpropagation",
        _words(result),
        theme=theme,
        height=height,
        x="step of the solver, in the unit of the time constants",
    )
    step = result.time_step / np.array(result.counts)
    gaps = {name: array(values) for name, values in result.gaps.items()}
    if not all(np.isfinite(v).all() and (v > 0).all() for v in gaps.values()):
        return nothing(figure, theme)
    logs = [np.log10(v) for v in gaps.values()]
    low, high = min(v.min() for v in logs) - 0.6, max(v.max() for v in logs) + 0.6
    figure.update_xaxes(type="log", exponentformat="power", tickvals=step, ticktext=[short(s) for s in step])
    figure.update_yaxes(type="log", range=[low, high], exponentformat="power", dtick=2 if high - low > 4 else 1)
    for k, (name, values) in enumerate(gaps.items()):
        meaning, dash = LOOKS[name]
        guide = values[-1] * (step / step[-1]) ** POWERS[name]
        figure.add_scatter(
            x=step,
            y=guide,
            mode="lines",
            line={"color": tone("theory", theme), "width": 1.25, "dash": "dash"},
            hoverinfo="skip",
            name=f"order {POWERS[name]}",
        )
        line(figure, step, values, values, tone(meaning, theme), NAMES[name], dash=dash)
        name_line(figure, np.log10(step), logs, k, low, high, NAMES[name], tone(meaning, theme, text=True))
    return figure


def _words(result: AdjointOde) -> str:
    if not np.isfinite(result.own):
        return "The gap of backpropagation to the gradient in continuous time: there is no gradient to compare with."
    parts = [
        f"{NAMES[name]} from {short(float(v[0]))} with {result.counts[0]} step to {short(float(v[-1]))} with "
        f"{result.counts[-1]}"
        for name, v in result.gaps.items()
    ]
    return f"The gap of backpropagation to the gradient in continuous time: {'; '.join(parts)}."
