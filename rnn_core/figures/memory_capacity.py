"""The staircase of memory: how much of the input of k steps ago the state holds, one bar a lag, theory dashed."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.memory_capacity import MemoryCapacity
from rnn_core.figures.ink import array
from rnn_core.figures.style import canvas, line, nothing, whisper
from rnn_core.records.palette import tone


def memory_capacity(result: MemoryCapacity, *, theme: str = "light", height: int = 320) -> go.Figure:
    """MC_k as bars on the fixed axis 0…1 over the lag, and their sum in the corner; a share below 0 is drawn as 0.

    Dashed, where states are linear in the input: what theory says of each lag.
    """
    shares = array(result.shares)
    words = f"How much of the input of each lag can be read off the state: {result.says}"
    figure = canvas("<i>MC<sub>k</sub></i> &nbsp;share of the input held", words, theme=theme, height=height)
    if not np.isfinite(shares).all():
        return nothing(figure, theme)
    figure.add_bar(
        x=np.arange(len(shares)),
        y=shares.clip(0, 1),
        customdata=shares,
        marker={"color": tone("hidden", theme), "line": {"width": 0}},
        hovertemplate="lag %{x}: %{customdata:.3f}<extra></extra>",
    )
    theory = array(result.theory)
    if len(theory):
        line(figure, np.arange(len(theory)), theory, theory, tone("theory", theme), "theory", dash="dash", width=1.75,
             digits=".3f")  # fmt: skip
        figure.data[-1].line.shape = "hvh"
    told = f"- - theory, {result.whole:.2f} in all; " if len(theory) else ""
    whisper(figure, f"{told}sum {result.total:.2f}, units {result.units}", theme, shift=0)
    figure.update_layout(bargap=0.25, hovermode="closest", yaxis={"range": [0, 1.15], "tickvals": [0, 0.5, 1]})
    figure.update_xaxes(title_text="steps ago <i>k</i>", range=[-0.5, len(shares) - 0.5], nticks=8)
    return figure
