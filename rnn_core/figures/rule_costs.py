"""What one gradient costs by every rule, on two logarithmic axes, with the exponent of each line."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rnn_core.analysis.rule_costs import COUNTS, RuleCosts
from rnn_core.figures.compare_runs import spread
from rnn_core.figures.ink import DASHES, array, identity
from rnn_core.figures.style import canvas

SHOWN = (*COUNTS, "seconds")
GROWS = {"length": "steps of the sequence <i>T</i>", "units": "hidden units <i>H</i>"}
LINE, LETTER = 22.0, 7.2


def rule_costs(result: RuleCosts, *, grows: str = "length", count: str = "multiplications", theme: str = "light",
               height: int = 340) -> go.Figure:
    """``count`` ("multiplications", "numbers kept" or "seconds") against ``grows`` ("length" or "units").

    Straight lines are powers, and each is named with its exponent. ValueError, in one sentence, for anything else.
    """
    if grows not in GROWS or count not in SHOWN:
        raise ValueError(f"A cost is one of {', '.join(SHOWN)}, over {' or '.join(GROWS)}.")
    letter = "T" if grows == "length" else "H"
    figure = canvas(f"{count} &nbsp;(log)", _words(result, grows, count, letter), theme=theme,
                    height=height, x=GROWS[grows])
    rules = [r for r in result.titles if len(result.along(grows, r))] if count in result.table else []
    if not rules:
        figure.add_annotation(x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, text="Nothing was measured.")
        return figure
    values = [array(result.along(grows, r)[count]).clip(1e-9) for r in rules]
    low, high = (float(f(np.log10(np.concatenate(values)))) for f in (np.min, np.max))
    low, high = np.floor(low - 0.1), np.ceil(high + 0.1)
    sizes = sorted(set(result.table[result.table["grows"] == grows]["size"]))
    figure.update_yaxes(type="log", range=[low, high], dtick=1, exponentformat="power")
    figure.update_xaxes(type="log", tickvals=sizes, range=[np.log10(sizes[0]) - 0.04, np.log10(sizes[-1]) + 0.04])
    places = spread([(float(np.log10(v[-1])) - low) / (high - low) for v in values], LINE / (height - 90))
    labels = []
    for k, (rule, y) in enumerate(zip(rules, values)):
        x = array(result.along(grows, rule)["size"])
        power = result.exponent(grows, rule, count)
        exponent = "" if np.isnan(power) else f" {letter}<sup>{power:.1f}</sup>"
        labels.append(result.labels.get(rule, result.titles[rule]) + exponent)
        figure.add_scatter(x=x, y=y, mode="lines+markers", name=result.titles[rule],
                           line={"color": identity(k, theme), "width": 2.5, "dash": DASHES[k % len(DASHES)]},
                           marker={"size": 7, "symbol": k}, hovertemplate="%{y:.3s}<extra>%{fullData.name}</extra>")
        figure.add_annotation(x=1, xref="paper", y=places[k], yref="paper", text=labels[-1], showarrow=False,
                              xanchor="left", yanchor="middle", xshift=6,
                              font={"color": identity(k, theme, text=True), "size": 14})
    figure.update_layout(margin={"r": round(16 + LETTER * max(len(label) - 11 for label in labels))})
    return figure


def _words(result: RuleCosts, grows: str, count: str, letter: str) -> str:
    said = []
    for rule, title in result.titles.items():
        rows = result.along(grows, rule)
        if len(rows) and count in rows:
            y = rows[count]
            said.append(f"{title} from {y.iloc[0]:.3g} to {y.iloc[-1]:.3g}, {letter} to the power "
                        f"{result.exponent(grows, rule, count):.1f}")
    return f"{count.capitalize()} of one gradient as {letter} grows: {'; '.join(said) or 'nothing was measured'}."
