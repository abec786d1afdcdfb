"""Gain × length: how much of the first state is felt at the end, for a thousand fresh networks, beside the theory."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.phase_diagram import PhaseDiagram
from rnn_core.figures.ink import array, ink, power
from rnn_core.figures.style import canvas, nothing
from rnn_core.records.palette import scale, tone

LOW, HIGH = -12, 12


def phase_diagram(result: PhaseDiagram, *, theme: str = "light", height: int = 440) -> go.Figure:
    """log₁₀‖∂s_T/∂s_0‖ over gain and length on the fixed scale 10⁻¹²…10¹²: quiet where nothing grows or shrinks.

    Dashed, for a plain net: the gain above which theory stops promising that less than the floor arrives. Values off
    the scale have the colour of its end; grey is a network that left the numbers.
    """
    gains, lengths, logs = array(result.gains), array(result.lengths), array(result.logs)
    figure = canvas(
        "‖∂<i>s<sub>T</sub></i>/∂<i>s</i><sub>0</sub>‖ &nbsp;what is left of the first state",
        _words(result, logs),
        theme=theme,
        height=height,
        x="gain <i>g</i> of the fresh recurrent weights",
    )
    if not logs.size or np.isnan(logs).all():
        return nothing(figure, theme)
    colours = scale("div", theme)
    ticks = [-12, -6, 0, 6, 12]
    figure.add_heatmap(
        x=gains,
        y=lengths,
        z=logs.clip(LOW, HIGH).astype(np.float32),
        zmin=LOW,
        zmax=HIGH,
        colorscale=[[k / (len(colours) - 1), c] for k, c in enumerate(colours)],
        colorbar={
            "thickness": 10,
            "outlinewidth": 0,
            "tickfont": {"size": 12, "color": ink(theme).second},
            "tickvals": ticks,
            "ticktext": [power(k) if k else "1" for k in ticks],
        },
        customdata=np.stack([logs.clip(-400, 400), array(result.seeds)], -1),
        hoverongaps=False,
        hovertemplate="gain %{x:.2f}, length %{y}<br>10^%{customdata[0]:.1f}, seed %{customdata[1]:.0f}<extra></extra>",
    )
    figure.update_layout(hovermode="closest", plot_bgcolor=ink(theme).line)
    figure.update_xaxes(range=_span(gains))
    figure.update_yaxes(showgrid=False, range=_span(lengths), tickprefix="<i>T</i> = ", showtickprefix="last")
    if result.stretch:
        _theory(figure, result, gains, lengths, theme)
    return figure


def _span(values: np.ndarray) -> list[float]:
    """The range of an axis that ends with the outermost cells."""
    half = (values.max() - values.min()) / max(2 * (len(values) - 1), 1) or 0.5
    return [float(values.min() - half), float(values.max() + half)]


def _theory(figure: go.Figure, result: PhaseDiagram, gains: np.ndarray, lengths: np.ndarray, theme: str) -> None:
    """The gain at which (stretch · g)^T is just the floor, for every length."""
    edge = result.floor ** (1 / np.maximum(lengths, 1)) / result.stretch
    seen = (edge >= gains.min()) & (edge <= gains.max())
    if not seen.any():
        return
    figure.add_scatter(
        x=edge[seen],
        y=lengths[seen],
        mode="lines",
        name="theory",
        line={"color": tone("theory", theme), "width": 1.75, "dash": "dash"},
        hovertemplate="left of gain %{x:.2f} a millionth cannot survive %{y} steps<extra>theory</extra>",
    )
    figure.add_annotation(
        x=float(edge[seen][-1]),
        y=float(lengths[seen][2 * seen.sum() // 3]),
        xanchor="left",
        xshift=8,
        showarrow=False,
        text=f"theory: (γ<i>g</i>)<sup><i>T</i></sup> = {power(round(np.log10(result.floor)))}",
        bgcolor=ink(theme).surface,
        font={"size": 13, "color": tone("theory", theme)},
    )


def _words(result: PhaseDiagram, logs: np.ndarray) -> str:
    known = logs[~np.isnan(logs)]
    if not len(known):
        return "What is left of the first state: all of these networks have left the finite numbers."
    lost = float((known < np.log10(result.floor)).mean())
    return (
        f"What is left of the first state at the end, for {logs.size:,} fresh networks of {logs.shape[1]} gains and "
        f"{logs.shape[0]} lengths, on a logarithmic colour scale. {lost:.0%} feel less than {result.floor:.0e} of it; "
        f"the median is 10 to the power {float(np.median(known.clip(-400, 400))):.1f}."
    )
