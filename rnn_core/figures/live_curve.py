"""The loss while it falls: an option for ECharts, which changes in place. For the Train page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from rnn_core.figures.curves import Learning, loss_of, words
from rnn_core.figures.ink import ink, short
from rnn_core.records import Baseline, Command
from rnn_core.records.palette import tone

FONT = "Source Sans"
CLOSE, ROWS, WORDY = 0.25, 3, 32


def live_curve(
    history: pd.DataFrame,
    baseline: Baseline,
    commands: Iterable[Command] = (),
    theme: str = "light",
    *,
    task: Any = None,
    name: str = "loss",
    until: int = 0,
) -> dict[str, Any]:
    """Loss against updates: thick held-out, thin training batch, dashed the computed baseline, dotted what was changed.

    ``until`` keeps the axis still while updates come in; the loss is called as ``task`` calls it, or ``name``.
    """
    name = name if task is None else task.loss_name
    got = loss_of(history, baseline, commands)
    scale = " (log)" if got.log else ""
    return option(
        got,
        f"{name}{scale}",
        (baseline.loss, baseline.sentence),
        theme,
        until,
        words(got, name.capitalize(), baseline.loss, baseline.sentence),
    )


def option(got: Learning, name: str, level: tuple[float, str], theme: str, until: int, alt: str) -> dict[str, Any]:
    """The option of one learning curve with its level and marks; same shape at every update, so nothing jumps."""
    text, second, rule, paper, surface = ink(theme)
    colour, told = tone("prediction", theme), level[1] if len(level[1]) <= WORDY else "without memory"

    def font(colour: str, **more: Any) -> dict[str, Any]:
        return {"color": colour, "fontFamily": FONT, "fontSize": 14, **more}

    bare = {"axisLine": {"show": False}, "axisTick": {"show": False}, "axisLabel": font(second)}
    lines = [
        {
            "yAxis": level[0],
            "lineStyle": {"color": text, "type": "dashed", "width": 1.5},
            "label": {"formatter": f"{told}: {short(level[0])}", "position": "insideEndTop", **font(text)},
        }
    ]
    lines += _marks(got, max(until, got.last, 1), font(second, backgroundColor=paper, padding=[1, 3]))
    thin_line = {
        "name": "training batch",
        "type": "line",
        "data": got.batch.points,
        "showSymbol": False,
        "z": 1,
        "lineStyle": {"color": colour, "width": 1, "opacity": 0.4},
        "itemStyle": {"color": colour},
    }
    thick = {
        "name": "held out",
        "type": "line",
        "data": got.held_out.points,
        "z": 3,
        "symbolSize": 7,
        "showSymbol": len(got.held_out.values) == 1,
        "lineStyle": {"color": colour, "width": 2.5},
        "itemStyle": {"color": colour},
        "markLine": {"silent": True, "symbol": "none", "animation": False, "data": lines},
    }
    return {
        "animation": False,
        "backgroundColor": "transparent",
        "textStyle": font(text),
        "aria": {"enabled": True, "label": {"description": alt}},
        "grid": {"left": 8, "right": 20, "top": 36, "bottom": 30, "containLabel": True},
        "tooltip": {"trigger": "axis", "backgroundColor": surface, "borderColor": rule, "textStyle": font(text)},
        "xAxis": {
            "type": "value",
            "min": 0,
            "max": max(until, got.last, 1),
            "name": "updates",
            "nameLocation": "middle",
            "nameGap": 28,
            "nameTextStyle": font(second),
            "splitLine": {"show": False},
            **bare,
        },
        "yAxis": {
            "type": "log" if got.log else "value",
            "min": got.low,
            "max": got.high,
            "name": name,
            "nameLocation": "end",
            "nameGap": 14,
            "nameTextStyle": font(second, align="left"),
            "splitLine": {"lineStyle": {"color": rule}},
            **bare,
            "axisLabel": font(second, showMinLabel=got.log or got.low == 0, showMaxLabel=got.log or got.high == 1),
        },
        "series": [thin_line, thick],
    }


def _marks(got: Learning, end: int, style: dict[str, Any]) -> list[dict[str, Any]]:
    """A dotted line where something was changed; words that would touch their neighbour's stand one row lower."""
    lines, row = [], 0
    for k, (update, said) in enumerate(got.marks):
        near = k > 0 and update - got.marks[k - 1][0] < CLOSE * end
        row = (row + 1) % ROWS if near else 0
        late = update > (1 - CLOSE) * end
        label = {
            "formatter": said,
            "position": "end",
            "rotate": 0,
            "align": "right" if late else "left",
            "offset": [-3 if late else 3, 10 + 18 * row],
            **style,
        }
        rule = {"color": style["color"], "type": "dotted", "width": 1}
        lines.append({"xAxis": update, "lineStyle": rule, "label": label})
    return lines
