"""Every unit's time constant: how slowly it really moves against what its leak or keep gate would give it alone."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.memory_span import in_steps
from rnn_core.analysis.time_constants import TimeConstants
from rnn_core.figures.ink import array, ink
from rnn_core.figures.style import canvas, heading, nothing, whisper
from rnn_core.records.palette import tone

LOW, HIGH = -1, 4
TICKS = {"tickvals": [0.1, 1, 10, 100, 1000, 10_000], "ticktext": ["0.1", "1", "10", "100", "1000", "10⁴"]}


def time_constants(result: TimeConstants, *, theme: str = "light", height: int = 420) -> go.Figure:
    """A dot a unit on logarithmic axes of 0.1 to 10,000 steps: across the known constant, up the measured one.

    On the dashed line the two agree. Units without leak or gate stand side by side, in their own order. What lies
    beyond an axis is drawn at its end, which is said.
    """
    figure = canvas("", f"{len(result.units)} units: {result.says}", theme=theme, height=height, x="unit")
    measured, known = array(result.measured), array(result.known)
    heading(figure, "measured decay <i>τ</i>, in steps", tone("hidden", theme, text=True))
    seen = ~np.isnan(measured)
    if not seen.any():
        return nothing(figure, theme)
    compared = bool(result.source) and not np.isnan(known[seen]).all()
    across = _shown(known) if compared else np.arange(len(measured), dtype=float)
    said = [
        f"{name}: measured {in_steps(m)}" + (f", by its {result.source} alone {in_steps(k)}" if compared else "")
        for name, m, k in zip(result.units, measured, known)
    ]
    figure.add_scatter(
        x=across[seen],
        y=_shown(measured)[seen],
        mode="markers",
        marker={"color": tone("hidden", theme), "size": 10, "opacity": 0.75},
        customdata=[text for text, there in zip(said, seen) if there],
        hovertemplate="%{customdata}<extra></extra>",
        name="units",
    )
    figure.update_yaxes(type="log", range=[LOW, HIGH], **TICKS)
    if compared:
        figure.update_xaxes(
            type="log",
            range=[LOW, HIGH],
            title_text=f"known from the {result.source}, in steps",
            showgrid=True,
            **TICKS,
        )
        _agreement(figure, theme)
    else:
        figure.update_xaxes(range=[-0.5, len(measured) - 0.5], nticks=8)
    ends = (10.0**LOW, 10.0**HIGH)
    off = int(sum(not ends[0] <= v <= ends[1] for v in [*measured[seen], *(known[seen] if compared else [])]))
    if off:
        whisper(figure, f"beyond an axis, at its end: {off}", theme, corner="bottom right", shift=-4)
    figure.update_layout(hovermode="closest")
    return figure


def _shown(values: np.ndarray) -> np.ndarray:
    """Values on the axis."""
    return np.nan_to_num(values, nan=10.0**LOW, posinf=10.0**HIGH).clip(10.0**LOW, 10.0**HIGH)


def _agreement(figure: go.Figure, theme: str) -> None:
    """The dashed line on which both numbers are the same."""
    figure.add_scatter(
        x=[10.0**LOW, 10.0**HIGH],
        y=[10.0**LOW, 10.0**HIGH],
        mode="lines",
        line={"color": tone("theory", theme), "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
        name="theory",
    )
    figure.add_annotation(
        x=3.2,
        y=3.2,
        text="measured = known",
        showarrow=False,
        xanchor="right",
        xshift=-10,
        font={"size": 13, "color": ink(theme).ink},
    )
