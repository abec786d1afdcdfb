"""One branch of a circuit: its current over its voltage, pinched at the origin, and an ellipse with a capacitor."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.hysteresis import Hysteresis
from rnn_core.figures.ink import array, ink, thin
from rnn_core.figures.style import canvas, heading, nothing
from rnn_core.records.palette import tone


def hysteresis(result: Hysteresis, *, theme: str = "light", height: int = 420) -> go.Figure:
    """Paths through the plane of voltage and current, the memristor's with an open dot where it began.

    The capacitor's is drawn as large as the memristor's: that of a linear circuit has one shape at any strength of the
    sources and any R. Point at it for its own numbers.
    """
    v, i = array(result.voltage), array(result.current)
    figure = canvas("", f"current over voltage: {result.says}", theme=theme, height=height, x="voltage <i>v</i>")
    heading(figure, "current <i>i</i>, in units of 1/<i>R</i><sub>on</sub>", tone("read", theme, text=True))
    if not len(v) or not np.isfinite([v, i]).all():
        return nothing(figure, theme)
    _path(figure, v, i, "memristor", "read", theme)
    plain = array(result.plain_voltage), array(result.plain_current)
    if np.isfinite(plain).all() and all(values.any() for values in (v, i, *plain)):
        alike = [mine * np.abs(ours).max() / np.abs(mine).max() for mine, ours in zip(plain, (v, i), strict=True)]
        _path(figure, *alike, "resistor and capacitor", "candidate", theme, dash="dash", said=plain)
    figure.update_xaxes(zeroline=True, zerolinecolor=ink(theme).second)
    figure.update_yaxes(zeroline=True, zerolinecolor=ink(theme).second)
    figure.update_layout(hovermode="closest")
    return figure


def _path(
    figure: go.Figure,
    v: np.ndarray,
    i: np.ndarray,
    name: str,
    meaning: str,
    theme: str,
    dash: str = "solid",
    said: tuple[np.ndarray, np.ndarray] | None = None,
) -> None:
    """One path with its name, which stands where its current is largest, or smallest for a dashed one."""
    at, colour = thin(len(v), 1000), tone(meaning, theme)
    told = said or (v, i)
    figure.add_scatter(
        x=[float(f"{value:.5g}") for value in v[at]],
        y=[float(f"{value:.5g}") for value in i[at]],
        mode="lines+markers" if dash == "solid" else "lines",
        line={"color": colour, "width": 2, "dash": dash},
        marker={
            "size": [9, *[3] * (len(at) - 1)],
            "color": [ink(theme).paper, *[colour] * (len(at) - 1)],
            "line": {"color": colour, "width": 1.5},
        },
        customdata=[[int(t), *(float(f"{values[t]:.3g}") for values in told)] for t in at],
        hovertemplate=f"t = %{{customdata[0]}}: v = %{{customdata[1]}}, i = %{{customdata[2]}}<extra>{name}</extra>",
        name=name,
    )
    most = int(i.argmax() if dash == "solid" else i.argmin())
    figure.add_annotation(
        x=float(v[most]),
        y=float(i[most]),
        text=name,
        showarrow=False,
        xanchor="right" if v[most] > v.mean() else "left",
        yanchor="bottom" if dash == "solid" else "top",
        yshift=4 if dash == "solid" else -4,
        font={"color": tone(meaning, theme, text=True), "size": 14},
    )
