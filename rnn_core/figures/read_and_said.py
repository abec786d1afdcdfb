"""What is read and what is said, drawn as the network unrolled: symbols below, one state a step, answers above."""

from __future__ import annotations

import html

import plotly.graph_objects as go

from rnn_core.analysis.read_and_said import NOTHING, ReadAndSaid
from rnn_core.figures.ink import ink
from rnn_core.figures.style import canvas
from rnn_core.records.palette import tone

MOST, READ, STATE, SAID, DUE = 16, 0, 1, 2, 2.75
GAP = "⋯"


def read_and_said(result: ReadAndSaid, *, theme: str = "light", height: int = 190) -> go.Figure:
    """One column a step; an arrow only where something is read, or where an answer counts.

    An answer is in the colour of a prediction where it is right; where it is wrong it is struck through, with what was
    due above it. Of a long sequence the first and the last steps are drawn.
    """
    figure = canvas("", f"The steps of one sequence. {result.says}", theme=theme, height=height, x="")
    columns = _columns(len(result.read))
    for x, t in enumerate(columns):
        if t is None:
            _write(figure, x, STATE, GAP, ink(theme).second)
            continue
        if x and columns[x - 1] is not None:
            _arrow(figure, (x - 1 + 0.26, STATE), (x - 0.26, STATE), theme)
        if result.read[t] != NOTHING:
            _write(figure, x, READ, result.read[t], tone("input", theme, True))
            _arrow(figure, (x, READ + 0.3), (x, STATE - 0.28), theme)
        if result.due[t] != NOTHING:
            _answer(figure, x, result.said[t], result.due[t], theme)
    drawn = [x for x, t in enumerate(columns) if t is not None]
    figure.add_scatter(x=drawn, y=[STATE] * len(drawn), mode="markers", hoverinfo="skip",
                       marker={"size": 17, "color": ink(theme).surface,
                               "line": {"color": tone("hidden", theme), "width": 2}})  # fmt: skip
    bare = {"visible": False, "fixedrange": True}
    figure.update_xaxes(**bare, range=[-0.7, max(len(columns) - 0.3, 5.7)])
    figure.update_yaxes(**bare, range=[-0.4, 3.1])
    return figure.update_layout(margin={"l": 0, "r": 0, "t": 4, "b": 4}, hovermode=False)


def _columns(steps: int) -> list[int | None]:
    """The steps that are drawn, None for those left out between them."""
    if steps <= MOST:
        return list(range(steps))
    half = MOST // 2
    return [*range(half), None, *range(steps - half + 1, steps)]


def _answer(figure: go.Figure, x: float, said: str, due: str, theme: str) -> None:
    _arrow(figure, (x, STATE + 0.28), (x, SAID - 0.3), theme)
    if said == due:
        _write(figure, x, SAID, f"<b>{html.escape(said)}</b>", tone("prediction", theme, True), plain=False)
    else:
        _write(figure, x, SAID, f"<s>{html.escape(said)}</s>", tone("baseline", theme, True), plain=False)
        _write(figure, x, DUE, due, ink(theme).second)


def _write(figure: go.Figure, x: float, y: float, text: str, colour: str, *, plain: bool = True) -> None:
    figure.add_annotation(x=x, y=y, text=html.escape(text) if plain else text, showarrow=False,
                          font={"size": 15, "color": colour})  # fmt: skip


def _arrow(figure: go.Figure, start: tuple[float, float], end: tuple[float, float], theme: str) -> None:
    figure.add_annotation(
        x=end[0], y=end[1], ax=start[0], ay=start[1], axref="x", ayref="y", text="", showarrow=True, arrowhead=2,
        arrowsize=0.8, arrowwidth=1.3, arrowcolor=ink(theme).second,
    )  # fmt: skip
