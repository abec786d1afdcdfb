"""A layered drawing of one step's graph, left to right, with every state leaving at the height where it enters.

Longest-path layers, barycentre ordering, neighbours' mean as height (Sugiyama, Tagawa & Toda 1981). Deterministic: the
same graph gives the same drawing. x counts layers, y counts rows, both from 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

SWEEPS = 16
PULLS = 40


class Layout(NamedTuple):
    """Places of the nodes, bends of the edges that pass over layers, and the size.

    `ports` holds the height at which each carried state leaves and enters, `lanes` the bends on its way out.
    """

    places: dict[str, tuple[float, float]]
    bends: dict[tuple[str, str], list[tuple[float, float]]]
    ports: list[float]
    lanes: list[list[tuple[float, float]]]
    width: float
    height: float
    crossings: int


def layered(
    nodes: Sequence[str],
    edges: Iterable[tuple[str, str]],
    carry: Sequence[tuple[str, str]] = (),
    bottom: Iterable[str] = (),
) -> Layout:
    """Lay out a small acyclic graph.

    carry: (node of a state after the step, node of the same state as it enters); bottom: nodes kept at the lower edge
    of the first layer, the inputs. Raises ValueError when the edges go round in a circle.
    """
    edges = list(dict.fromkeys(edges))
    rank = _ranks(nodes, edges, {enter for _, enter in carry} | set(bottom))
    last = max(rank.values()) + 1
    ports = [("port", i) for i in range(len(carry))]
    rank |= dict.fromkeys(ports, last)
    layers: list[list] = [[] for _ in range(last + 1)]
    for node in [*nodes, *ports]:
        layers[rank[node]].append(node)
    chains = {}
    for a, b in [*edges, *((leave, port) for (leave, _), port in zip(carry, ports, strict=True))]:
        chains[a, b] = [("bend", a, b, r) for r in range(rank[a] + 1, rank[b])]
        for bend in chains[a, b]:
            layers[bend[3]].append(bend)
    segments = [pair for (a, b), chain in chains.items() for pair in pairwise([a, *chain, b])]
    fixed = dict.fromkeys(bottom, 1e6)
    entering = {enter: port for (_, enter), port in zip(carry, ports, strict=True)}
    layers, crossings = _order(layers, segments, fixed, entering)
    y = _heights(layers, segments, entering)
    low = min(y.values())
    y = {node: round(height - low, 3) for node, height in y.items()}
    bends = {ends: [(bend[3], y[bend]) for bend in chain] for ends, chain in chains.items()}
    return Layout(
        {node: (rank[node], y[node]) for node in nodes},
        {edge: bends[edge] for edge in edges},
        [y[port] for port in ports],
        [bends[leave, port] for (leave, _), port in zip(carry, ports, strict=True)],
        last,
        max(y.values()),
        crossings,
    )


def _ranks(nodes: Sequence[str], edges: Sequence[tuple[str, str]], left: set[str]) -> dict:
    """Length of the longest path that leads to each node; sources other than those kept left move to their readers."""
    rank = dict.fromkeys(nodes, 0)
    for _ in nodes:
        moved = False
        for a, b in edges:
            if rank[b] <= rank[a]:
                rank[b], moved = rank[a] + 1, True
        if not moved:
            break
    else:
        raise ValueError("The graph of a step must not have a circle in it.")
    reads = {b for _, b in edges}
    for node in nodes:
        readers = [rank[b] for a, b in edges if a == node]
        if node not in reads and node not in left and readers:
            rank[node] = min(readers) - 1
    return rank


def _order(layers, segments, fixed: Mapping, entering: Mapping) -> tuple[list[list], int]:
    """Sort each layer by the mean position of its neighbours, back and forth; keep the order with fewest crossings."""
    before, after = _neighbours(segments)
    for layer in layers:
        layer.sort(key=lambda node: fixed.get(node, 0))
    best, fewest = [layer[:] for layer in layers], _crossings(layers, after)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        order = range(1, len(layers)) if forward else range(len(layers) - 2, -1, -1)
        for r in order:
            near = {node: i for i, node in enumerate(layers[r - 1 if forward else r + 1])}
            sides = before if forward else after
            layers[r].sort(key=_means(layers[r], sides, near, fixed))
        exits = {port: i for i, port in enumerate(layers[-1])}
        layers[0].sort(key=lambda node: fixed.get(node, exits.get(entering.get(node), len(exits))))
        crossings = _crossings(layers, after)
        if crossings < fewest:
            best, fewest = [layer[:] for layer in layers], crossings
    exits = {port: i for i, port in enumerate(best[-1])}
    best[0].sort(key=lambda node: fixed.get(node, exits.get(entering.get(node), len(exits))))
    return best, _crossings(best, after)


def _means(layer, sides: Mapping, near: Mapping, fixed: Mapping):
    place = {node: i for i, node in enumerate(layer)}

    def key(node) -> float:
        around = [near[n] for n in sides.get(node, ()) if n in near]
        return fixed.get(node, sum(around) / len(around) if around else place[node])

    return key


def _heights(layers, segments, entering: Mapping) -> dict:
    """Pull every node towards its neighbours, a row apart (a passing edge takes half); a state ends at its port."""
    before, after = _neighbours(segments)
    near = {node: [*before.get(node, ()), *after.get(node, ())] for layer in layers for node in layer}
    for enter, port in entering.items():
        near[enter] = [*near[enter], port]
        near[port] = [*near[port], enter]
    y = {node: i - len(layer) / 2 for layer in layers for i, node in enumerate(layer)}
    for pull in range(PULLS):
        for layer in layers if pull % 2 else layers[::-1]:
            wish = [sum(y[n] for n in near[node]) / len(near[node]) if near[node] else y[node] for node in layer]
            y |= zip(layer, _spaced(wish, [0.5 if isinstance(node, tuple) else 1.0 for node in layer]), strict=True)
    y |= {enter: y[port] for enter, port in entering.items()}
    floor = max([y[enter] for enter in entering], default=None)
    for node in layers[0]:
        if node not in entering and floor is not None:
            floor = y[node] = max(y[node], floor + 1)
    return y


def _spaced(wish: Sequence[float], room: Sequence[float]) -> list[float]:
    """Heights in order, half of both rooms apart at least, as close to the wishes as a common shift allows."""
    out: list[float] = []
    for i, height in enumerate(wish):
        out.append(max(height, out[-1] + (room[i - 1] + room[i]) / 2) if out else height)
    shift = (sum(wish) - sum(out)) / len(out) if out else 0.0
    return [height + shift for height in out]


def _neighbours(segments) -> tuple[dict, dict]:
    before, after = {}, {}
    for a, b in segments:
        after.setdefault(a, []).append(b)
        before.setdefault(b, []).append(a)
    return before, after


def _crossings(layers, after: Mapping) -> int:
    total = 0
    for left, right in pairwise(layers):
        place = {node: i for i, node in enumerate(right)}
        ends = [(i, place[b]) for i, a in enumerate(left) for b in after.get(a, ())]
        total += sum((i - k) * (j - m) < 0 for (i, j), (k, m) in combinations(ends, 2))
    return total
