"""A step as a signal-flow graph, bottom to top, or its transpose, top to bottom, every node in the same place."""

from __future__ import annotations

import html

import plotly.graph_objects as go

from rnn_core.analysis.flow_graph import FlowGraph
from rnn_core.figures.ink import SERIF, ink
from rnn_core.figures.layers import Layout, layout
from rnn_core.figures.style import canvas, heading
from rnn_core.records.flow import Edge, FlowNode
from rnn_core.records.palette import tone

ROW, HANDLE, NEAR = 54, 0.42, 0.4
ROUND = ("sum", "product")
DELAYS = {False: "{}<sub>t−1</sub>", True: "{} to step <i>t</i>−1"}
ONWARD = {False: "{} to step <i>t</i>+1", True: "{} from step <i>t</i>+1"}


def flow_graph(result: FlowGraph, *, theme: str = "light", height: int | None = None) -> go.Figure:
    """Signals in the colours of their quantities go up; in the transpose errors, all in one warm colour, go down.

    ⊕ adds, a dot hands on the same signal to several, ⊗ multiplies, a box is a gain or a function, a bar cuts a vector
    into blocks or joins them. Point at a node for its sizes.
    """
    forward = result.transpose() if result.backward else result
    plan = layout(
        [n.id for n in forward.nodes],
        list(dict.fromkeys((e.start, e.end) for e in forward.edges)),
        late=[n.id for n in forward.nodes if n.kind in ("weight", "state")],
    )
    figure = canvas("", _words(result), theme=theme, height=height or ROW * max(plan.height, 2) + 44, x="")
    figure.update_layout(margin={"l": 4, "r": 4, "t": 34, "b": 4}, hovermode="closest", dragmode=False)
    figure.update_xaxes(visible=False, range=[-0.02, 1.02], fixedrange=True)
    figure.update_yaxes(visible=False, range=[-0.6, max(plan.height, 2) - 0.4], fixedrange=True)
    words = "errors go down, from the last step to the first" if result.backward else "signals go up"
    heading(figure, words, tone("gradient", theme, text=True) if result.backward else ink(theme).ink)
    figure.add_scatter(x=[0.5], y=[0], mode="markers", marker={"opacity": 0, "size": 1}, hoverinfo="skip")
    tones = {n.id: n.tone for n in forward.nodes}
    for edge in forward.edges:
        meaning = "gradient" if result.backward else tones[edge.start]
        _edge(figure, plan.roads[edge.start, edge.end], tone(meaning, theme), result.backward)
    for edge in result.edges:
        _gain(figure, plan, edge, result.backward, theme)
    for node in result.nodes:
        _node(figure, node, plan.places[node.id], result.backward, theme)
    return figure


def _edge(figure: go.Figure, road: list[tuple[float, int]], colour: str, backward: bool) -> None:
    """A smooth road with an arrowhead where it arrives."""
    path = f"M {road[0][0]:.4f},{road[0][1]}"
    for (x0, y0), (x1, y1) in zip(road, road[1:]):
        path += f" C {x0:.4f},{y0 + HANDLE:.2f} {x1:.4f},{y1 - HANDLE:.2f} {x1:.4f},{y1}"
    figure.add_shape(type="path", path=path, line={"color": colour, "width": 1.6}, opacity=0.75, layer="below")
    (x0, y0), (x1, y1) = road[:2] if backward else road[-2:]
    t = 0.3 if backward else 0.7
    s = 1 - t
    x = s**3 * x0 + 3 * s * s * t * x0 + 3 * s * t * t * x1 + t**3 * x1
    y = s**3 * y0 + 3 * s * s * t * (y0 + HANDLE) + 3 * s * t * t * (y1 - HANDLE) + t**3 * y1
    symbol = "triangle-down" if backward else "triangle-up"
    marker = {"symbol": symbol, "size": 9, "color": colour, "opacity": 1}
    figure.add_scatter(x=[x], y=[y], mode="markers", marker=marker, hoverinfo="skip")


def _gain(figure: go.Figure, plan: Layout, edge: Edge, backward: bool, theme: str) -> None:
    """What an edge multiplies by, written beside it."""
    if edge.gain:
        road = plan.roads[(edge.end, edge.start) if backward else (edge.start, edge.end)]
        (x0, y0), (x1, y1) = road[-2:] if backward else road[:2]
        figure.add_annotation(
            x=(x0 + x1) / 2,
            y=(y0 + y1) / 2,
            text=f"×{html.escape(edge.gain)}",
            showarrow=False,
            bgcolor=ink(theme).paper,
            borderpad=0,
            font={"family": SERIF, "size": 12, "color": ink(theme).second},
        )


def _node(figure: go.Figure, node: FlowNode, place: tuple[float, int], backward: bool, theme: str) -> None:
    colours = ink(theme)
    meaning = "gradient" if backward and node.kind not in ("gain",) else node.tone
    colour = tone(meaning, theme)
    told = _told(node, backward)
    hover = {"text": [told], "hovertemplate": "%{text}<extra></extra>"}
    if node.kind == "branch":
        dot = {"size": 9, "color": colour}
        figure.add_scatter(x=[place[0]], y=[place[1]], mode="markers", marker=dot, **hover)
    elif node.kind in ROUND:
        marker = {"size": 24, "color": colours.surface, "line": {"color": colour, "width": 1.8}}
        figure.add_scatter(x=[place[0]], y=[place[1]], mode="markers", marker=marker, **hover)
        sign = "+" if node.kind == "sum" else "×"
        figure.add_annotation(
            x=place[0], y=place[1], text=sign, showarrow=False, font={"size": 17, "color": colours.ink}
        )
    elif node.kind in ("cut", "join"):
        marker = {"symbol": "line-ew", "size": 30, "line": {"width": 4, "color": colours.second}}
        figure.add_scatter(x=[place[0]], y=[place[1]], mode="markers", marker=marker, **hover)
    else:
        box = {"bgcolor": colours.surface, "borderpad": 4, "borderwidth": 1.6, "bordercolor": colour}
        open_ended = node.kind in ("input", "state", "weight", "end", "on")
        figure.add_annotation(
            x=place[0],
            y=place[1],
            text=_text(node, backward),
            showarrow=False,
            hovertext=told,
            hoverlabel={"bgcolor": colours.surface, "bordercolor": colour, "font": {"color": colours.ink}},
            font={"family": SERIF, "size": 14, "color": tone(meaning, theme, text=True)},
            **({"bgcolor": colours.paper, "borderpad": 2} if open_ended else box),
        )
    if node.name and node.kind in (*ROUND, "branch", "bend", "cut", "join") and not backward:
        figure.add_annotation(
            x=place[0],
            y=place[1],
            text=f"<i>{html.escape(node.name)}</i>",
            showarrow=False,
            xanchor="left",
            xshift=24 if node.kind == "bend" else 18,
            font={"family": SERIF, "size": 13, "color": tone(node.tone, theme, text=True)},
        )


def _text(node: FlowNode, backward: bool) -> str:
    """What stands in a box or at an open end."""
    name = f"<i>{html.escape(node.label)}</i>"
    if node.kind in ("on", "state"):
        ahead = (node.kind == "on") != backward
        return (ONWARD if ahead else DELAYS)[backward].format(name)
    if backward and node.kind in ("input", "end", "weight"):
        return f"∂<i>L</i>/∂{name}"
    return html.escape(node.label) if node.kind in ("bend", "box") else name


def _told(node: FlowNode, backward: bool) -> str:
    """The hover of a node."""
    kind = {"end": "comes out", "on": "goes on", "state": "comes in", "input": "enters"}.get(node.kind, node.kind)
    sizes = "" if node.signal != node.signal else f"<br>signal {node.signal:.2g}, error {node.error:.2g}"
    return f"{html.escape(' '.join(filter(None, (kind, node.name or node.label))))}{sizes}"


def _words(result: FlowGraph) -> str:
    """The picture in words."""
    table = result.frame()
    reads = "; ".join(f"{row.node} from {row.reads}" for row in table.itertuples() if row.reads)
    way = "The transposed step, top to bottom" if result.backward else "One step as a signal-flow graph, bottom to top"
    return f"{way}. {reads}."
