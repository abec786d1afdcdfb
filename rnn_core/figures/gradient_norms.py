"""The size of the error signal at every step, on a fixed logarithmic scale with a floor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.gradient_norms import GradientNorms
from rnn_core.figures.ink import DASHES, array, identity, ink, power, thin
from rnn_core.figures.style import canvas, level, line, name_line, nothing, samples, whisper
from rnn_core.records.palette import tone

LOW, HIGH, LINES = -8, 1, 8


def gradient_norms(
    *results: GradientNorms,
    before: GradientNorms | None = None,
    after: GradientNorms | None = None,
    names: Sequence[str] = (),
    theme: str = "light",
    height: int = 380,
) -> go.Figure:
    """‖∂L/∂s_t‖ against t on the fixed axis 10⁻⁸…10: thick the median, thin single sequences.

    Several ``results`` are told apart by ``names`` (by default those of their passes), ``before`` and ``after`` by a
    dashed and a solid line of one colour. Values off the axis lie on its edge, and the picture says so.
    """
    curves = _curves(results, before, after, names, theme)
    if not curves:
        raise ValueError("Nothing to draw: give a result, or before= and after=.")
    floor = curves[0][0].floor
    figure = canvas(
        "‖∂<i>L</i>/∂<i>s<sub>t</sub></i>‖ &nbsp;size of the error signal", _words(curves), theme=theme, height=height
    )
    figure.update_yaxes(type="log", range=[LOW, HIGH], dtick=2, exponentformat="power")
    figure.add_shape(
        type="rect",
        xref="paper",
        x0=0,
        x1=1,
        y0=10**LOW,
        y1=floor,
        fillcolor=ink(theme).surface,
        line_width=0,
        layer="below",
    )
    level(figure, floor, f"floor {power(round(np.log10(floor)))}: too small to teach", theme, log=True, below=True)
    whisper(figure, "← error travels this way", theme)
    steps = max(c[0].norms.shape[1] for c in curves)
    if not any(c[0].norms.numel() for c in curves):
        return nothing(figure, theme)
    figure.update_xaxes(range=[-0.5, steps - 0.5])
    clipped = [_draw(figure, *curve, lines=k == len(curves) - 1) for k, curve in enumerate(curves)]
    drawn = [np.log10(y) for y, _ in clipped]
    for k, (result, name, _, text, _) in enumerate(curves):
        name_line(figure, thin(result.norms.shape[1]), drawn, k, LOW, HIGH, name, text)
    if off := sum(count for _, count in clipped):
        whisper(figure, f"off the axis, on its edge: {off} steps", theme, corner="bottom left")
    return figure


def _curves(
    results: Sequence[GradientNorms],
    before: GradientNorms | None,
    after: GradientNorms | None,
    names: Sequence[str],
    theme: str,
) -> list[tuple[GradientNorms, str, str, str, str]]:
    """(result, name, colour, colour of its name, dash) of every curve, the last one in front."""
    ink(theme)
    own = tone("gradient", theme), tone("gradient", theme, text=True)
    curves = [
        (r, n, *own, d) for r, n, d in ((before, "before training", "dash"), (after, "now", "solid")) if r is not None
    ]
    if len(results) == 1 and not curves:
        return [(results[0], names[0] if names else f"median of {len(results[0].norms)} sequences", *own, "solid")]
    for k, result in enumerate(results):
        name = names[k] if k < len(names) else result.name
        curves.append((result, name, identity(k, theme), identity(k, theme, text=True), DASHES[k % len(DASHES)]))
    return curves


def _draw(
    figure: go.Figure, result: GradientNorms, name: str, colour: str, text: str, dash: str, lines: bool
) -> tuple[np.ndarray, int]:
    """Draw one curve; returns what was drawn of its median, and how many of its values lie off the axis."""
    at = thin(result.norms.shape[1])
    rows, median = array(result.norms)[:LINES, at], _median(result)[at]
    if lines and len(result.norms) > 1:
        samples(figure, at, rows.clip(10.0**LOW, 10.0**HIGH), colour)
    y = median.clip(10.0**LOW, 10.0**HIGH)
    line(figure, at, y, median, colour, name, dash=dash)
    return y, int(((median < 10.0**LOW) | (median > 10.0**HIGH)).sum())


def _median(result: GradientNorms) -> np.ndarray:
    """(t,) medians; unknown where there is no sequence."""
    return array(result.median) if len(result.norms) else np.full(result.norms.shape[1], np.nan)


def _words(curves: Sequence[tuple[GradientNorms, str, str, str, str]]) -> str:
    said = []
    for result, name, *_ in curves:
        median = _median(result)
        known = median[np.isfinite(median)]
        if len(known):
            said.append(f"{name}: {known[-1]:.1e} at the last step, {known[0]:.1e} at the first")
    return "Size of the error signal at every time step on a logarithmic scale. " + ("; ".join(said) or "No step") + "."
