"""A population as a picture: a column a network, the best on the left, a row a gene."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.population import PopulationResult
from rnn_core.figures.ink import array, thin
from rnn_core.figures.style import canvas, nothing
from rnn_core.records.palette import scale

ROWS, COLUMNS = 300, 300


def population(result: PopulationResult, *, theme: str = "light", height: int = 420) -> go.Figure:
    """The value of every gene in every network; colours are fixed by the largest gene of nine in ten of them.

    Of more than 300 genes or networks, evenly picked ones are drawn.
    """
    genes = array(result.now.genes)
    figure = canvas("a column a network, a row a gene", _words(result), theme=theme, height=height,
                    x="place in the population, the best on the left")
    if not genes.size or not np.isfinite(genes).any():
        return nothing(figure, theme)
    rows, columns = thin(genes.shape[1], ROWS), thin(len(genes), COLUMNS)
    z = genes[np.ix_(columns, rows)].T
    limit = max(float(np.nanquantile(np.abs(z), 0.9)), 1e-6)
    owners = [name for name, size in zip(result.now.names, result.now.sizes) for _ in range(size)]
    inside = [k for size in result.now.sizes for k in range(size)]
    told = np.array([f"{_short(owners[k])}[{inside[k]}]" for k in rows], object)
    colours = scale("div", theme)
    figure.add_heatmap(
        x=columns + 1, y=np.arange(len(rows)), z=z.clip(-limit, limit).astype(np.float32), zmin=-limit, zmax=limit,
        colorscale=[[k / (len(colours) - 1), c] for k, c in enumerate(colours)],
        colorbar={"thickness": 10, "outlinewidth": 0},
        customdata=np.stack([told[:, None].repeat(len(columns), 1), z], -1),
        hovertemplate="network %{x}, %{customdata[0]} = %{customdata[1]:.3g}<extra></extra>")
    kinds = [_short(owners[k]) for k in rows]
    starts = [k for k in range(len(rows)) if k == 0 or kinds[k - 1] != kinds[k]]
    ends = [*starts[1:], len(rows)]
    figure.update_yaxes(autorange="reversed", showgrid=False, tickvals=[(a + b - 1) / 2 for a, b in zip(starts, ends)],
                        ticktext=[kinds[k] for k in starts])
    for start in starts[1:]:
        figure.add_shape(type="line", xref="paper", x0=0, x1=1, y0=start - 0.5, y1=start - 0.5,
                         line={"color": figure.layout.template.layout.font.color, "width": 1})
    figure.update_layout(hovermode="closest")
    return figure


def _short(name: str) -> str:
    """The letter of a weight, with its layer's number where there are several."""
    parts = name.split(".")
    number = [part for part in parts[2:-1] if part.isdigit()]
    return ".".join([*number, parts[-1]])


def _words(result: PopulationResult) -> str:
    p, genes = result.now.genes.shape
    return f"{genes} genes of {p} networks, the best on the left. Now {result.says}"
