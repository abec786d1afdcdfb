"""One-hot times matrix: the table of rows, the one that is looked up, and the product below it."""

from __future__ import annotations

import html

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.embedding import Embedding
from rnn_core.figures.ink import SERIF, array, ink, short
from rnn_core.figures.style import canvas, whisper
from rnn_core.records.palette import scale, tone

MOST_ROWS, MOST_COLUMNS = 24, 64


def embedding(result: Embedding, *, theme: str = "light", height: int | None = None) -> go.Figure:
    """Rows of the table from above, x beside them, the product x · E at the bottom, all on one scale around 0.

    At most 24 rows and 64 columns are drawn, the row that is looked up among them; what is left out is said.
    """
    table, product, x = array(result.table), array(result.product), array(result.x)
    rows, columns = _chosen(len(table), result.row), min(table.shape[1], MOST_COLUMNS)
    words = f"A table of {len(table)} rows and {table.shape[1]} columns times one input: {result.says}"
    figure = canvas("<i>E</i> &nbsp;one row for each input", words, theme=theme,
                    height=height or 140 + 22 * (len(rows) + 2), x="number of the vector")
    shown = np.concatenate([table[rows][:, :columns], np.full((1, columns), np.nan), product[None, :columns]])
    finite = np.abs(shown[np.isfinite(shown)])
    edge = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    colours, names = scale("div", theme), [html.escape(result.words[k], quote=False) for k in rows]
    labels = [f"{name} &nbsp;{short(float(x[k]))}" for name, k in zip(names, rows)] + ["", "<b>x · E</b>"]
    figure.add_heatmap(
        z=[[None if not np.isfinite(v) else float(v) for v in line] for line in shown], zmin=-edge, zmax=edge,
        colorscale=[[k / (len(colours) - 1), c] for k, c in enumerate(colours)], showscale=False, hoverongaps=False,
        hovertemplate="%{x}: %{z:.3f}<extra></extra>",
    )
    figure.update_layout(
        hovermode="closest",
        xaxis={"nticks": 6, "fixedrange": True},
        yaxis={"range": [len(labels) - 0.5, -0.5], "tickvals": list(range(len(labels))), "ticktext": labels,
               "showgrid": False, "fixedrange": True, "tickfont": {"family": SERIF, "color": ink(theme).ink}},
    )
    boxes = [len(labels) - 1] + ([rows.index(result.row)] if result.row is not None else [])
    for k in boxes:
        figure.add_shape(type="rect", x0=-0.5, x1=columns - 0.5, y0=k - 0.5, y1=k + 0.5,
                         line={"color": tone("shared", theme), "width": 3})
    left = len(table) - len(rows)
    remark = f"colours from −{short(edge)} to {short(edge)}" + (f"; {left} rows are not drawn" if left else "")
    whisper(figure, remark, theme, corner="bottom right", shift=-62)
    figure.update_layout(margin={"b": 62})
    return figure


def _chosen(count: int, row: int | None) -> list[int]:
    """The first rows, and the one that is looked up."""
    first = list(range(min(count, MOST_ROWS)))
    return first if row is None or row in first else [*first[:-1], row]
