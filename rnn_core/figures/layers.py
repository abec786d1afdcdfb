"""Places for the nodes of a small graph: layers by the longest path, few crossings, every edge downward to upward.

Sugiyama, Tagawa & Toda 1981: an edge across several layers is bent in each by a placeholder, and every layer is sorted
by the mean place of its neighbours, sweeping up and down.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

SWEEPS = 12
BEND = 0.45


class Layout(NamedTuple):
    """``places``: node → (x in 0…1, layer); ``roads``: edge → the points it passes, ends included."""

    places: dict[str, tuple[float, int]]
    roads: dict[tuple[str, str], list[tuple[float, int]]]

    @property
    def height(self) -> int:
        """Number of layers."""
        return 1 + max((layer for _, layer in self.places.values()), default=-1)


def layout(nodes: Sequence[str], edges: Collection[tuple[str, str]], late: Collection[str] = ()) -> Layout:
    """Place the nodes (in an order of computation) of an acyclic graph; nodes in ``late`` stand just below their first
    reader instead of at the bottom. Raises ValueError when an edge runs against the order."""
    order = {n: k for k, n in enumerate(nodes)}
    if any(order[a] >= order[b] for a, b in edges):
        raise ValueError("These edges do not follow the order of the nodes.")
    level = _levels(nodes, edges, late)
    rows: list[list[str | tuple[str, str, int]]] = [[] for _ in range(1 + max(level.values(), default=-1))]
    for node in nodes:
        rows[level[node]].append(node)
    links: list[tuple] = []
    for a, b in edges:
        chain = [a, *((a, b, k) for k in range(level[a] + 1, level[b])), b]
        for bend in chain[1:-1]:
            rows[bend[2]].append(bend)
        links += zip(chain, chain[1:])
    x = _settle(rows, links)
    places = {n: (x[n], level[n]) for n in nodes}
    roads = {
        (a, b): [places[a], *((x[a, b, k], k) for k in range(level[a] + 1, level[b])), places[b]] for a, b in edges
    }
    return Layout(places, roads)


def _levels(nodes: Sequence[str], edges: Collection[tuple[str, str]], late: Collection[str]) -> dict[str, int]:
    level: dict[str, int] = {}
    for node in nodes:
        level[node] = max((level[a] + 1 for a, b in edges if b == node), default=0)
    for node in late:
        readers = [level[b] for a, b in edges if a == node]
        level[node] = max(min(readers, default=0) - 1, level[node])
    return level


def _settle(rows: list[list], links: list[tuple]) -> dict:
    """Sort every row, and give every member of it a place between 0 and 1."""
    below: dict = {}
    above: dict = {}
    for a, b in links:
        below.setdefault(b, []).append(a)
        above.setdefault(a, []).append(b)
    x = {}
    for row in rows:
        x |= _spread(row)
    best, fewest = dict(x), _crossings(rows, links, x)
    for sweep in range(SWEEPS):
        up = sweep % 2 == 0
        for row in rows if up else reversed(rows):
            near = below if up else above
            row.sort(key=lambda n: sum(x[m] for m in near[n]) / len(near[n]) if near.get(n) else x[n])
            x |= _spread(row)
        count = _crossings(rows, links, x)
        if count < fewest:
            best, fewest = dict(x), count
    return best


def _spread(row: list) -> dict:
    """Even places; a bend takes less room than a node."""
    widths = [BEND if isinstance(n, tuple) else 1.0 for n in row]
    total, left, places = sum(widths), 0.0, {}
    for node, width in zip(row, widths):
        places[node] = (left + width / 2) / total
        left += width
    return places


def _crossings(rows: list[list], links: list[tuple], x: dict) -> int:
    """How many pairs of edges between the same two layers cross."""
    where = {n: k for k, row in enumerate(rows) for n in row}
    count = 0
    for k in range(len(rows)):
        pairs = [(x[a], x[b]) for a, b in links if where[a] == k]
        count += sum((a - c) * (b - d) < 0 for i, (a, b) in enumerate(pairs) for c, d in pairs[:i])
    return count
