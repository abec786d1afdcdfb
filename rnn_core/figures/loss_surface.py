"""The loss on a plane through the weights as a map, and the way of each optimiser over it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.loss_surface import LossSurface
from rnn_core.figures.ink import DASHES, array, identity, ink, short
from rnn_core.figures.style import canvas, nothing
from rnn_core.records.palette import scale

DECADES, TICKS, CLEARANCE = 8.0, 5, 0.075


def loss_surface(result: LossSurface, *, theme: str = "light", height: int = 480) -> go.Figure:
    """The loss at each place of the grid, on a logarithmic scale of at most eight decades from the least upward.

    Each rule's way begins at the ring, a dot for every update, its name at the end. Both axes have the same scale:
    distances between weights. Places without a loss that is a number stay empty.
    """
    a, b, surface = array(result.a), array(result.b), array(result.surface)
    figure = canvas("", _words(result, surface), theme=theme, height=height, x="along <i>u</i>")
    start = float(next(iter(result.losses.values()))[0])
    if not np.isfinite(start):
        return nothing(figure, theme)
    _map(figure, a, b, surface, theme)
    ends: list[np.ndarray] = []
    for k, rule in enumerate(result.ways):
        _way(figure, result, rule, k, theme, ends)
    figure.add_scatter(
        x=[0],
        y=[0],
        mode="markers",
        marker={"size": 13, "color": ink(theme).paper, "line": {"color": ink(theme).ink, "width": 2.5}},
        hovertemplate=f"start, loss {short(start)}<extra></extra>",
        name="start",
    )
    figure.update_layout(hovermode="closest", margin={"t": 12})
    figure.update_xaxes(range=_span(a), constrain="domain", nticks=5)
    figure.update_yaxes(
        range=_span(b),
        title_text="along <i>v</i>",
        showgrid=False,
        scaleanchor="x",
        constrain="domain",
        nticks=5,
    )
    return figure


def _span(values: np.ndarray) -> list[float]:
    """The range of an axis that ends with the outermost fields."""
    half = (values[1] - values[0]) / 2
    return [float(values[0] - half), float(values[-1] + half)]


def _map(figure: go.Figure, a: np.ndarray, b: np.ndarray, surface: np.ndarray, theme: str) -> None:
    """The loss as colour on a logarithmic scale; nothing is made up between the places where it was measured."""
    finite = np.where(np.isfinite(surface), surface, np.nan)
    least = max(float(np.nanmin(finite)), 1e-300)
    z = np.log10(np.maximum(finite, least)).clip(None, np.log10(least) + DECADES)
    low, high = float(np.nanmin(z)), max(float(np.nanmax(z)), float(np.nanmin(z)) + 1e-6)
    colours, ticks = scale("seq", theme), np.linspace(low, high, TICKS)
    figure.add_heatmap(
        x=a,
        y=b,
        z=[[None if np.isnan(v) else float(f"{v:.4g}") for v in row] for row in z],
        zmin=low,
        zmax=high,
        colorscale=[[k / (len(colours) - 1), c] for k, c in enumerate(colours)],
        opacity=0.7,
        colorbar={
            "thickness": 10,
            "outlinewidth": 0,
            "title": {"text": "loss", "side": "top"},
            "tickfont": {"size": 12, "color": ink(theme).second},
            "tickvals": ticks,
            "ticktext": [f"{10**v:.2g}" for v in ticks],
        },
        text=[[short(v) if np.isfinite(v) else "" for v in row] for row in surface],
        hovertemplate="loss %{text}<extra></extra>",
        hoverongaps=False,
        name="loss",
    )


def _way(figure: go.Figure, result: LossSurface, rule: str, k: int, theme: str, ends: list[np.ndarray]) -> None:
    """One rule's way with a dot an update, and its name where it ends, clear of the names that are there."""
    places, losses = array(result.ways[rule]), array(result.losses[rule])
    known = np.isfinite(places).all(1) & np.isfinite(losses)
    places, losses = places[known], losses[known]
    if not len(places):
        return
    colour = identity(k, theme)
    halo = {"color": ink(theme).paper, "width": 6}
    figure.add_scatter(x=places[:, 0], y=places[:, 1], mode="lines", line=halo, opacity=0.85, hoverinfo="skip")
    figure.add_scatter(
        x=places[:, 0],
        y=places[:, 1],
        mode="lines+markers",
        name=rule,
        line={"color": colour, "width": 2.5, "dash": DASHES[k % len(DASHES)]},
        marker={"color": colour, "size": 6, "line": {"color": ink(theme).paper, "width": 1}},
        customdata=np.stack([np.arange(len(places)), losses, array(result.away[rule])[known]], 1),
        hovertemplate="update %{customdata[0]}, loss %{customdata[1]:.3g}<br>%{customdata[2]:.2g} away from the plane"
        f"<extra>{rule}</extra>",
    )
    side = float(result.a[-1] - result.a[0])
    place = places[-1].copy()
    while any(abs(place[1] - other[1]) < CLEARANCE * side and abs(place[0] - other[0]) < side / 2 for other in ends):
        place[1] += CLEARANCE * side
    ends.append(place)
    left = place[0] > float(result.a[-1]) - side / 3
    figure.add_annotation(
        x=place[0],
        y=place[1],
        text=f"{rule} {short(losses[-1])}" + ("" if known.all() else " …"),
        showarrow=False,
        xanchor="right" if left else "left",
        xshift=-10 if left else 10,
        bgcolor=ink(theme).surface,
        borderpad=2,
        font={"size": 13, "color": identity(k, theme, text=True)},
    )


def _words(result: LossSurface, surface: np.ndarray) -> str:
    finite = surface[np.isfinite(surface)]
    if not len(finite):
        return "The loss on a plane through the weights: no place on it has a loss that is a number."
    plane = "that holds most of the ways" if result.plane == "ways" else "drawn at random"
    return (
        f"Map of the loss on a plane {plane} through {result.weights:,} weights, between {short(finite.min())} and "
        f"{short(finite.max())}. {result.says[0].upper()}{result.says[1:]}"
    )
