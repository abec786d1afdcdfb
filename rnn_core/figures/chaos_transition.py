"""The onset of chaos: largest exponent, dimension and entropy rate of random networks by gain, beside the theory."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.chaos_transition import ChaosTransition
from rnn_core.figures.ink import array, ink
from rnn_core.figures.panels import Panel, lay_out, tall
from rnn_core.figures.style import canvas, line, whisper
from rnn_core.records.palette import tone

EXPONENT, LOWER = 230, 90


def chaos_transition(result: ChaosTransition, *, theme: str = "light", height: int | None = None) -> go.Figure:
    """A dot a simulated network; above the dashed line at 0 neighbouring states part, below it they close up.

    Under the exponents: the Kaplan–Yorke dimension and the entropy rate, each divided by the number of units.
    """
    panels = [
        Panel("<i>λ</i> &nbsp;largest Lyapunov exponent a step, in nats", ink(theme).ink, EXPONENT),
        Panel("<i>D</i>/<i>N</i> &nbsp;Kaplan–Yorke dimension a unit", ink(theme).ink, LOWER),
        Panel("<i>K</i>/<i>N</i> &nbsp;entropy rate, nats a step and unit", ink(theme).ink, LOWER),
    ]
    words = f"Largest Lyapunov exponent, dimension and entropy rate for {len(result.gains)} gains: {result.says}"
    figure = canvas("", words, theme=theme, height=height or tall(panels))
    axes = lay_out(figure, panels, 1)
    order = np.argsort(array(result.gains))
    gains, theory = array(result.gains)[order], array(result.theory)[order]
    figure.add_shape(
        type="line", xref="paper", x0=0, x1=1, y0=0, y1=0, line={"color": ink(theme).ink, "width": 1.5, "dash": "dash"}
    )
    line(figure, gains, theory, theory, tone("theory", theme), "theory", dash="dash", width=1.75, digits="+.3f")
    for axis, values, name in zip(
        axes, (result.measured, result.dimension, result.entropy), ("simulated", "dimension", "entropy"), strict=True
    ):
        many = array(values)[order]
        figure.add_scatter(
            x=np.repeat(gains, many.shape[1]),
            y=many.flatten(),
            yaxis=axis,
            mode="markers",
            marker={"color": tone("hidden", theme), "size": 7, "opacity": 0.75},
            hovertemplate=f"gain %{{x:.3g}}: %{{y:.3g}}<extra>{name}</extra>",
            name=name,
        )
    whisper(figure, "- - mean-field theory &nbsp; ● simulated; above 0: chaos", theme, corner="top left", shift=-20)
    room = 0.04 * (gains[-1] - gains[0]) or 0.5
    title = "gain <i>g</i> of the random recurrent weights"
    figure.update_xaxes(title_text=title, range=[gains[0] - room, gains[-1] + room])
    for axis, values in zip(axes[1:], (result.dimension, result.entropy), strict=True):
        top = float(array(values).max()) or 1.0
        figure.update_layout({f"yaxis{axis[1:]}": {"range": [-0.08 * top, 1.08 * top]}})
    figure.update_layout(hovermode="closest")
    return figure
