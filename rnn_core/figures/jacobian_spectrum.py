"""Eigenvalues of every step on the complex plane, a step at a time, with the unit circle and the ring of theory.

The slider and its two buttons run in the browser, on data that came with the picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.jacobian_spectrum import JacobianSpectrum
from rnn_core.figures.ink import ink, short, thin
from rnn_core.figures.playing import controls
from rnn_core.figures.style import canvas, heading, nothing
from rnn_core.records.palette import tone

FRAMES, SHARE = 60, 0.68
TURN = np.linspace(0, 2 * np.pi, 73)


def jacobian_spectrum(
    result: JacobianSpectrum, *, row: int = 0, theme: str = "light", height: int = 560
) -> go.Figure:
    """Eigenvalues of A_t of sequence ``row`` around the unit circle, and below them every step's singular values.

    Dashed is the ring that these singular values fill when their directions are random. A slider goes through at most
    sixty steps, evenly spread.
    """
    title = "λ<sub><i>i</i></sub>(<i>A<sub>t</sub></i>) &nbsp;eigenvalues of one step"
    if not result.singular.numel():
        return nothing(canvas(title, "Eigenvalues of the steps: no step.", theme=theme, height=height), theme)
    values, sigma = result.eigenvalues[row].cpu().numpy(), result.singular[row].cpu().numpy().astype(float)
    steps, inside = result.steps.cpu().numpy(), result.inside[row].cpu().numpy().astype(float)
    ring = [r[row].cpu().numpy().astype(float) for r in result.ring]
    figure = canvas(title, _words(values, sigma, inside), theme=theme, height=height, x="")
    reach = _reach(values)
    foot = 1 - SHARE - 0.14
    figure.update_layout(
        hovermode="closest",
        margin={"t": 38, "b": 96},
        xaxis={"range": [-reach, reach], "showgrid": False, "tickvals": [-1, 0, 1], "anchor": "y"},
        yaxis={
            "domain": [1 - SHARE, 1],
            "range": [-reach, reach],
            "scaleanchor": "x",
            "tickvals": [-1, 0, 1],
            "ticktext": ["−i", "0", "i"],
            "showgrid": False,
        },
        xaxis2={"anchor": "y2", "range": [-0.5, steps[-1] + 0.5], "title": {"text": "time step <i>t</i>"}},
        yaxis2={"domain": [0, foot], "anchor": "x2", "rangemode": "tozero", "nticks": 4},
    )
    _circle(figure, theme)
    at = thin(len(steps), FRAMES)
    moving = {k: _moving(values, sigma, steps, inside, ring, k) for k in at}
    for look, now in zip(_looks(theme), moving[at[0]]):
        figure.add_scatter(**look, **now)
    _below(figure, steps, sigma, foot, theme)
    figure.frames = [
        {"name": str(steps[k]), "data": data, "traces": list(range(len(data)))} for k, data in moving.items()
    ]
    controls(figure, steps[at], theme)
    return figure


def _reach(values: np.ndarray) -> float:
    """How far the plane reaches: a little beyond the unit circle and the outermost eigenvalue, at most to 25."""
    known = values[np.isfinite(values)]
    return 1.25 * max(1.0, min(float(np.abs(known).max()) if len(known) else 1.0, 20.0))


def _circle(figure: go.Figure, theme: str) -> None:
    colour = ink(theme)
    figure.add_shape(
        type="circle", xref="x", yref="y", x0=-1, x1=1, y0=-1, y1=1, line={"color": colour.ink, "width": 1.25}
    )
    for x0, x1, y0, y1 in ((-1, 1, 0, 0), (0, 0, -1, 1)):
        figure.add_shape(type="line", x0=x0, x1=x1, y0=y0, y1=y1, line={"color": colour.line, "width": 1})


def _moving(
    values: np.ndarray, sigma: np.ndarray, steps: np.ndarray, inside: np.ndarray, ring: list[np.ndarray], k: int
) -> list[dict[str, Any]]:
    """What changes from step to step: the ring, the eigenvalues, the sentence, and the mark below."""
    inner, outer = (r[k] if np.isfinite(r[k]) else 0.0 for r in ring)
    circles = [np.concatenate([inner * f(TURN), [np.nan], outer * f(TURN)]) for f in (np.cos, np.sin)]
    here = values[k][np.isfinite(values[k])]
    share = f"{inside[k]:.0%} inside" if np.isfinite(inside[k]) else "not finite"
    top = float(np.nanmax(sigma)) if np.isfinite(sigma).any() else 1.0
    corner = 0.98 * _reach(values)
    return [
        {"x": _short(circles[0]), "y": _short(circles[1])},
        {"x": _short(here.real), "y": _short(here.imag)},
        {"x": [-corner], "y": [corner], "text": [f"<i>t</i> = {steps[k]}<br>{share}"]},
        {"x": [int(steps[k])] * 2, "y": [0, top]},
    ]


def _looks(theme: str) -> list[dict[str, Any]]:
    """How what changes is drawn; the same at every step."""
    below = {"xaxis": "x2", "yaxis": "y2", "mode": "lines", "line": {"color": ink(theme).ink, "width": 1.5}}
    dashed = {"color": tone("theory", theme), "width": 1.25, "dash": "dash"}
    dots = {"color": tone("gradient", theme), "size": 8, "opacity": 0.8}
    words = {"textposition": "bottom right", "textfont": {"size": 14, "color": ink(theme).ink}}
    return [
        {"name": "theory", "mode": "lines", "line": dashed, "hoverinfo": "skip"},
        {
            "name": "measured",
            "mode": "markers",
            "marker": dots,
            "hovertemplate": "%{x:.3f} + %{y:.3f} i<extra></extra>",
        },
        {"name": "share", "mode": "text", "hoverinfo": "skip", **words},
        {"name": "cursor", "hoverinfo": "skip", **below},
    ]


def _short(values: np.ndarray) -> list[float | None]:
    """Numbers of four digits after the point; a gap where there is none."""
    return [None if not np.isfinite(v) else round(float(v), 4) for v in values]


def _below(figure: go.Figure, steps: np.ndarray, sigma: np.ndarray, foot: float, theme: str) -> None:
    """Singular values over time: the largest thick, the others thin."""
    colour, at = tone("gradient", theme), thin(len(steps), 200)
    others = thin(sigma.shape[1], 12)[1:]
    for rank in [*others, 0]:
        figure.add_scatter(
            x=steps[at],
            y=_short(sigma[at, rank]),
            xaxis="x2",
            yaxis="y2",
            mode="lines",
            line={"color": colour, "width": 1 if rank else 2.5},
            opacity=0.4 if rank else 1,
            name=f"σ {rank + 1}",
            hovertemplate=f"%{{y:.3f}}<extra>σ {rank + 1}</extra>",
        )
    figure.add_shape(
        type="line",
        xref="paper",
        yref="y2",
        x0=0,
        x1=1,
        y0=1,
        y1=1,
        line={"color": ink(theme).ink, "width": 1, "dash": "dash"},
    )
    text = "σ<sub><i>i</i></sub>(<i>A<sub>t</sub></i>) &nbsp;singular values, the largest thick"
    heading(figure, text, ink(theme).ink, y=foot, size=15, shift=4)


def _words(values: np.ndarray, sigma: np.ndarray, inside: np.ndarray) -> str:
    known = np.isfinite(inside)
    if not known.any():
        return "Eigenvalues of every step on the complex plane: this network has left the finite numbers."
    sizes = np.abs(values[known]).max(-1)
    return (
        "Eigenvalues of every step around the unit circle, one step at a time. Over all steps "
        f"{inside[known].mean():.0%} lie inside; the largest has size {short(float(sizes.min()))} to "
        f"{short(float(sizes.max()))}, the largest singular value is {short(float(np.nanmin(sigma[:, 0])))} to "
        f"{short(float(np.nanmax(sigma[:, 0])))}."
    )
