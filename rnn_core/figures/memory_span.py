"""All units of one sequence over time, the longest memory on top, and beside each how many steps it remembers."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.memory_span import MemorySpan, in_steps
from rnn_core.figures.ink import array, ink, thin
from rnn_core.figures.style import TIME, canvas, heading, nothing, whisper
from rnn_core.records.palette import scale, tone

LOW, HIGH, NAMED, ROW = -1, 4, 24, 18


def memory_span(result: MemorySpan, *, row: int = 0, theme: str = "light", height: int | None = None) -> go.Figure:
    """Units × time of sequence ``row``, sorted by memory, on the fixed scale −1…1; to the right their memory in steps.

    The memory's axis is logarithmic, 0.1 to 10,000 steps; what lies beyond is drawn at its end, which is said.
    """
    n, steps = len(result.units), result.values.shape[1]
    name = "keep gate" if result.keep is not None else "autocorrelation"
    words = f"{n} units over {steps} time steps, sorted by their memory: {result.says}"
    total = height or min(max(ROW * n, 120), 520) + 90
    figure = canvas("", words, theme=theme, height=total)
    if not steps or row >= len(result.values):
        return nothing(figure, theme)
    order = result.order.tolist()
    memory = array(result.memory)[order]
    _heat(figure, array(result.values[row]).T[order], [result.units[k] for k in order], theme)
    _bars(
        figure,
        memory,
        [result.units[k] for k in order],
        tone("forget" if result.keep is not None else "hidden", theme),
        theme,
    )
    said = "memory" if result.keep is not None else "decay <i>τ</i>"
    for x, text in ((0.0, f"<i>{result.units[0].split('[')[0]}<sub>t</sub></i> &nbsp;all units"), (1.0, said)):
        heading(figure, text, ink(theme).ink, x=x)
    off = int((np.isfinite(memory) & ((memory > 10.0**HIGH) | (memory < 10.0**LOW))).sum() + np.isinf(memory).sum())
    if off:
        whisper(figure, f"beyond the axis, at its end: {off}", theme, corner="bottom right", shift=-4)
    figure.update_layout(meta={"alt": words, "measured": name})
    return figure


def _heat(figure: go.Figure, values: np.ndarray, names: list[str], theme: str) -> None:
    """The heatmap on the left."""
    n, at = len(values), thin(values.shape[1])
    colours = scale("div", theme)
    figure.add_heatmap(
        x=at,
        y=np.arange(n),
        z=[[None if np.isnan(v) else round(float(v), 4) for v in line] for line in values[:, at]],
        customdata=np.repeat(np.array(names)[:, None], len(at), 1),
        zmin=-1,
        zmax=1,
        colorscale=[[k / (len(colours) - 1), c] for k, c in enumerate(colours)],
        showscale=False,
        hoverongaps=False,
        hovertemplate="t %{x}, %{customdata}: %{z:.3f}<extra></extra>",
    )
    shown = list(range(n)) if n <= NAMED else thin(n, NAMED // 2).tolist()
    figure.update_layout(
        hovermode="closest",
        xaxis={"domain": [0, 0.68], "range": [-0.5, values.shape[1] - 0.5], "title": {"text": TIME}, "nticks": 6},
        yaxis={
            "range": [n - 0.5, -0.5],
            "tickvals": shown,
            "ticktext": [names[k] for k in shown],
            "showgrid": False,
            "fixedrange": True,
        },
    )


def _bars(figure: go.Figure, memory: np.ndarray, names: list[str], colour: str, theme: str) -> None:
    """One bar a unit on the right, with its number where there is room."""
    n = len(memory)
    drawn = np.nan_to_num(memory, nan=10.0**LOW, posinf=10.0**HIGH).clip(10.0**LOW, 10.0**HIGH)
    figure.add_bar(
        y=np.arange(n),
        x=drawn,
        orientation="h",
        xaxis="x2",
        marker={"color": colour, "line": {"width": 0}},
        text=[_short(m) for m in memory] if n <= NAMED else None,
        textposition="outside",
        textfont={"size": 12, "color": ink(theme).ink},
        cliponaxis=False,
        customdata=[
            f"{name}: {in_steps(m) if np.isfinite(m) or np.isinf(m) else 'not known'}" for name, m in zip(names, memory)
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.update_layout(
        bargap=0.35,
        xaxis2={
            "domain": [0.72, 0.94],
            "type": "log",
            "range": [LOW, HIGH],
            "showgrid": True,
            "tickvals": [1, 100, 10_000],
            "ticktext": ["1", "100", "10⁴"],
            "title": {"text": "steps"},
            "anchor": "y",
            "fixedrange": True,
        },
    )


def _short(value: float) -> str:
    """A bar's own number."""
    if np.isnan(value):
        return "?"
    return "∞" if value > 1e6 else f"{value:.1f}" if value < 10 else f"{value:,.0f}"
