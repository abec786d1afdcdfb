"""How well learning rules agree on the way down: every rule and weight beside backpropagation, and every horizon."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.rule_agreement import EXACT, RuleAgreement
from rnn_core.figures.ink import DASHES, array, identity, power
from rnn_core.figures.style import canvas, whisper
from rnn_core.records.palette import tone

LOW, HIGH, EDGE = -17.0, 1.0, -18.0


def rule_agreement(result: RuleAgreement, *, theme: str = "light", height: int = 340) -> go.Figure:
    """‖g − g*‖/‖g*‖ of every rule by weight, on the fixed axis 10⁻¹⁷…10: exact rules lie at rounding, the others above.

    A gradient that is the same to the last bit stands on the axis's lower edge; all weights together are last.
    """
    table = result.frame()
    table = table[table["rule"] != EXACT]
    rules = list(dict.fromkeys(table["rule"]))
    figure = canvas("‖<i>g − g</i>*‖ / ‖<i>g</i>*‖ &nbsp;distance from BPTT", _words(result), theme=theme,
                    height=height, x="")
    figure.update_yaxes(type="log", range=[EDGE, HIGH], dtick=4, exponentformat="power")
    names = list(dict.fromkeys(table["weight"]))
    if not rules:
        figure.add_annotation(x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False,
                              text="No other rule fits this network.")
        return figure
    for k, rule in enumerate(rules):
        rows = table[table["rule"] == rule]
        error = array(rows["relative error"])
        place = np.array([names.index(w) for w in rows["weight"]]) + (k - (len(rules) - 1) / 2) * 0.14
        figure.add_scatter(
            x=place, y=np.where(np.isnan(error), np.nan, error.clip(10.0**LOW, 10.0**HIGH)), mode="markers",
            name=result.titles[rule], marker={"color": identity(k, theme), "size": 11, "symbol": k},
            customdata=np.stack([np.array(names, object)[[names.index(w) for w in rows["weight"]]], error,
                                 array(rows["cosine"])], -1),
            hovertemplate="%{customdata[0]}: off by %{customdata[1]:.2g}, cosine %{customdata[2]:.6f}<extra>"
                          f"{result.titles[rule]}</extra>")
    figure.update_layout(hovermode="closest", showlegend=True,
                         legend={"orientation": "h", "y": -0.16, "x": 0, "yanchor": "top"})
    figure.update_xaxes(tickvals=list(range(len(names))), ticktext=[n.rpartition(".")[2] if n.count(".") < 3 else n
                        for n in names], range=[-0.6, len(names) - 0.4])
    whisper(figure, f"rounding: about {power(-16)}", theme, corner="bottom left")
    if result.reach:
        _reach(figure, result, theme)
    return figure


def _reach(figure: go.Figure, result: RuleAgreement, theme: str) -> None:
    """Short lines of ink beside the last place: truncated BPTT with every horizon."""
    x, known = len(result.gradients[EXACT]) + 0.02, [(h, e) for h, _, e in result.reach if not math.isnan(e)]
    if known:
        figure.add_annotation(x=x, xref="x", y=1, yref="paper", yanchor="bottom", showarrow=False,
                              text=f"<i>k</i>2 = {known[0][0]} … {known[-1][0]}",
                              font={"color": tone("theory", theme), "size": 13})
    for k, (horizon, error) in enumerate(known):
        figure.add_scatter(x=[x, x + 0.3], y=[max(error, 10.0**LOW)] * 2, mode="lines", showlegend=False,
                           line={"color": tone("theory", theme), "width": 1.5, "dash": DASHES[k % 2]},
                           hovertemplate=f"k2 = {horizon}: off by {error:.2g}<extra></extra>")


def _words(result: RuleAgreement) -> str:
    return f"Distance of every rule's gradient from that of backpropagation, weight by weight: {result.says}"
