"""One step as a drawing: what is read below, what is computed above, weights as ochre badges with a double line."""

from __future__ import annotations

import html
import re
import unicodedata

import plotly.graph_objects as go

from rnn_core.analysis.step_graph import GraphNode, StepGraph
from rnn_core.figures.ink import SERIF, ink
from rnn_core.figures.layers import Layout, layout
from rnn_core.figures.style import CLEAR, canvas
from rnn_core.records.palette import tone

ROW, HANDLE = 64, 0.42
PART = re.compile(r"([^_]+)_(?:\{([^}]*)\}|(\w{1,3}))")


def step_graph(result: StepGraph, *, theme: str = "light", height: int | None = None) -> go.Figure:
    """The graph of a step, bottom to top; weights that are read together stand together, a state leaves to the right.

    Point at a node for its equation and the author's line.
    """
    bundles = _bundles(result)
    edges = dict.fromkeys((bundles.get(a, a), b) for a, b in result.edges)
    nodes = list(dict.fromkeys(bundles.get(n.id, n.id) for n in result.nodes))
    plan = layout(nodes, edges, late=sorted(set(bundles.values()), key=nodes.index))
    figure = canvas("", _words(result), theme=theme, height=height or ROW * max(plan.height, 2) + 24, x="")
    figure.update_layout(margin={"l": 4, "r": 4, "t": 4, "b": 4}, hovermode="closest", dragmode=False)
    figure.update_xaxes(visible=False, range=[-0.02, 1.02], fixedrange=True)
    figure.update_yaxes(visible=False, range=[-0.6, max(plan.height, 2) - 0.4], fixedrange=True)
    figure.add_scatter(x=[0.5], y=[0], mode="markers", marker={"opacity": 0, "size": 1}, hoverinfo="skip")
    tones = {n.id: n.tone for n in result.nodes} | dict.fromkeys(bundles.values(), "shared")
    for (a, _), road in plan.roads.items():
        _edge(figure, road, tones[a], theme)
    _carry(figure, result, plan, theme)
    size = 15 if max((sum(p[1] == k for p in plan.places.values()) for k in range(plan.height)), default=0) < 8 else 12
    for name in nodes:
        members = [n for n in result.nodes if bundles.get(n.id, n.id) == name]
        _node(figure, members, plan.places[name], theme, size)
    return figure


def label(text: str) -> str:
    """A symbol such as ``h_{t−1}`` in italics with its subscript, a Greek letter that is spelt out as that letter.

    Anything a stranger wrote is made harmless.
    """
    found = PART.fullmatch(text)
    name, below = (found[1], found[2] or found[3]) if found else (text, "")
    greek = html.unescape(f"&{name};")
    name = greek if len(greek) == 1 and unicodedata.name(greek, "").startswith("GREEK") else name
    return f"<i>{html.escape(name)}</i>" + (f"<sub>{html.escape(below)}</sub>" if below else "")


def _bundles(result: StepGraph) -> dict[str, str]:
    """Parameter → the name of its bundle: all parameters that the same nodes read."""
    readers = {n.id: tuple(b for a, b in result.edges if a == n.id) for n in result.nodes if n.kind == "parameter"}
    return {name: "+".join(other for other, mine in readers.items() if mine == read) for name, read in readers.items()}


def _edge(figure: go.Figure, road: list[tuple[float, int]], meaning: str, theme: str) -> None:
    """A smooth road in the colour of where it comes from; two lines for a weight."""
    path = f"M {road[0][0]:.4f},{road[0][1]}"
    for (x0, y0), (x1, y1) in zip(road, road[1:]):
        path += f" C {x0:.4f},{y0 + HANDLE:.2f} {x1:.4f},{y1 - HANDLE:.2f} {x1:.4f},{y1}"
    colour = tone(meaning, theme)
    if meaning == "shared":
        figure.add_shape(type="path", path=path, line={"color": colour, "width": 4}, opacity=0.75, layer="below")
        figure.add_shape(type="path", path=path, line={"color": ink(theme).paper, "width": 1.8}, layer="below")
    else:
        figure.add_shape(type="path", path=path, line={"color": colour, "width": 1.6}, opacity=0.7, layer="below")


def _carry(figure: go.Figure, result: StepGraph, plan: Layout, theme: str) -> None:
    """A dotted arrow to the right wherever a node becomes the next step's state."""
    for source in dict.fromkeys(a for a, _ in result.carry):
        x, y = plan.places[source]
        figure.add_annotation(
            x=1.01,
            y=y + 0.3,
            ax=x,
            ay=y,
            xref="x",
            yref="y",
            axref="x",
            ayref="y",
            showarrow=True,
            text="",
            arrowhead=2,
            arrowsize=1,
            arrowwidth=1.4,
            arrowcolor=ink(theme).second,
        )
        figure.add_annotation(
            x=1.01,
            y=y + 0.3,
            text="to step <i>t</i>+1",
            showarrow=False,
            xanchor="right",
            yanchor="bottom",
            yshift=1,
            font={"size": 11, "color": ink(theme).second},
        )


def _node(figure: go.Figure, members: list[GraphNode], place: tuple[float, int], theme: str, size: int) -> None:
    first = members[0]
    text = "&nbsp;".join(label(n.label) for n in members)
    colour, fill = tone(first.tone, theme), ink(theme).surface
    told = "<br>".join(html.escape(part) for n in members for part in _told(n))
    box = {
        "x": place[0],
        "y": place[1],
        "showarrow": False,
        "bordercolor": colour,
        "font": {"family": SERIF, "size": size, "color": tone(first.tone, theme, text=True)},
    }
    if first.kind == "parameter":
        figure.add_annotation(
            text=text,
            **{**box, "font": {**box["font"], "color": CLEAR}},
            bgcolor=ink(theme).paper,
            borderpad=6,
            borderwidth=1.2,
        )
    figure.add_annotation(
        text=text,
        **box,
        bgcolor=fill,
        borderpad=3 if first.kind == "parameter" else 5,
        borderwidth=1.2 if first.kind == "parameter" else 1.8,
        hovertext=told,
        hoverlabel={"bgcolor": ink(theme).surface, "bordercolor": colour, "font": {"color": ink(theme).ink}},
    )


def _told(node: GraphNode) -> list[str]:
    if node.kind == "parameter":
        sizes = " × ".join(map(str, node.value.shape)) if node.value is not None else ""
        return [f"{node.label}: {sizes} weights, the same at every step"]
    return [node.equation or f"{node.label}: {node.kind}", *([node.line] if node.line else [])]


def _words(result: StepGraph) -> str:
    computed = [n for n in result.nodes if any(b == n.id for _, b in result.edges)]
    parts = [f"{n.id} from {', '.join(a for a, b in result.edges if b == n.id)}" for n in computed]
    return "One step, bottom to top. " + "; ".join(parts) + "."
