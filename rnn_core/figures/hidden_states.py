"""Everything that a pass held, step by step: input, states and gates as strips over one time axis. For notebooks."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from rnn_core.figures.ink import array, thin
from rnn_core.figures.step_graph import label
from rnn_core.figures.style import TIME, canvas, heading, nothing
from rnn_core.records import NetworkTrace, Trace
from rnn_core.records.palette import scale, tone
from rnn_core.records.trees import leaves

NAMES = {
    "input": "input",
    "hidden": "hidden state",
    "cell": "cell",
    "forget": "keep gate",
    "write": "write gate",
    "read": "read gate",
    "candidate": "candidate",
    "prediction": "prediction",
}
GATES = ("forget", "write", "read")
LINE, GAP = 60, 34


def hidden_states(
    trace: Trace | NetworkTrace, *, row: int = 0, theme: str = "light", height: int | None = None
) -> go.Figure:
    """Input, states, gates and (of a NetworkTrace) the prediction of sequence ``row``, one strip each, time in common.

    Signed values are drawn on the fixed scale −1…1, gates on 0…1; values beyond it have the colour of its end.
    """
    whole, one = (trace, trace.main) if isinstance(trace, NetworkTrace) else (None, trace)
    if not one.length or row >= one.batch_size:
        return nothing(canvas("", "States over time: no step.", theme=theme), theme)
    strips = _strips(one.row(row), whole.row(row) if whole else None)
    sizes = [LINE if kind == "line" else min(max(10 * len(v), 40), 200) for _, _, kind, v in strips]
    total = sum(sizes) + GAP * len(strips) + 50
    steps = one.length
    words = f"States over {steps} time steps: " + ", ".join(f"{name} ({len(v)} rows)" for name, _, _, v in strips) + "."
    figure = canvas("", words, theme=theme, height=height or total)
    figure.update_layout(margin={"t": 8})
    figure.update_xaxes(range=[-0.5, steps - 0.5])
    top, at = 1.0, thin(steps)
    inner = sum(sizes) + GAP * len(strips)
    for k, ((name, meaning, kind, values), size) in enumerate(zip(strips, sizes)):
        top -= GAP / inner
        axis = f"y{k + 1}" if k else "y"
        figure.update_layout(
            {
                f"yaxis{k + 1 if k else ''}": {
                    "domain": [max(top - size / inner, 0.0), top],
                    "anchor": "x",
                    "showgrid": kind == "line",
                    "showticklabels": kind == "line",
                    "nticks": 3,
                    "fixedrange": True,
                }
            }
        )
        _draw(figure, axis, at, values[:, at], meaning, kind, theme)
        text = f"{label(name)} &nbsp;{NAMES.get(meaning, '')}"
        heading(figure, text, tone(meaning, theme, text=True), y=top, size=15, shift=0)
        top -= size / inner
    figure.update_xaxes(title_text=TIME, anchor=f"y{len(strips)}" if len(strips) > 1 else "y")
    return figure


def _strips(one: Trace, whole: NetworkTrace | None) -> list[tuple[str, str, str, np.ndarray]]:
    """(name, tone, line or heat or gate, values (rows, t)) from top to bottom."""
    found = []
    for k, x in enumerate(leaves(one.x) if one.x is not None else ()):
        found.append((f"x_{k}" if k else "x_t", "input", "line", _rows(x)))
    symbols = one.cell.card.symbols
    probes = {k: v for k, v in one.probes.items() if k in symbols and v.is_floating_point()} or one.probes
    for name in sorted(probes, key=lambda k: symbols.get(k) in GATES):
        meaning = symbols.get(name, "hidden")
        found.append(
            (
                f"{name}_t" if len(name) == 1 else name,
                meaning,
                "gate" if meaning in GATES else "heat",
                _rows(probes[name]),
            )
        )
    if whole is not None:
        found.append(("ŷ_t", "prediction", "line", _rows(whole.outputs.detach())))
    return found


def _rows(value: Any) -> np.ndarray:
    """(1, t, …) → (rows, t)."""
    flat = array(value[0])
    return flat.reshape(len(flat), -1).T


def _draw(
    figure: go.Figure, axis: str, at: np.ndarray, values: np.ndarray, meaning: str, kind: str, theme: str
) -> None:
    if kind == "line":
        for k, line in enumerate(values[:8]):
            figure.add_scatter(
                x=at,
                y=line,
                yaxis=axis,
                mode="lines" if len(at) > 1 else "markers",
                name=f"{k}",
                line={"color": tone(meaning, theme), "width": 2},
                opacity=1.0 if k == 0 else 0.55,
                hovertemplate="%{y:.3f}<extra></extra>",
            )
        return
    colours = scale("seq" if kind == "gate" else "div", theme)
    stops = [[k / (len(colours) - 1), c] for k, c in enumerate(colours)]
    figure.add_heatmap(
        x=at,
        y=np.arange(len(values)),
        z=values.round(4),
        yaxis=axis,
        zmin=0 if kind == "gate" else -1,
        zmax=1,
        colorscale=stops,
        showscale=False,
        hoverongaps=False,
        hovertemplate="t %{x}, unit %{y}: %{z:.3f}<extra></extra>",
    )
    figure.update_layout({f"yaxis{axis[1:]}": {"autorange": "reversed"}})
