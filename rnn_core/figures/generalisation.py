"""How well a network does on its task, and on longer or deeper versions of it, each beside its own baseline."""

from __future__ import annotations

import plotly.graph_objects as go

from rnn_core.analysis.generalisation import Generalisation
from rnn_core.figures.ink import array, ink
from rnn_core.figures.style import canvas, nothing, whisper
from rnn_core.records.palette import tone


def generalisation(result: Generalisation, *, theme: str = "light", height: int = 340) -> go.Figure:
    """One bar a version of the task with its number and standard error, a dash where the version's baseline stands.

    The axis begins at 0, or below it where a value is; a metric that is better when higher and at most 1 is drawn up
    to 1.
    """
    values, baselines = array(result.values), array(result.baselines)
    figure = canvas(
        f"{result.metric}, {result.better} is better",
        f"{len(values)} versions of one task, a bar and a baseline each: {result.says}",
        theme=theme,
        height=height,
        x="",
    )
    if values[values == values].size < len(values):
        return nothing(figure, theme)
    places = list(range(len(values)))
    share = result.better == "higher" and max(*values, *baselines) <= 1
    top = 1.12 if share else 1.2 * max(*values, *baselines, 0.0) or 1.0
    low = 1.2 * min(*values, *baselines, 0.0)
    figure.add_bar(
        x=places,
        y=values,
        marker={"color": tone("prediction", theme), "line": {"width": 0}},
        customdata=result.versions,
        hovertemplate="%{customdata}: %{y:.3g}<extra></extra>",
        text=[f"{v:.3g}" for v in values],
        textposition="outside",
        cliponaxis=False,
        textfont={"color": ink(theme).ink, "size": 13},
        error_y={"array": array(result.errors), "color": ink(theme).second, "thickness": 1.5, "width": 6},
    )
    figure.add_scatter(
        x=places,
        y=baselines,
        mode="markers",
        customdata=result.versions,
        marker={"symbol": "line-ew", "size": 60, "line": {"width": 2.5, "color": ink(theme).ink}},
        hovertemplate="%{customdata}, baseline: %{y:.3g}<extra></extra>",
    )
    figure.update_layout(
        bargap=0.5,
        hovermode="closest",
        yaxis={"range": [low, top], "fixedrange": True, "nticks": 6},
        xaxis={
            "tickvals": places,
            "ticktext": list(result.versions),
            "range": [-0.6, len(places) - 0.4],
            "fixedrange": True,
        },
    )
    whisper(figure, f"dash: the baseline; {result.sequences} sequences each", theme)
    return figure
