"""A few units over time as lines, one panel each, below the input that they all hear."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from rnn_core.figures.ink import array, ink, thin
from rnn_core.figures.panels import GAP, Panel, lay_out, tall
from rnn_core.figures.style import canvas, line, nothing
from rnn_core.records import Trace
from rnn_core.records.palette import tone

SIZE = 52


def unit_lines(
    trace: Trace, *, units: Sequence[int] = range(6), row: int = 0, theme: str = "light", height: int | None = None
) -> go.Figure:
    """The first input of sequence ``row`` as given, and h of some units on the fixed axis −1…1, or further out."""
    states = array(trace.states.h[row])
    chosen = [k for k in units if k < states.shape[1]]
    words = f"{len(chosen)} of {states.shape[1]} units over {len(states)} steps, below the input that they hear."
    figure = canvas("", words, theme=theme)
    if not chosen or not np.isfinite(states).all():
        return nothing(figure, theme)
    size = SIZE if height is None else max(20, (height - tall([])) // (len(chosen) + 1) - GAP)
    panels = [Panel("<i>x<sub>t</sub></i> &nbsp;input", ink(theme).second, size)]
    panels += [Panel(f"<i>h<sub>t,{k}</sub></i>", tone("hidden", theme, text=True), size) for k in chosen]
    axes, at, steps = lay_out(figure, panels, len(states)), thin(len(states)), np.arange(len(states))
    given = array(trace.x[row])[:, 0]
    for axis, values, meaning in zip(axes, (given, *states[:, chosen].T), ("input", *["hidden"] * len(chosen))):
        line(figure, steps[at], values[at], values[at], tone(meaning, theme), meaning, width=1.75, digits=".3g")
        figure.data[-1].yaxis = axis
        top = max(1.0, float(np.abs(values).max()))
        ticks = [-1, 0, 1] if top < 1.3 else [-1, 1]
        figure.update_layout({f"yaxis{axis[1:]}": {"range": [-1.05 * top, 1.05 * top], "tickvals": ticks}})
    figure.update_layout(height=height or tall(panels))
    return figure
