"""The loss of every step with the teacher's word fed back and with the network's own, and the gap between them."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.exposure import Exposure
from rnn_core.figures.ink import array, ink, short, thin
from rnn_core.figures.panels import Panel, lay_out, tall
from rnn_core.figures.style import canvas, line, name_line, nothing, whisper
from rnn_core.records.palette import tone


def exposure(result: Exposure, *, theme: str = "light", height: int = 360) -> go.Figure:
    """Lines L_t forced and free over the steps that are scored, and below them their difference as bars."""
    curves = [array(result.forced), array(result.free)]
    gap, scored = array(result.gap), array(result.scored) > 0
    words = f"The loss of every step, forced and free, and the gap between them: {result.says}"
    figure = canvas("", words, theme=theme, height=height)
    steps = len(gap)
    if not scored.any():
        return nothing(figure, theme)
    room = height - tall([Panel("", "", 0)] * 2)
    panels = [
        Panel("<i>L<sub>t</sub></i> &nbsp;loss of the step", ink(theme).ink, round(0.6 * room)),
        Panel("gap &nbsp;what being alone costs", ink(theme).ink, round(0.4 * room)),
    ]
    above, below = lay_out(figure, panels, steps)
    at = np.flatnonzero(scored)[thin(int(scored.sum()))]
    names = [("forced", "target", "solid"), ("free", "prediction", "dash")]
    for curve, (name, meaning, dash) in zip(curves, names):
        line(figure, at, _finite(curve[at]), curve[at], tone(meaning, theme), name, dash=dash, digits=".3g")
    figure.add_bar(
        x=at,
        y=_finite(gap[at]),
        yaxis=below,
        width=max(0.8, 0.8 * scored.sum() / len(at)),
        marker={"color": tone("prediction", theme), "line": {"width": 0}},
        hovertemplate="%{y:+.3g}<extra>gap</extra>",
        name="gap",
    )
    seen = np.concatenate([curve[at] for curve in curves])
    seen = seen[np.isfinite(seen)]
    low, high = (min(0.0, seen.min()), seen.max() * 1.08 or 1.0) if len(seen) else (0.0, 1.0)
    figure.update_layout({"yaxis": {"range": [low, high], "tickformat": "~g"}})
    figure.update_layout({f"yaxis{below[1:]}": {"tickformat": "~g"}})
    if not np.nan_to_num(gap[at]).any():
        whisper(figure, f"forced and free are the same: {short(result.totals[0])}", theme)
    else:
        for k, (name, meaning, _) in enumerate(names):
            shown = [_finite(curve[at]) for curve in curves]
            name_line(figure, at, shown, k, low, high, name, tone(meaning, theme, text=True))
    return figure


def _finite(values: np.ndarray) -> np.ndarray:
    """The values, gaps where they are not finite."""
    return np.where(np.isfinite(values), values, np.nan)
