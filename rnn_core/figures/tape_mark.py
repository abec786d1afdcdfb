"""Where the tape of training stands, drawn over a learning curve that several visitors share."""

from __future__ import annotations

from typing import Any

from rnn_core.figures.ink import ink
from rnn_core.figures.live_curve import FONT


def tape_mark(option: dict[str, Any], update: int | None, theme: str = "light") -> dict[str, Any]:
    """A live curve's option with a line of ink at ``update``; the option itself, untouched, where that is None."""
    if update is None:
        return option
    colour, _, _, paper, _ = ink(theme)
    label = {
        "formatter": f"tape: update {update:,}",
        "position": "start",
        "rotate": 0,
        "align": "right" if update > 0.75 * option["xAxis"]["max"] else "left",
        "offset": [4, -14],
        "color": colour,
        "fontFamily": FONT,
        "fontSize": 14,
        "backgroundColor": paper,
        "padding": [1, 3],
    }
    mark = {"xAxis": update, "lineStyle": {"color": colour, "type": "solid", "width": 1.75}, "label": label}
    *others, thick = option["series"]
    lines = {**thick["markLine"], "data": [*thick["markLine"]["data"], mark]}
    alt = f"{option['aria']['label']['description']} The tape stands at update {update:,}."
    return {
        **option,
        "aria": {"enabled": True, "label": {"description": alt}},
        "series": [*others, {**thick, "markLine": lines}],
    }
