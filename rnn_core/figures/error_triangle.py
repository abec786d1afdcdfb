"""Which loss reaches which step: a triangle of sizes on a fixed scale, or every step's share of its row."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.error_triangle import ErrorTriangle
from rnn_core.figures.ink import array, ink, power, thin
from rnn_core.figures.style import canvas, nothing, whisper
from rnn_core.records.palette import scale, tone

LOW, HIGH, CELLS, ONE_ROW = -8, 1, 200, 180


def error_triangle(
    result: ErrorTriangle, *, share: bool = False, theme: str = "light", height: int = 380
) -> go.Figure:
    """log₁₀‖∂L_s/∂s_t‖ over the state's step t and the loss's step s, on the fixed scale 10⁻⁸…10 with its floor dashed.

    ``share`` draws every step's share of its row instead, which shows where a loss is heard best and hides whether it
    is heard at all. Values off the scale have the colour of its end.
    """
    median, steps = array(result.median), array(result.steps).astype(int)
    name = "share of the row" if share else "size of the error signal"
    title = f"‖∂<i>L<sub>s</sub></i>/∂<i>s<sub>t</sub></i>‖ &nbsp;{name}"
    alone = len(steps) == 1
    if alone:
        title = f"‖∂<i>L</i><sub>{steps[0]}</sub>/∂<i>s<sub>t</sub></i>‖ &nbsp;only step {steps[0]} is scored"
        height = min(height, ONE_ROW)
    figure = canvas(title, _words(result, median, steps), theme=theme, height=height)
    if not median.size or np.isnan(median).all():
        return nothing(figure, theme)
    at, rows = thin(median.shape[1], CELLS), thin(len(steps), CELLS)
    with np.errstate(divide="ignore"):
        logs = np.log10(median)[np.ix_(rows, at)]
    shares = array(result.shares)[np.ix_(rows, at)]
    colours = scale("seq" if share else "grad", theme)
    drawn = shares if share else logs.clip(LOW, HIGH)
    ticks = [-8, -6, -4, -2, 0]
    top = float(np.nanmax(shares))
    bar = {"title": {"text": "share"}, "tickformat": ".0%"} if share else {
        "tickvals": ticks,
        "ticktext": [power(k) if k else "1" for k in ticks],
    }
    figure.add_heatmap(
        x=at,
        y=steps[rows],
        z=drawn.astype(np.float32),
        zmin=0 if share else LOW,
        zmax=max(top, 1e-9) if share else HIGH,
        colorscale=[[k / (len(colours) - 1), c] for k, c in enumerate(colours)],
        colorbar={"thickness": 10, "outlinewidth": 0, "tickfont": {"size": 12, "color": ink(theme).second}, **bar},
        customdata=np.stack([median[np.ix_(rows, at)], shares], -1).astype(np.float32),
        hoverongaps=False,
        hovertemplate="loss of step %{y}<br>at the state entering step %{x}<br>%{customdata[0]:.1e}, "
        "%{customdata[1]:.1%} of its row<extra></extra>",
    )
    if not share and len(rows) > 1 and len(at) > 1:
        _floor(figure, at, steps[rows], logs, result.floor, theme)
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(range=[-0.5, median.shape[1] - 0.5])
    first, last = int(steps.min()), int(steps.max())
    if alone:
        figure.update_yaxes(tickvals=[first], ticktext=[f"<i>s</i> = {first}"], range=[first - 0.5, first + 0.5])
    else:
        figure.update_yaxes(range=[first - 0.5, last + 0.5], showgrid=False)
        whisper(figure, "upwards: the step <i>s</i> whose loss it is", theme, corner="bottom right", shift=4)
    return figure


def _floor(figure: go.Figure, x: np.ndarray, y: np.ndarray, logs: np.ndarray, floor: float, theme: str) -> None:
    """The dashed line between what can teach and what is too small to, and its name where both are."""
    level = float(np.log10(floor))
    known = np.isfinite(logs)
    if not (logs[known] < level).any() or not (logs[known] > level).any():
        return
    figure.add_contour(
        x=x,
        y=y,
        z=np.where(np.isnan(logs), np.nan, logs.clip(LOW - 1, HIGH)).astype(np.float32),
        contours={"start": level, "end": level, "size": 1, "coloring": "none"},
        line={"color": tone("theory", theme), "width": 1.5, "dash": "dash"},
        showscale=False,
        hoverinfo="skip",
        connectgaps=False,
    )
    whisper(figure, f"dashed: floor {power(round(level))}, too small to teach", theme, corner="bottom right", shift=24)


def _words(result: ErrorTriangle, median: np.ndarray, steps: np.ndarray) -> str:
    known = np.isfinite(median)
    if not known.any():
        return "Which loss reaches which step: no error signal can be measured."
    heard = float((median[known] >= result.floor).mean())
    whose = f"the losses of {len(steps)} steps say" if len(steps) > 1 else f"the loss of step {steps[0]} says"
    return (
        f"Size of what {whose} to the states of {median.shape[1]} steps, on a logarithmic "
        f"colour scale. Largest {np.nanmax(median):.1e}, smallest {np.nanmin(median):.1e}; {heard:.0%} lie above "
        f"{result.floor:.0e}."
    )
