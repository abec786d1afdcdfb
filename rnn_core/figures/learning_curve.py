"""What it has learnt so far: the loss while training, against what can be had without memory. For notebooks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from rnn_core.figures.curves import loss_of, words
from rnn_core.figures.ink import ink, short
from rnn_core.figures.style import canvas, level, line, nothing
from rnn_core.records import Baseline, Command
from rnn_core.records.palette import tone


def learning_curve(
    history: pd.DataFrame,
    baseline: Baseline,
    commands: Iterable[Command] = (),
    *,
    theme: str = "light",
    name: str = "loss",
    height: int = 340,
) -> go.Figure:
    """Loss against updates: thick held-out, thin training batch, dashed the computed baseline, dotted what was changed.

    ``history`` is ``run.history``, ``baseline`` is ``run.task.baseline()``, ``commands`` is ``run.log``.
    """
    got = loss_of(history, baseline, commands)
    figure = canvas(
        name, words(got, name.capitalize(), baseline.loss, baseline.sentence), theme=theme, height=height, x="updates"
    )
    if not len(got.batch.values) and not len(got.held_out.values):
        return nothing(figure, theme)
    figure.update_xaxes(range=[0, max(got.last, 1)])
    if got.log:
        figure.update_yaxes(type="log", range=[np.log10(got.low), np.log10(got.high)], dtick=1, exponentformat="power")
    else:
        figure.update_yaxes(range=[got.low, got.high])
    colour, second = tone("prediction", theme), ink(theme).second
    if len(got.batch.values):
        figure.add_scatter(
            x=got.batch.updates,
            y=got.batch.values,
            mode="lines",
            opacity=0.4,
            name="training batch",
            line={"color": colour, "width": 1},
            hovertemplate="%{y:.3g}<extra>training batch</extra>",
        )
    line(
        figure,
        got.held_out.updates,
        got.held_out.values,
        got.held_out.values,
        colour,
        "held out",
        digits=".3g",
        width=2.5,
    )
    level(figure, baseline.loss, f"{baseline.sentence}: {short(baseline.loss)}", theme, log=got.log, at="right")
    for update, said in got.marks:
        figure.add_shape(
            type="line",
            yref="paper",
            y0=0,
            y1=1,
            x0=update,
            x1=update,
            line={"color": second, "width": 1, "dash": "dot"},
        )
        figure.add_annotation(
            x=update,
            y=1,
            yref="paper",
            text=said,
            showarrow=False,
            xanchor="left",
            yanchor="top",
            xshift=4,
            font={"color": second, "size": 13},
        )
    return figure
