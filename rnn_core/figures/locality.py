"""The locality ledger as a picture: a rule a row, what it waits for, keeps and blames, and whether it is local."""

from __future__ import annotations

import plotly.graph_objects as go

from rnn_core.analysis.locality import STEPS, Locality
from rnn_core.figures.ink import ink
from rnn_core.figures.style import canvas
from rnn_core.records.palette import tone

COLUMNS = ("gradient<br>after a", "keeps<br>for a", "blames<br>up to a", "local in<br>space", "code<br>agrees")
SHARE = {"step": 0.1, "window": 0.45, "sequence": 1.0}
ROW, HEAD, WIDTH = 76, 64, 0.86


def locality(result: Locality, *, theme: str = "light", height: int = 0) -> go.Figure:
    """One row a rule, one bar a need: short and green for a single step, half for a window, full for the sequence.

    Under each bar stands what was measured: steps, or the factor by which the numbers kept grow where the sequence, or
    else the window, is twice as long.
    """
    entries = list(result.entries.values())
    figure = canvas("", _words(result), theme=theme, height=height or HEAD + ROW * len(entries), x="")
    figure.update_xaxes(tickvals=[k + WIDTH / 2 for k in range(len(COLUMNS))], ticktext=list(COLUMNS), side="top",
                        range=[0, len(COLUMNS)], fixedrange=True, tickangle=0)
    figure.update_yaxes(range=[len(entries), 0], visible=False, fixedrange=True)
    for row, e in enumerate(entries):
        _text(figure, 0, row + 0.04, f"<b>{e.title}</b>", theme, size=14, colour=ink(theme).ink)
        grown = e.longer if e.needs.keeps != "window" else e.wider
        cells = [
            (e.needs.waits, f"{e.waits} of {STEPS}"),
            (e.needs.keeps, f"× {grown:.1f}"),
            (e.needs.blames, "–" if e.blames is None else f"{e.blames} of {STEPS}"),
        ]
        for column, (span, measured) in enumerate(cells):
            _bar(figure, column, row, span, measured, theme)
        weight = "–" if e.per_weight is None else f"× {e.per_weight:.1f}"
        for column, good, below in ((3, e.needs.local, weight), (4, e.agrees, "")):
            word = "yes" if good else "no"
            colour = tone("write" if good else "gradient", theme, text=True)
            _text(figure, column, row + 0.3, f"<b>{word}</b>", theme, size=15, colour=colour)
            _text(figure, column, row + 0.62, below, theme)
    figure.add_scatter(x=[None], y=[None], hoverinfo="skip")
    figure.update_layout(hovermode=False, margin={"t": HEAD - 12})
    return figure


def _bar(figure: go.Figure, column: int, row: int, span: str, measured: str, theme: str) -> None:
    at = {"type": "rect", "y0": row + 0.36, "y1": row + 0.56, "x0": column}
    figure.add_shape(**at, x1=column + WIDTH, line={"color": ink(theme).line, "width": 1})
    colour = tone("write" if span == "step" else "gradient", theme)
    figure.add_shape(**at, x1=column + WIDTH * SHARE[span], line_width=0, fillcolor=colour)
    _text(figure, column, row + 0.62, measured, theme)


def _text(
    figure: go.Figure, column: float, y: float, text: str, theme: str, *, size: int = 12, colour: str = ""
) -> None:
    figure.add_annotation(x=column, y=y, text=text, showarrow=False, xanchor="left", yanchor="top",
                          font={"color": colour or ink(theme).second, "size": size})


def _words(result: Locality) -> str:
    said = [f"{e.title}: a gradient after a {e.needs.waits}, numbers kept for a {e.needs.keeps}, blame up to a "
            f"{e.needs.blames}, {'' if e.needs.local else 'not '}local in space" for e in result.entries.values()]
    return f"What each rule needs, one row a rule. {'; '.join(said)}. {result.says}"
