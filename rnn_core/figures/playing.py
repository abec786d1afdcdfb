"""The slider over steps, and play and pause, of a picture that moves: in the browser, on data that came with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from rnn_core.figures.ink import ink
from rnn_core.figures.style import CLEAR

MILLISECONDS = 120


def controls(
    figure: go.Figure, steps: np.ndarray, theme: str, *, active: int = 0, redraw: bool = False
) -> None:
    """Give a picture whose frames bear the names of ``steps`` its slider, at the ``active``-th, and its buttons.

    ``redraw`` is needed where anything but lines is in the picture, even if it stands still.
    """
    colours = ink(theme)
    instant: dict[str, Any] = {"mode": "immediate", "transition": {"duration": 0}}
    figure.update_layout(
        sliders=[
            {
                "active": active,
                "x": 0,
                "len": 1,
                "y": 0,
                "yanchor": "top",
                "pad": {"t": 52, "b": 0, "l": 104, "r": 8},
                "currentvalue": {"visible": False},
                "bgcolor": colours.line,
                "bordercolor": colours.line,
                "activebgcolor": colours.second,
                "tickcolor": colours.second,
                "font": {"color": CLEAR, "size": 1},
                "ticklen": 0,
                "minorticklen": 0,
                "steps": [
                    {
                        "label": str(t),
                        "method": "animate",
                        "args": [[str(t)], {**instant, "frame": {"duration": 0, "redraw": redraw}}],
                    }
                    for t in steps
                ],
            }
        ],
        updatemenus=[
            {
                "type": "buttons",
                "direction": "right",
                "x": 0,
                "y": 0,
                "xanchor": "left",
                "yanchor": "top",
                "pad": {"t": 44, "r": 8},
                "showactive": False,
                "bgcolor": colours.surface,
                "bordercolor": colours.line,
                "font": {"color": colours.ink, "size": 13},
                "buttons": [
                    {
                        "label": "▶",
                        "method": "animate",
                        "args": [
                            None,
                            {**instant, "fromcurrent": True, "frame": {"duration": MILLISECONDS, "redraw": redraw}},
                        ],
                    },
                    {"label": "❚❚", "method": "animate", "args": [[None], {**instant, "frame": {"duration": 0}}]},
                ],
            }
        ],
    )
