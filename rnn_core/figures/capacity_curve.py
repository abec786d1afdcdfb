"""Capacity: the overlap left after recall above, the units that flip in one step below, beside the theory of each."""

from __future__ import annotations

import plotly.graph_objects as go

from rnn_core.analysis.capacity_curve import CRITICAL, CapacityCurve
from rnn_core.figures.ink import DASHES, array, identity, ink
from rnn_core.figures.style import canvas, heading, line, name_line
from rnn_core.records.palette import tone

TOP, GAP = 0.5, 0.38


def capacity_curve(
    result: CapacityCurve, *, until: float | None = None, theme: str = "light", height: int = 460
) -> go.Figure:
    """One line a size over the load; dashed ink: 0.138 above, ½ erfc(√(1/2α)) below.

    ``until`` is the load at which the axis ends, for a curve that is still growing.
    """
    colours = ink(theme)
    figure = canvas("", f"Capacity: {result.says}", theme=theme, height=height, x="load <i>α</i> = <i>p</i> / <i>N</i>")
    overlaps = [array(v) for v in result.overlap]
    for k, units in enumerate(result.units):
        alpha, colour = array(result.alpha[k]), identity(k, theme)
        dash, name = DASHES[k % len(DASHES)], f"N = {units}"
        line(figure, alpha, overlaps[k], overlaps[k], colour, name, dash=dash, digits=".3f")
        name_line(figure, alpha, overlaps, k, 0, 1.05, name, identity(k, theme, text=True))
        flipped = array(result.flipped[k])
        line(figure, alpha, flipped, flipped, colour, name, dash=dash, digits=".2%")
        figure.data[-1].update(yaxis="y2")
    longest = max(range(len(result.units)), key=result.units.__getitem__)
    alpha, theory = array(result.alpha[longest]), array(result.theory[longest])
    line(figure, alpha, theory, theory, tone("theory", theme), "theory", dash="dash", width=1.5, digits=".2%")
    figure.data[-1].update(yaxis="y2")
    figure.add_shape(
        type="line", x0=CRITICAL, x1=CRITICAL, yref="y domain", y0=0, y1=1, line={"color": colours.ink, "dash": "dash"}
    )
    figure.add_annotation(
        x=CRITICAL,
        y=0.02,
        yref="y domain",
        text="α<sub>c</sub> = 0.138",
        showarrow=False,
        xanchor="right",
        yanchor="bottom",
        xshift=-4,
        font={"color": colours.ink},
    )
    heading(figure, "<i>m</i> &nbsp;overlap left after recall", colours.ink, shift=4)
    heading(figure, "units that flip in one step; dashed: theory", colours.ink, y=GAP, shift=4)
    figure.update_layout(
        yaxis={"domain": [TOP, 1], "range": [0, 1.05], "nticks": 5},
        yaxis2={"domain": [0, GAP], "tickformat": ".1~%", "nticks": 4, "rangemode": "tozero", "anchor": "x"},
        xaxis={"anchor": "y2", **({} if until is None else {"range": [0, 1.02 * until]})},
    )
    return figure
