"""Must it forget? What k steps do to a change, in colour, beside the powers that theory knows, in dashed ink."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.vanishing import Vanishing
from rnn_core.figures.ink import array, ink, short, thin
from rnn_core.figures.style import canvas, line, nothing, samples, whisper
from rnn_core.records.palette import tone

LOW, HIGH, LINES, PLACE = -12, 6, 8, 0.45
THEORY = {
    "chain": ("∏ σ<sub>max</sub>(<i>A</i>)", "dot", 1.5),
    "stretch": ("bound (γ σ<sub>max</sub>)<sup><i>k</i></sup>", "dash", 1.75),
    "radius": ("(γ ρ)<sup><i>k</i></sup>, no bound", "longdashdot", 1.5),
}


def vanishing(result: Vanishing, *, theme: str = "light", height: int = 380) -> go.Figure:
    """‖∂s_T/∂s_{T−k}‖ against k on the fixed axis 10⁻¹²…10⁶, median thick; theory dashed: for a plain net the bound
    (γσ_max)^k and, where it is another line, (γρ)^k, which is none; for a cell with gates ∏ σ_max of its steps.

    Values off the axis lie on its edge, and the picture says so.
    """
    norms, steps = array(result.norms), result.norms.shape[1]
    curves = _theory(result, steps)
    measured = np.median(norms, 0) if len(norms) else np.full(steps, np.nan)
    figure = canvas(
        "‖∂<i>s<sub>T</sub></i>/∂<i>s<sub>T−k</sub></i>‖ &nbsp;what is left after <i>k</i> steps",
        _words(measured, curves),
        theme=theme,
        height=height,
        x="steps <i>k</i> that a change has to survive",
    )
    figure.update_yaxes(type="log", range=[LOW, HIGH], dtick=3, exponentformat="power")
    figure.update_xaxes(range=[-0.02 * steps, steps - 0.5])
    if not norms.size:
        return nothing(figure, theme)
    figure.add_shape(type="line", xref="paper", x0=0, x1=1, y0=1, y1=1, line={"color": ink(theme).second, "width": 1})
    at, colour = thin(steps), tone("gradient", theme)
    if len(norms) > 1:
        samples(figure, at, norms[:LINES, at].clip(10.0**LOW, 10.0**HIGH), colour)
    drawn = {name: said[at].clip(10.0**LOW, 10.0**HIGH) for name, (said, *_) in curves.items()}
    for name, (said, dash, width) in curves.items():
        line(figure, at, drawn[name], said[at], tone("theory", theme), name, dash=dash, width=width)
    drawn["measured"] = measured[at].clip(10.0**LOW, 10.0**HIGH)
    line(figure, at, drawn["measured"], measured[at], colour, "measured")
    for name in drawn:
        text = tone("gradient" if name == "measured" else "theory", theme, text=True)
        _name(figure, at, {other: np.log10(v) for other, v in drawn.items()}, name, text)
    off = int((np.isfinite(measured) & ((measured < 10.0**LOW) | (measured > 10.0**HIGH))).sum())
    if off:
        whisper(figure, f"off the axis, on its edge: {off} measured", theme, corner="bottom left")
    return figure


def _name(figure: go.Figure, at: np.ndarray, curves: dict[str, np.ndarray], name: str, colour: str) -> None:
    """Write a curve's name on its outer side, a little before the middle: the lowest's below, the others' above."""
    own = curves[name]
    inside = np.flatnonzero(np.isfinite(own) & (own > LOW) & (own < HIGH))
    if not len(inside):
        return
    k = int(inside[np.abs(inside - PLACE * len(own)).argmin()])
    lowest = all(v[k] >= own[k] for other, v in curves.items() if other != name) and len(curves) > 1
    below = lowest or own[k] > HIGH - 3
    near = own[max(k - len(own) // 10, 0) : k + len(own) // 10 + 1]
    left = (near[-1] > near[0]) != below
    figure.add_annotation(
        x=float(at[k]),
        y=float(own[k]),
        xanchor="right" if left else "left",
        yanchor="top" if below else "bottom",
        yshift=-3 if below else 3,
        text=name,
        showarrow=False,
        font={"color": colour, "size": 14},
    )


def _theory(result: Vanishing, steps: int) -> dict[str, tuple[np.ndarray, str, float]]:
    """Name → (values, dash, width) of every line of theory, the bound first."""
    k, chain = np.arange(steps, dtype=float), array(result.chain)
    with np.errstate(over="ignore"):
        if result.stretch is None or result.radius is None:
            found = {"chain": np.median(chain, 0) if len(chain) else np.full(steps, np.nan)}
        elif np.isclose(result.stretch, result.radius, rtol=1e-3):
            found = {"stretch": result.stretch**k}
        else:
            found = {"stretch": result.stretch**k, "radius": result.radius**k}
    return {THEORY[kind][0]: (values, *THEORY[kind][1:]) for kind, values in found.items()}


def _words(measured: np.ndarray, curves: dict[str, tuple[np.ndarray, str, float]]) -> str:
    if not (len(measured) and np.isfinite(measured[-1])):
        return "What is left of a change after k steps: nothing can be measured."
    bound = next(iter(curves.values()))[0][-1]
    return (
        "What is left of a change after k steps, on a logarithmic scale. After "
        f"{len(measured) - 1} steps {measured[-1]:.1e} is measured, at most {short(float(measured.max()))} on the way; "
        f"theory allows {bound:.1e}."
    )
