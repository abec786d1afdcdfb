"""What an intervention changes: the answer untouched and touched, with the target, and the difference of the states."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.intervene import Intervened
from rnn_core.figures.ink import array, ink, short, thin
from rnn_core.figures.panels import Panel, band, heat, lay_out, tall
from rnn_core.figures.step_graph import label
from rnn_core.figures.style import canvas, nothing
from rnn_core.records.intervention import TIMED
from rnn_core.records.palette import tone

MOST_UNITS, RINGS = 64, 12


def intervene(
    result: Intervened,
    *,
    row: int = 0,
    output: int = 0,
    which: int = 0,
    theme: str = "light",
    height: int | None = None,
) -> go.Figure:
    """Sequence ``row``: its answer grey and dashed where untouched, coloured where touched; Δs_t of pass ``which``.

    For classes the answer is the probability of the right one. A row of a heatmap is a unit, those that change most
    when there are more than 64; Δ has the fixed scale −1…1 and beyond it the colour of its end. Faint bands: where
    something was held, clamped or overwritten.
    """
    ink(theme)
    if row >= len(result.outputs) or not result.outputs.shape[1]:
        return nothing(canvas("", "What an intervention changes: no step.", theme=theme), theme)
    title, before, after, target = _answers(result, row, output)
    gaps = _gaps(result, row, which)
    symbols = result.before.passes[which].cell.card.symbols
    panels = [Panel(title, tone("prediction", theme, text=True), 150)]
    for name, values in gaps.items():
        colour = tone(symbols.get(name, "hidden"), theme, text=True)
        panels.append(Panel(f"Δ {label(f'{name}_t')} &nbsp;touched minus untouched", colour, _high(len(values))))
    figure = canvas("", _words(before, after, gaps), theme=theme, height=height or tall(panels))
    axes = lay_out(figure, panels, len(before))
    for one in result.interventions:
        if one.kind in TIMED:
            band(figure, one.first, one.until(len(before)), theme)
    _lines(figure, before, after, target, theme)
    for axis, (name, values) in zip(axes[1:], gaps.items()):
        heat(figure, axis, values, theme, name=f"Δ{name}")
    return figure


def _high(count: int) -> int:
    """How many pixels a heatmap of so many units is high."""
    return min(max(10 * count, 30), 200)


def _answers(result: Intervened, row: int, output: int) -> tuple[str, np.ndarray, np.ndarray, np.ndarray]:
    """Title, untouched and touched answer (t,), and the target (t,), NaN where no step is or none is asked for."""
    batch, traces = result.batch, (result.before, result.after)
    counted = array(batch.counted[row]).astype(bool)
    there = np.ones_like(counted) if batch.mask is None else array(batch.mask[row]).astype(bool)
    if batch.target.dim() == 2:
        right = batch.target[row].clamp(min=0).unsqueeze(-1)
        answers = [trace.outputs[row].softmax(-1).gather(-1, right).squeeze(-1) for trace in traces]
        title, target = "<i>p</i>(right answer)", np.ones(len(counted))
    else:
        answers = [trace.outputs[row, :, output] for trace in traces]
        title, target = f"{label('ŷ_t')} &nbsp;what it says", array(batch.target[row, :, output])
    before, after = (np.where(there, array(answer), np.nan) for answer in answers)
    return title, before, after, np.where(counted, target, np.nan)


def _gaps(result: Intervened, row: int, which: int) -> dict[str, np.ndarray]:
    """State field → difference (units, t), at most 64 units of it: those that change most, in their own order."""
    found = {}
    for name, gap in result.states(which).items():
        values = array(gap[row].flatten(1)).T
        most = np.argsort(-np.nan_to_num(abs(values)).max(1), kind="stable")[:MOST_UNITS]
        found[name] = values[np.sort(most)]
    return found


def _lines(figure: go.Figure, before: np.ndarray, after: np.ndarray, target: np.ndarray, theme: str) -> None:
    """Target, untouched and touched answer in the first panel, each with its name at its end."""
    at, colours = thin(len(before)), ink(theme)
    grey, colour = tone("baseline", theme), tone("prediction", theme)
    asked = np.flatnonzero(np.isfinite(target))
    few = len(asked) <= RINGS
    figure.add_scatter(
        x=asked if few else at,
        y=target[asked if few else at],
        mode="markers" if few else "lines",
        name="target",
        line={"color": colours.ink, "width": 1.5, "dash": "dot", "shape": "hv"},
        marker={"symbol": "circle-open", "size": 12, "color": colours.ink, "line": {"width": 2}},
        hovertemplate="%{y:.3f}<extra>target</extra>",
    )
    styles: list[tuple[str, np.ndarray, dict[str, Any]]] = [
        ("untouched", before, {"color": grey, "width": 2.25, "dash": "dash"}),
        ("touched", after, {"color": colour, "width": 2.75}),
    ]
    for name, values, style in styles:
        figure.add_scatter(
            x=at,
            y=values[at],
            mode="lines" if len(at) > 1 else "markers",
            name=name,
            line=style,
            marker={"color": style["color"]},
            hovertemplate=f"%{{y:.3f}}<extra>{name}</extra>",
        )
    known = np.concatenate([v[np.isfinite(v)] for v in (before, after, target)])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    room = 0.12 * max(high - low, 0.1)
    figure.update_layout(yaxis={"range": [low - room, high + 2.5 * room]})
    inks = {
        "touched": tone("prediction", theme, text=True),
        "untouched": tone("baseline", theme, text=True),
        "target": colours.ink,
    }
    key = " &nbsp; ".join(
        f"<span style='color:{inks[k]}'>{sign} {k}</span>"
        for k, sign in (("touched", "—"), ("untouched", "- -"), ("target", "○" if few else "···"))
    )
    figure.add_annotation(
        x=1,
        xref="paper",
        xanchor="right",
        y=1,
        yref="y domain",
        yanchor="top",
        text=key,
        showarrow=False,
        font={"size": 14},
    )


def _words(before: np.ndarray, after: np.ndarray, gaps: dict[str, np.ndarray]) -> str:
    """The picture in words."""
    there = np.flatnonzero(np.isfinite(before) & np.isfinite(after))
    if not len(there):
        return "An intervention and its difference: no number of this sequence is finite."
    last = there[-1]
    said = [f"{name} by at most {short(np.nanmax(abs(v)))}" for name, v in gaps.items() if np.isfinite(v).any()]
    return (
        f"What an intervention changes, step by step. At the last step the network says {short(after[last])} in "
        f"place of {short(before[last])}. Its states move: {', '.join(said)}."
    )
