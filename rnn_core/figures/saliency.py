"""Which input, how long ago, moved this answer: the size of the derivative at every step, and its sign below."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.saliency import FEW, Saliency
from rnn_core.figures.ink import array, ink, short, thin
from rnn_core.figures.style import canvas, heading, nothing, whisper
from rnn_core.records.palette import scale, tone

LOW, HIGH = -8, 2


def saliency(
    result: Saliency,
    *,
    row: int = 0,
    labels: Sequence[str] = (),
    marks: Sequence[int] = (),
    names: Sequence[str] = (),
    theme: str = "light",
    height: int = 380,
) -> go.Figure:
    """‖∂y_t/∂x_k‖ of sequence ``row`` at every step k on the fixed axis 10⁻⁸…100, and below it ∂y_t/∂x_k itself.

    ``labels`` say what was read at each step, ``marks`` are steps told apart, ``names`` those of the inputs. Of
    more than eight inputs only Σ_i x_i ∂y/∂x_i is drawn, for symbols the derivative of the one that was read. Signs are
    drawn on a scale of their own, and the picture says which; a size of 0 has no bar.
    """
    steps = result.signed.shape[1]
    if not steps or row >= len(result.signed):
        return nothing(canvas("", "Saliency: no step.", theme=theme, height=height), theme)
    at_step = int(result.steps[row])
    signed, x = array(result.signed[row]), array(result.x[row])
    size = array(result.absolute[row])
    strongest = int(result.strongest[row])
    words = f"How strongly the input of each step moves the answer of step {at_step}. " + (
        f"Most strongly step {strongest}, by {short(size[strongest])}." if strongest >= 0 else "No step moves it."
    )
    figure = canvas(
        f"‖∂<i>y</i><sub>{at_step}</sub>/∂<i>x<sub>k</sub></i>‖ &nbsp;pull of each input",
        words,
        theme=theme,
        height=height,
        x="time step <i>k</i>",
    )
    at = thin(steps)
    said = [html.escape(labels[t], quote=False) if t < len(labels) else "" for t in range(steps)]
    _sizes(figure, at, size, said, theme)
    _signs(figure, at, signed, x, names, said, theme)
    band = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "fillcolor": ink(theme).line, "opacity": 0.5}
    band |= {"line": {"width": 0}, "layer": "below"}
    figure.update_layout(shapes=[{**band, "x0": mark - 0.5, "x1": mark + 0.5} for mark in marks])
    figure.add_vline(x=at_step, line={"color": ink(theme).ink, "width": 1.5, "dash": "dot"})
    figure.add_annotation(
        x=at_step,
        y=1,
        yref="paper",
        yanchor="top",
        xanchor="right" if at_step > steps / 2 else "left",
        text="the answer",
        showarrow=False,
        xshift=-4 if at_step > steps / 2 else 4,
        font={"color": ink(theme).ink, "size": 13},
    )
    figure.update_xaxes(range=[-0.5, steps - 0.5], anchor="y2")
    off = int((np.isfinite(size) & (size > 0) & ((size < 10.0**LOW) | (size > 10.0**HIGH))).sum())
    if off:
        whisper(figure, f"off the axis: {off} steps", theme, corner="top left")
    return figure


def _sizes(figure: go.Figure, at: np.ndarray, size: np.ndarray, said: list[str], theme: str) -> None:
    """Bars of the norms, from the foot of the logarithmic axis."""
    known = np.where(np.isfinite(size) & (size > 0), size, np.nan)
    figure.add_bar(
        x=at,
        y=[None if np.isnan(v) else v for v in known[at].clip(10.0**LOW, 10.0**HIGH)],
        marker={"color": tone("gradient", theme), "line": {"width": 0}},
        customdata=[
            f"{said[t]}{': ' if said[t] else ''}{short(size[t]) if np.isfinite(size[t]) else 'unknown'}" for t in at
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.update_layout(
        bargap=0.15,
        yaxis={"type": "log", "range": [LOW, HIGH], "dtick": 2, "exponentformat": "power", "domain": [0.42, 1.0]},
    )


def _signs(
    figure: go.Figure,
    at: np.ndarray,
    signed: np.ndarray,
    x: np.ndarray,
    names: Sequence[str],
    said: list[str],
    theme: str,
) -> None:
    """The signed derivatives as a heatmap, one row an input."""
    many = signed.shape[1] > FEW
    rows = (signed * x).sum(1)[None] if many else signed.T
    called = ["read"] if many else [names[k] if k < len(names) else f"x[{k}]" for k in range(len(rows))]
    finite = rows[np.isfinite(rows)]
    top = float(abs(finite).max()) if len(finite) and abs(finite).max() > 0 else 1.0
    colours = scale("div", theme)
    figure.add_heatmap(
        x=at,
        y=np.arange(len(rows)),
        yaxis="y2",
        z=[[None if not np.isfinite(v) else float(v) for v in row] for row in rows[:, at]],
        customdata=[[said[t] for t in at]] * len(rows),
        zmin=-top,
        zmax=top,
        colorscale=[[k / (len(colours) - 1), c] for k, c in enumerate(colours)],
        showscale=False,
        hoverongaps=False,
        hovertemplate="%{customdata} %{z:.3g}<extra></extra>",
    )
    figure.update_layout(
        yaxis2={
            "domain": [0.0, 0.26],
            "range": [len(rows) - 0.5, -0.5],
            "tickvals": list(range(len(rows))),
            "ticktext": called,
            "showgrid": False,
            "anchor": "x",
            "fixedrange": True,
        },
    )
    text = f"blue raises it, ochre lowers it; full colour at ±{short(top)}"
    heading(figure, text, ink(theme).ink, y=0.26, size=13, shift=4)
