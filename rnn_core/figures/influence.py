"""The influence of the weights on the state as it grows forward in time: a heatmap of P, and its size by weight."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.influence import InfluenceResult
from rnn_core.figures.ink import DASHES, array, identity, power, thin
from rnn_core.figures.panels import Panel, lay_out, tall
from rnn_core.figures.style import canvas, line, name_line, nothing
from rnn_core.records.palette import scale, tone

LOW, HIGH, ROWS, SPAN = -12.0, 12.0, 200, 4.0


def influence(result: InfluenceResult, *, theme: str = "light", height: int = 480) -> go.Figure:
    """Above log₁₀‖P_t‖ of every row of a weight in the first sequence, below ‖P_t‖ of every whole weight.

    Colours span at least four decades below the largest influence. Of more than six weights only the six with most
    influence at the end have a line.
    """
    figure = canvas("", f"How far each weight would have moved the state, step by step: {result.says}", theme=theme,
                    height=height)
    values, steps = array(result.by_row).T, len(result.by_row)
    if not values.size or not np.isfinite(values).any():
        return nothing(figure, theme)
    room = height - tall([Panel("", "", 0)] * 2)
    panels = [
        Panel("<i>P<sub>t</sub></i> &nbsp;row by row, log scale", tone("hidden", theme, text=True),
              round(0.6 * room)),
        Panel("‖<i>P<sub>t</sub></i>‖ &nbsp;by weight, log scale", tone("hidden", theme, text=True), round(0.4 * room)),
    ]
    above, below = lay_out(figure, panels, steps)
    _map(figure, above, values, result.row_names, theme)
    _lines(figure, below, result, theme)
    return figure


def _map(figure: go.Figure, axis: str, values: np.ndarray, names: tuple[str, ...], theme: str) -> None:
    rows, at = thin(len(values), ROWS), thin(values.shape[1])
    with np.errstate(divide="ignore"):
        logs = np.log10(values[np.ix_(rows, at)])
    known = logs[np.isfinite(logs)]
    top = min(HIGH, float(np.ceil(known.max())) if len(known) else 0.0)
    low = max(LOW, min(top - SPAN, float(np.floor(np.quantile(known, 0.02))) if len(known) else top - SPAN))
    ticks = [k for k in range(int(low), int(top) + 1) if (k - int(low)) % max(1, round((top - low) / 4)) == 0]
    colours = scale("seq", theme)
    figure.add_heatmap(
        x=at, y=np.arange(len(rows)), z=np.where(np.isfinite(logs), logs, low).clip(low, top).astype(np.float32),
        yaxis=axis, zmin=low, zmax=top, colorscale=[[k / (len(colours) - 1), c] for k, c in enumerate(colours)],
        colorbar={"tickvals": ticks, "ticktext": [power(k) if k else "1" for k in ticks], "len": 0.55, "y": 0.72,
                  "thickness": 10, "outlinewidth": 0},
        customdata=np.stack([np.array(names, object)[rows][:, None].repeat(len(at), 1), values[np.ix_(rows, at)]], -1),
        hovertemplate="t %{x}, row %{customdata[0]}: %{customdata[1]:.2e}<extra></extra>")
    owners = [names[k].rpartition(" ")[0] for k in rows]
    first = [k for k, name in enumerate(owners) if k == 0 or owners[k - 1] != name]
    figure.update_layout({f"yaxis{axis[1:]}": {"autorange": "reversed", "showgrid": False, "tickvals": first,
                                               "ticktext": [owners[k] for k in first], "nticks": None}})


def _lines(figure: go.Figure, axis: str, result: InfluenceResult, theme: str) -> None:
    norms = array(result.norms)[0]
    kept = sorted(np.argsort(-np.nan_to_num(norms[-1]))[:6])
    at = thin(len(norms))
    drawn = []
    for k, g in enumerate(kept):
        y = np.where(norms[at, g] > 0, norms[at, g], np.nan)
        line(figure, at, y, y, identity(k, theme), result.weights[g], dash=DASHES[k])
        figure.data[-1].yaxis = axis
        with np.errstate(invalid="ignore"):
            drawn.append(np.log10(y))
    every = np.concatenate(drawn) if drawn else np.array([])
    every = every[np.isfinite(every)]
    low, high = (np.floor(every.min()), np.ceil(every.max() + 0.2)) if len(every) else (-1.0, 1.0)
    figure.update_layout({f"yaxis{axis[1:]}": {"type": "log", "range": [low, high], "exponentformat": "power",
                                               "dtick": max(1, round((high - low) / 4))}})
    for k, g in enumerate(kept):
        name_line(figure, at, drawn, k, low, high, result.weights[g], identity(k, theme, text=True))
        if figure.layout.annotations and figure.layout.annotations[-1].text == result.weights[g]:
            figure.layout.annotations[-1].yref = axis
