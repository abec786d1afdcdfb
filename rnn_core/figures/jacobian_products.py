"""How much of an early state is still felt at the end: measured, beside the bound of theory."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.jacobian_products import JacobianProducts
from rnn_core.figures.ink import array, ink, thin
from rnn_core.figures.style import canvas, line, name_line, nothing, samples, whisper
from rnn_core.records.palette import tone

LOW, HIGH, LINES = -12, 6, 8


def jacobian_products(result: JacobianProducts, *, theme: str = "light", height: int = 340) -> go.Figure:
    """‖∂s_T/∂s_t‖ against t on the fixed axis 10⁻¹²…10⁶, median thick, and ∏ σ_max dashed, which it never exceeds.

    Values off the axis lie on its edge, and the picture says so.
    """
    norms, bound = array(result.norms), array(result.bound)
    alike = np.full(norms.shape[1], np.nan)
    measured = np.median(norms, 0) if len(norms) else alike
    theory = np.median(bound, 0) if len(bound) else alike
    figure = canvas(
        "‖∂<i>s<sub>T</sub></i>/∂<i>s<sub>t</sub></i>‖ &nbsp;what is left at the end",
        _words(measured, theory),
        theme=theme,
        height=height,
    )
    figure.update_yaxes(type="log", range=[LOW, HIGH], dtick=3, exponentformat="power")
    figure.update_xaxes(range=[-0.5, norms.shape[1] - 0.5])
    if not norms.size:
        return nothing(figure, theme)
    figure.add_shape(type="line", xref="paper", x0=0, x1=1, y0=1, y1=1, line={"color": ink(theme).second, "width": 1})
    at = thin(norms.shape[1])
    colour = tone("gradient", theme)
    if len(norms) > 1:
        samples(figure, at, norms[:LINES, at].clip(10.0**LOW, 10.0**HIGH), colour)
    drawn = [measured[at].clip(10.0**LOW, 10.0**HIGH), theory[at].clip(10.0**LOW, 10.0**HIGH)]
    line(figure, at, drawn[1], theory[at], tone("theory", theme), "bound", dash="dash", width=1.5)
    line(figure, at, drawn[0], measured[at], colour, "measured")
    logs = [np.log10(y) for y in drawn]
    for k, (name, meaning) in enumerate((("measured", "gradient"), ("theory: ∏ σ<sub>max</sub>", "theory"))):
        name_line(figure, at, logs, k, LOW, HIGH, name, tone(meaning, theme, text=True))
    off = {
        name: int((np.isfinite(v) & ((v < 10.0**LOW) | (v > 10.0**HIGH))).sum())
        for name, v in (("measured", measured), ("of theory", theory))
    }
    if any(off.values()):
        said = ", ".join(f"{count} {name}" for name, count in off.items() if count)
        whisper(figure, f"off the axis, on its edge: {said}", theme, corner="bottom left")
    return figure


def _words(measured: np.ndarray, theory: np.ndarray) -> str:
    if not (len(measured) and np.isfinite(measured[0])):
        return "How much of an early state is felt at the end: no step."
    return (
        "How much a change of the state at each step is felt at the end, on a logarithmic scale. From the first step "
        f"{measured[0]:.1e} is measured; theory allows {theory[0]:.1e}."
    )
