"""The size of the error signal in every layer of a stack, on a fixed logarithmic scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.gradient_norms import FLOOR
from rnn_core.analysis.layer_gradients import LayerGradients
from rnn_core.figures.ink import DASHES, array, identity, power
from rnn_core.figures.style import canvas, level, line, name_line, nothing, samples, whisper
from rnn_core.records.palette import tone

LOW, HIGH, LINES = -8, 1, 8


def layer_gradients(
    *results: LayerGradients, names: Sequence[str] = (), theme: str = "light", height: int = 340
) -> go.Figure:
    """‖λ^l‖ against the layer l, the lowest on the left, on the fixed axis 10⁻⁸…10: medians over the sequences.

    Several ``results``, such as a stack with shortcuts and the same without, are told apart by ``names``, colour and
    dash. Values off the axis lie on its edge, and the picture says so.
    """
    if not results:
        raise ValueError("Nothing to draw: give at least one result.")
    told = [names[k] if k < len(names) else _name(r, k, len(results)) for k, r in enumerate(results)]
    figure = canvas(
        "‖<i>λ<sup>l</sup></i>‖ &nbsp;size of the error signal",
        _words(results, told),
        theme=theme,
        height=height,
        x="layer <i>l</i>, the lowest first",
    )
    most = max(r.norms.shape[1] for r in results)
    figure.update_yaxes(type="log", range=[LOW, HIGH], dtick=2, exponentformat="power")
    figure.update_xaxes(range=[0.5, max(most, 1) + 0.5], dtick=1)
    level(figure, FLOOR, f"floor {power(round(np.log10(FLOOR)))}: too small to teach", theme, log=True, below=True)
    whisper(figure, "← error travels this way", theme)
    if not any(r.norms.numel() for r in results):
        return nothing(figure, theme)
    drawn, off = [], 0
    for k, result in enumerate(results):
        layers, median = np.arange(1, result.norms.shape[1] + 1), _median(result)
        colour = tone("gradient", theme) if len(results) == 1 else identity(k, theme)
        if len(results) == 1 and len(result.norms) > 1:
            samples(figure, layers, array(result.norms)[:LINES].clip(10.0**LOW, 10.0**HIGH), colour)
        y = median.clip(10.0**LOW, 10.0**HIGH)
        line(figure, layers, y, median, colour, told[k], dash=DASHES[k % len(DASHES)])
        figure.data[-1].mode = "markers" if len(layers) == 1 else "lines+markers"
        drawn.append(np.log10(y))
        off += int(((median < 10.0**LOW) | (median > 10.0**HIGH)).sum())
    for k, result in enumerate(results):
        text = tone("gradient", theme, text=True) if len(results) == 1 else identity(k, theme, text=True)
        name_line(figure, np.arange(1, result.norms.shape[1] + 1), drawn, k, LOW, HIGH, told[k], text)
    if off:
        whisper(figure, f"off the axis, on its edge: {off} layers", theme, corner="bottom left")
    return figure


def _name(result: LayerGradients, k: int, many: int) -> str:
    return f"median of {len(result.norms)} sequences" if many == 1 else f"{result.name} {k + 1}"


def _median(result: LayerGradients) -> np.ndarray:
    """(l,) medians; unknown where there is no sequence."""
    return array(result.median) if len(result.norms) else np.full(result.norms.shape[1], np.nan)


def _words(results: Sequence[LayerGradients], told: Sequence[str]) -> str:
    said = []
    for result, name in zip(results, told):
        median = _median(result)
        known = median[np.isfinite(median)]
        if len(known):
            said.append(f"{name}: {known[-1]:.1e} in the top layer, {known[0]:.1e} in the lowest of {len(median)}")
    return "Size of the error signal in every layer on a logarithmic scale. " + ("; ".join(said) or "No layer") + "."
