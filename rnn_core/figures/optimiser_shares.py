"""Who moved the weights: how far the part of an update goes that each step of the sequence owns, by two rules."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.optimiser_steps import OptimiserSteps
from rnn_core.figures.ink import array, thin
from rnn_core.figures.style import canvas, line, name_line, nothing, whisper
from rnn_core.records.palette import tone

LOW, HIGH = -12, 1


def optimiser_shares(
    result: OptimiserSteps, *, rule: str = "Adam", theme: str = "light", height: int = 380
) -> go.Figure:
    """Length of the part of the move that step t owns, on the fixed axis 10⁻¹²…10: the rule's, and SGD's dashed.

    Values off the axis lie on its edge, and the picture says so.
    """
    if rule not in result.owed:
        raise ValueError(f"There is no rule “{rule}”; there are {', '.join(result.owed)}.")
    owed, plain = array(result.owed[rule]), array(result.owed["SGD"])
    figure = canvas(
        "‖Δ<i>w<sub>t</sub></i>‖ &nbsp;how far step <i>t</i> moves the weights",
        _words(owed, plain, rule),
        theme=theme,
        height=height,
    )
    figure.update_yaxes(type="log", range=[LOW, HIGH], dtick=3, exponentformat="power")
    figure.update_xaxes(range=[-0.5, max(len(owed), 1) - 0.5])
    if not len(owed):
        return nothing(figure, theme)
    at = thin(len(owed))
    curves = {rule: (owed, tone("shared", theme), tone("shared", theme, text=True), "solid", 2.75)}
    if rule != "SGD":
        ink = tone("theory", theme), tone("theory", theme, text=True)
        curves["SGD"] = (plain, *ink, "dash", 1.5)
    drawn = [said[at].clip(10.0**LOW, 10.0**HIGH) for said, *_ in curves.values()]
    for y, (name, (said, colour, _, dash, width)) in zip(drawn, curves.items()):
        line(figure, at, y, said[at], colour, name, dash=dash, width=width)
    logs = [np.log10(y) for y in drawn]
    for k, (name, (_, _, text, *_)) in enumerate(curves.items()):
        name_line(figure, at, logs, k, LOW, HIGH, name, text)
    if off := int((np.isfinite(owed) & ((owed < 10.0**LOW) | (owed > 10.0**HIGH))).sum()):
        whisper(figure, f"off the axis, on its edge: {off} steps", theme, corner="bottom left")
    return figure


def _words(owed: np.ndarray, plain: np.ndarray, rule: str) -> str:
    known = np.isfinite(owed)
    if not known.any():
        return "How far each step of the sequence moves the weights in one update: no step can be measured."
    first, last = np.flatnonzero(known)[[0, -1]]
    return (
        f"How far each step of the sequence moves the weights in one update by {rule}: {owed[first]:.1e} by the first, "
        f"{owed[last]:.1e} by the last; under SGD {plain[first]:.1e} and {plain[last]:.1e}."
    )
