"""The onset of chaos: the largest exponent of random networks by gain, beside the dashed line of mean-field theory."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.chaos_transition import ChaosTransition
from rnn_core.figures.ink import array
from rnn_core.figures.style import canvas, level, line, whisper
from rnn_core.records.palette import tone


def chaos_transition(result: ChaosTransition, *, theme: str = "light", height: int = 400) -> go.Figure:
    """A dot a simulated network; above the line at 0 neighbouring states part, below it they close up."""
    figure = canvas(
        "<i>λ</i> &nbsp;largest Lyapunov exponent a step, in nats",
        f"Largest Lyapunov exponent for {len(result.gains)} gains: {result.says}",
        theme=theme,
        height=height,
        x="gain <i>g</i> of the random recurrent weights",
    )
    order = np.argsort(array(result.gains))
    gains, measured, theory = (array(v)[order] for v in (result.gains, result.measured, result.theory))
    level(figure, 0, "above: chaos", theme)
    line(figure, gains, theory, theory, tone("theory", theme), "theory", dash="dash", width=1.75, digits="+.3f")
    figure.add_scatter(
        x=np.repeat(gains, measured.shape[1]),
        y=measured.flatten(),
        mode="markers",
        marker={"color": tone("hidden", theme), "size": 8, "opacity": 0.75},
        hovertemplate="gain %{x:.3g}: %{y:+.3f}<extra>simulated</extra>",
        name="simulated",
    )
    whisper(figure, "- - mean-field theory &nbsp; ● simulated networks", theme, corner="bottom right", shift=4)
    figure.update_layout(hovermode="closest")
    return figure
