"""Where an input was lost: keep gate, what is left of it, and the error that comes back, over one time axis."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.forgetting import Forgetting
from rnn_core.figures.ink import array, ink, power, short, thin
from rnn_core.figures.panels import Panel, band, cursor, lay_out, tall
from rnn_core.figures.step_graph import label
from rnn_core.figures.style import canvas, line, name_line
from rnn_core.records.palette import tone

LOW, HIGH = -8, 2
STRIP = 110


def forgetting(result: Forgetting, *, theme: str = "light", height: int | None = None) -> go.Figure:
    """Three strips from the input that was needed to the answer; one line of ink where most was lost at once.

    The gate has the axis 0…1; the Jacobian products and the gradient have 10⁻⁸…10², and what lies beyond is on the
    edge. Faint bands: the step of the input and of the answer.
    """
    ink(theme)
    steps = len(result.left)
    panels, strips = [], _strips(result, theme)
    for title, colour, _ in strips:
        panels.append(Panel(title, colour, STRIP))
    figure = canvas("", _words(result), theme=theme, height=height or tall(panels))
    axes = lay_out(figure, panels, steps)
    for t in sorted({result.needed, result.answer}):
        band(figure, t, t, theme)
    for axis, (_, _, curves) in zip(axes, strips):
        gate = axis == "y" and bool(result.gate_name)
        low, high = (0.0, 1.0) if gate else (float(LOW), float(HIGH))
        _scaled(figure, axis, gate)
        at = thin(steps)
        drawn = [values[at] if gate else np.log10(values[at].clip(10.0**LOW, 10.0**HIGH)) for _, values, *_ in curves]
        for k, (name, values, colour, text, dash) in enumerate(curves):
            before = len(figure.data), len(figure.layout.annotations)
            shown = values[at] if gate else values[at].clip(10.0**LOW, 10.0**HIGH)
            line(figure, at, shown, values[at], colour, name, dash=dash, digits=".2f" if gate else ".1e")
            if len(curves) > 1:
                name_line(figure, at, drawn, k, low, high, name, text)
            for trace in figure.data[before[0] :]:
                trace.yaxis = axis
            for words in figure.layout.annotations[before[1] :]:
                words.yref = axis
    if result.lost is not None:
        cursor(figure, axes, result.lost, theme)
    return figure


def _scaled(figure: go.Figure, axis: str, gate: bool) -> None:
    """The fixed scale of a strip."""
    scale = {"range": [0, 1], "tickvals": [0, 0.5, 1]}
    if not gate:
        ticks = range(LOW, HIGH + 1, 5)
        scale = {
            "type": "log",
            "range": [LOW, HIGH],
            "tickvals": [10.0**k for k in ticks],
            "ticktext": [power(k) for k in ticks],
        }
    figure.update_layout({f"yaxis{axis[1:]}": scale})


def _strips(result: Forgetting, theme: str) -> list[tuple[str, str, list[tuple[str, np.ndarray, str, str, str]]]]:
    """(title, its colour, curves as (name, values (t,), colour, colour of the name, dash)) from top to bottom."""

    def shades(meaning: str) -> tuple[str, str]:
        return tone(meaning, theme), tone(meaning, theme, text=True)

    m = result.needed
    keep, state, theory, error = (shades(k) for k in ("forget", "hidden", "theory", "gradient"))
    strips = []
    if result.gate_name:
        name = f"{label(f'{result.gate_name}_t')} &nbsp;keep gate of the units with <i>x<sub>{m}</sub></i>"
        strips.append((name, keep[1], [("keep gate", array(result.gate), *keep, "solid")]))
    product = f"‖∏<i>J</i>‖ &nbsp;left of <i>x<sub>{m}</sub></i>, and reaching the answer"
    strips.append(
        (
            product,
            state[1],
            [("left", array(result.left), *state, "solid"), ("reaches", array(result.reach), *theory, "dash")],
        )
    )
    strips.append(
        (
            "‖∂<i>ℓ</i>/∂<i>s<sub>t</sub></i>‖ &nbsp;← error of the answer",
            error[1],
            [("gradient", array(result.gradient), *error, "solid")],
        )
    )
    return strips


def _words(result: Forgetting) -> str:
    """The picture in words."""
    found = "nowhere is anything lost" if result.lost is None else f"most is lost at once in step {result.lost}"
    ends = [float(result.left[result.answer]), float(result.reach[result.needed])]
    told = [short(v) if np.isfinite(v) else "unknown" for v in ends]
    return (
        f"From the input of step {result.needed} to the answer of step {result.answer}: {found}. At the answer "
        f"{told[0]} of the input is left, and of the state that held it {told[1]} reaches the answer."
    )
