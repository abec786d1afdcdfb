"""How each single step passes on what it was given: largest stretching, and spectral radius, around the line at 1."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.step_jacobians import StepJacobians
from rnn_core.figures.ink import array, short, thin
from rnn_core.figures.style import canvas, level, line, name_line, nothing
from rnn_core.records.palette import tone

NAMES = {"σ": ("σ<sub>max</sub>, largest stretching", "solid"), "ρ": ("ρ, spectral radius", "dot")}


def step_jacobians(result: StepJacobians, *, theme: str = "light", height: int = 300) -> go.Figure:
    """σ_max and ρ of A_t = ∂s_t/∂s_{t−1} against t: medians over the sequences, with a line at 1."""
    steps = result.A.shape[1]
    title = "<i>A<sub>t</sub></i> = ∂<i>s<sub>t</sub></i>/∂<i>s<sub>t−1</sub></i> &nbsp;one step"
    if not result.A.numel():
        return nothing(canvas(title, "How one step stretches a change: no step.", theme=theme, height=height), theme)
    table = result.frame().groupby("t")[["σ", "ρ"]].median()
    sigma, rho = (short(table[k].median()) if table[k].notna().any() else "unknown" for k in NAMES)
    words = (
        f"How much one step stretches a change of the state. Median over all steps: largest stretching {sigma}, "
        f"spectral radius {rho}; at 1 nothing grows or shrinks."
    )
    figure = canvas(title, words, theme=theme, height=height)
    figure.update_xaxes(range=[-0.5, steps - 0.5])
    at, colour = thin(steps), tone("gradient", theme)
    drawn = [array(table[k])[at] for k in NAMES]
    top = 1.15 * max([1.5, *(float(np.nanmax(y)) for y in drawn if np.isfinite(y).any())])
    figure.update_yaxes(range=[0, top])
    level(figure, 1.0, "1: neither grows nor shrinks", theme, width=1, at=_free_end(drawn))
    for k, (name, dash) in enumerate(NAMES.values()):
        line(figure, at, drawn[k], drawn[k], colour, name, dash=dash, digits=".3f")
        name_line(figure, at, drawn, k, 0.0, top, name, tone("gradient", theme, text=True))
    return figure


def _free_end(drawn: list[np.ndarray]) -> str:
    """The end of the line at 1 that the curves come less near to."""
    quarter = max(len(drawn[0]) // 4, 1)
    ends = {"left": slice(None, quarter), "right": slice(-quarter, None)}
    return max(ends, key=lambda e: min(float(np.nan_to_num(abs(y[ends[e]] - 1.05), nan=9.0).min()) for y in drawn))
