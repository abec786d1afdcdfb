"""The chosen span and its closest matches, one below the other: what was read, and how many of the units were on."""

from __future__ import annotations

import html

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.select_and_match import CONTEXT, Matches
from rnn_core.figures.ink import array, ink
from rnn_core.figures.style import canvas, nothing
from rnn_core.records.palette import scale, tone

ROW, MOST_LETTERS = 30, 72


def select_and_match(result: Matches, *, theme: str = "light", height: int | None = None) -> go.Figure:
    """For each span, from ``CONTEXT`` steps before it to as many after: the share of the selected units that are on.

    In every cell stands what was read there, as far as it fits; the frame marks the span.
    """
    rows = [result.chosen, *result.matches]
    names = ["chosen", *(f"#{k}" for k in range(1, len(rows)))]
    width = result.chosen.last - result.chosen.first + 1
    words = f"The chosen span and its {len(rows) - 1} closest matches. {result.says}"
    figure = canvas(
        "share of the selected units that are on",
        words,
        theme=theme,
        height=height or 100 + ROW * max(len(rows), 3),
        x="step, counted from the start of the span",
    )
    if not result.units:
        figure.update_xaxes(visible=False)
        figure.update_yaxes(visible=False)
        nothing(figure, theme).layout.annotations[-1].text = "No unit switches here."
        return figure
    columns = np.arange(-CONTEXT, width + CONTEXT)
    share = np.full((len(rows), len(columns)), np.nan)
    reads = [[""] * len(columns) for _ in rows]
    values = array(result.values)[..., list(result.units)]
    for k, match in enumerate(rows):
        for j, step in enumerate(match.first + columns):
            if 0 <= step < values.shape[1] and np.isfinite(values[match.sequence, step]).all():
                share[k, j] = (values[match.sequence, step] >= result.threshold).mean()
        for step, word in zip(match.at, match.reads):
            reads[k][step - match.first + CONTEXT] = word
    longest = max(len(word) for row in reads for word in row)
    reads = [[html.escape(word, quote=False) for word in row] for row in reads]
    _cells(
        figure, columns, share, reads, names, [m.sequence for m in rows], longest * len(columns) <= MOST_LETTERS, theme
    )
    figure.add_shape(
        type="rect", x0=-0.5, x1=width - 0.5, y0=-0.5, y1=len(rows) - 0.5, line={"color": ink(theme).ink, "width": 1.5}
    )
    return figure


def _cells(
    figure: go.Figure,
    columns: np.ndarray,
    share: np.ndarray,
    reads: list[list[str]],
    names: list[str],
    sequences: list[int],
    written: bool,
    theme: str,
) -> None:
    """The coloured cells with their words."""
    colours = scale("seq", theme)
    figure.add_heatmap(
        x=columns,
        y=np.arange(len(share)),
        z=[[None if np.isnan(v) else round(float(v), 3) for v in row] for row in share],
        customdata=[[f"sequence {s}{': ' + word if word else ''}" for word in row] for s, row in zip(sequences, reads)],
        text=reads,
        texttemplate="%{text}" if written else "",
        textfont={"size": 12},
        zmin=0,
        zmax=1,
        xgap=1,
        ygap=2,
        colorscale=[[k / (len(colours) - 1), c] for k, c in enumerate(colours)],
        colorbar={
            "thickness": 10,
            "outlinewidth": 0,
            "tickformat": ".0%",
            "tickvals": [0, 0.5, 1],
            "tickfont": {"size": 12, "color": ink(theme).second},
        },
        hoverongaps=False,
        hovertemplate="%{customdata}<br>%{z:.0%} of the units on<extra></extra>",
    )
    figure.update_layout(
        hovermode="closest",
        xaxis={"range": [columns[0] - 0.5, columns[-1] + 0.5], "dtick": 1 if len(columns) < 16 else None},
        yaxis={
            "range": [len(share) - 0.5, -0.5],
            "tickvals": list(range(len(share))),
            "ticktext": names,
            "showgrid": False,
            "fixedrange": True,
            "tickfont": {"size": 12, "color": tone("hidden", theme, True)},
        },
    )
