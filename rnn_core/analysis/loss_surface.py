"""Where does an optimiser walk? The loss on a plane through the weights, and the way of each rule over it.

    L(a, b) = L(θ + a u + b v),   u, v of length 1 and at right angles

θ are all weights that learn. The plane is the one that holds most of the ways (their first two singular directions, all
ways scaled to the same length, θ itself on the plane), or a random one, each weight array's part scaled to the length
of that array. A way is what the rule does with the gradient of the same sequences, update after update, from a fresh
optimiser; it may leave the plane, and what is drawn is its shadow. Robbins & Monro 1951; Polyak 1964; Tieleman & Hinton
2012; Kingma & Ba 2015; Lorch, *Visualizing deep network training trajectories*, 2016; Li et al., *Visualizing the loss
landscape of neural nets*, 2018.
"""
from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from rnn_core.analysis.optimiser_steps import RULES, doubled
from rnn_core.records import Batch, Card, Result
from rnn_core.records.trees import tmap

CARD = Card(title="On the loss surface", row="B17", year=2018,
            reference="Li et al., Visualizing the loss landscape of neural nets, 2018; Lorch 2016",
            summary="The loss on a plane through the weights, and where each optimiser goes on it.",
            equations={"L": "L(a, b) = L(θ + a u + b v)"}, symbols={"L": "prediction"})
GRID, UPDATES, MOST, AT_ONCE, MARGIN, SMALL = 31, 20, 200, 16, 0.35, 1e-9


@dataclass(frozen=True, eq=False)
class LossSurface(Result):
    """``a`` and ``b`` (g,) span the plane, ``surface`` (g, g) is the loss at [b, a], infinite where it is no number.

    By rule: ``ways`` (u + 1, 2) are places on the plane after 0…u updates, ``losses`` (u + 1,) what the loss really was
    there, ``away`` (u + 1,) how far from the plane; all NaN from where a rule ran away. ``weights`` is their number,
    ``directions`` (2, weights) are u and v.
    """

    a: Tensor
    b: Tensor
    surface: Tensor
    ways: dict[str, Tensor]
    losses: dict[str, Tensor]
    away: dict[str, Tensor]
    directions: Tensor
    rate: float
    plane: str

    @property
    def weights(self) -> int:
        """The number of weights that learn."""
        return self.directions.shape[1]

    @property
    def updates(self) -> int:
        """The number of updates of each way."""
        return len(next(iter(self.losses.values()))) - 1

    def frame(self) -> pd.DataFrame:
        """One row a rule and update: its place on the plane, its distance from it, and the loss there."""
        parts = [pd.DataFrame({"rule": rule, "update": range(len(way)), "a": way[:, 0], "b": way[:, 1],
                               "away from the plane": self.away[rule], "loss": self.losses[rule]})
                 for rule, way in self.ways.items()]
        return pd.concat(parts, ignore_index=True)

    def shown(self, rule: str) -> float:
        """The share of the squared length from start to end that lies in the plane; NaN where a rule did not move."""
        known = self.ways[rule][self.losses[rule].isfinite()]
        inside = float((known[-1] ** 2).sum()) if len(known) else 0.0
        outside = float(self.away[rule][:len(known)][-1] ** 2) if len(known) else 0.0
        return inside / (inside + outside) if inside + outside > 0 else float("nan")

    @property
    def says(self) -> str:
        start = float(next(iter(self.losses.values()))[0])
        if not start < float("inf"):
            return "this network has left the finite numbers, and there is no ground to walk on."
        ends = {rule: float(v[-1]) for rule, v in self.losses.items()}
        told = ", ".join(f"{rule} {f'at {v:.3g}' if v < float('inf') else 'has run away'}" for rule, v in ends.items())
        times = f"{self.updates} updates" if self.updates > 1 else "one update"
        return f"from a loss of {start:.3g}, after {times} with η = {self.rate:g} on the same sequences: {told}."

    @property
    def says_not(self) -> str:
        shares = {rule: self.shown(rule) for rule in self.ways}
        known = {rule: v for rule, v in shares.items() if v == v}
        hidden = (f"of {min(known, key=known.get)}'s way it holds {min(known.values()):.0%} of the squared length"
                  if known else "no rule moved on it")
        return (f"that the ground looks so in other directions: this is one plane of a space with {self.weights:,}, "
                f"and {hidden}; or which rule learns best, for each has a learning rate of its own that suits it.")


def loss_surface(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor],
                 optimisers: Sequence[str] = tuple(RULES), *, rate: float = 0.005, updates: int = UPDATES,
                 plane: Literal["ways", "random"] = "ways", grid: int = GRID, seed: int = 0) -> LossSurface:
    """The ways of some optimisers over ``updates`` updates, and the loss on ``grid`` × ``grid`` places of their plane.

    Everything happens on a copy, in double precision; gradients are not clipped. ``seed`` draws the random plane, and
    what a plane lacks where all ways run along one line. Raises ValueError, in one sentence, for a rule that there is
    not, for no rule, for no updates or more than 200, for another plane and a grid with less than 3 places a side.
    """
    if unknown := [rule for rule in optimisers if rule not in RULES]:
        raise ValueError(f"There is no rule “{unknown[0]}”; there are {', '.join(RULES)}.")
    if not optimisers or not 1 <= updates <= MOST or plane not in ("ways", "random") or grid < 3:
        raise ValueError(f"A surface needs a rule, 1 to {MOST} updates, the plane of the ways or a random one, and 3 "
                         "places a side.")
    ground = _Ground(network, batch, loss)
    walked = {rule: _walk(ground, rule, rate, updates) for rule in dict.fromkeys(optimisers)}
    drawn = torch.Generator().manual_seed(seed)
    main = _main([points for points, _ in walked.values()]) if plane == "ways" else _random(ground, drawn)
    directions = _completed(main, ground, drawn)
    ways = {rule: points @ directions.T for rule, (points, _) in walked.items()}
    away = {rule: (points - ways[rule] @ directions).norm(dim=1) for rule, (points, _) in walked.items()}
    places = torch.cat(list(ways.values()))
    a, b = _window(places[places.isfinite().all(1)], grid)
    surface = ground.heights(torch.cartesian_prod(b, a).flip(1) @ directions).view(grid, grid)
    losses = {rule: torch.cat([v, v.new_full((updates + 1 - len(v),), torch.nan)]) for rule, (_, v) in walked.items()}
    return LossSurface(a, b, surface, {k: _filled(v, updates) for k, v in ways.items()}, losses,
                       {k: _filled(v, updates) for k, v in away.items()}, directions, rate, plane)


class _Ground:
    """The loss over all weights that learn, as seen from where they are."""

    def __init__(self, network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor]) -> None:
        self.network = copy.deepcopy(network).double()
        self.batch, self.loss = Batch(*tmap(doubled, tuple(batch))), loss
        self.weights = [p for p in self.network.parameters() if p.requires_grad]
        self.start = self.flat().clone()

    def flat(self) -> Tensor:
        """(p,) the weights as they are now."""
        return torch.cat([p.detach().flatten() for p in self.weights])

    def go(self, move: Tensor) -> None:
        """Stand at the start plus a move (p,)."""
        with torch.no_grad():
            for p, part in zip(self.weights, (self.start + move).split([p.numel() for p in self.weights])):
                p.copy_(part.view_as(p))

    def here(self) -> Tensor:
        """The loss where the weights are now."""
        return self.loss(self.network(self.batch.x, mask=self.batch.mask), self.batch)

    @torch.no_grad()
    def heights(self, moves: Tensor) -> Tensor:
        """(m,) the loss at the start plus each of the moves (m, p); infinite where it is not a number."""
        names = [name for name, p in self.network.named_parameters() if p.requires_grad]
        sizes, loop = [p.numel() for p in self.weights], _Loop(self.network)

        def one(place: Tensor) -> Tensor:
            parts = zip(names, self.weights, place.split(sizes))
            weights = {f"network.{name}": part.view_as(p) for name, p, part in parts}
            return self.loss(functional_call(loop, weights, (self.batch.x, self.batch.mask)), self.batch)

        return vmap(one, chunk_size=AT_ONCE)(self.start + moves).nan_to_num(nan=torch.inf)


class _Loop(nn.Module):
    """A network on its loop over time, for kernels cannot take many weights at once."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Any, mask: Tensor | None) -> Tensor:
        """x (b, t, i) → outputs (b, t, o)."""
        return self.network.trace(x, mask=mask).outputs


def _walk(ground: _Ground, rule: str, rate: float, updates: int) -> tuple[Tensor, Tensor]:
    """Moves (k + 1, p) from the start and the losses (k + 1,) of up to k updates; it ends where the numbers end."""
    ground.go(torch.zeros_like(ground.start))
    optimiser, points, losses = RULES[rule](ground.weights, rate), [], []
    for update in range(updates + 1):
        with torch.enable_grad():
            value = ground.here()
        here = ground.flat() - ground.start
        if points and not bool(value.isfinite() & here.isfinite().all()):
            break
        points.append(here)
        losses.append(value.detach())
        if update < updates and value.isfinite():
            got = torch.autograd.grad(value, ground.weights, allow_unused=True)
            for p, g in zip(ground.weights, got):
                p.grad = torch.zeros_like(p) if g is None else g
            optimiser.step()
    return torch.stack(points), torch.stack(losses)


def _main(ways: list[Tensor]) -> Tensor:
    """(k, p) with k ≤ 2: directions of length 1 that hold most of the ways (m, p), each scaled to a length of 1."""
    moves = torch.cat([way / way.norm(dim=1).max().clamp(min=torch.finfo(way.dtype).tiny) for way in ways])
    values, vectors = torch.linalg.eigh(moves @ moves.T)
    keep = [j for j in (-1, -2) if -j <= len(values) and values[j] > SMALL * values[-1] and values[-1] > 0]
    found = [moves.T @ vectors[:, j] / values[j].sqrt() for j in keep]
    return torch.stack([u if float((moves @ u).sum()) >= 0 else -u for u in found]) if found else moves[:0]


def _random(ground: _Ground, drawn: torch.Generator) -> Tensor:
    """(2, p): random directions, each weight array's part as long as the array itself, or of length 1 where it is 0."""
    rows = []
    for _ in range(2):
        parts = [torch.randn(p.shape, generator=drawn).double() for p in ground.weights]
        starts = ground.start.split([p.numel() for p in ground.weights])
        rows.append(torch.cat([(part / part.norm()).flatten() * (at.norm() if at.any() else 1.0)
                               for part, at in zip(parts, starts)]))
    return torch.stack(rows)


def _completed(found: Tensor, ground: _Ground, drawn: torch.Generator) -> Tensor:
    """(2, p) of length 1 and at right angles; what is missing is drawn."""
    rows: list[Tensor] = []
    for candidate in (*found, *_random(ground, drawn)):
        for row in rows + rows:
            candidate = candidate - (candidate @ row) * row
        if len(rows) < 2 and float(candidate.norm()) > 0:
            rows.append(candidate / candidate.norm())
    return torch.stack(rows)


def _window(places: Tensor, grid: int) -> tuple[Tensor, Tensor]:
    """A square around all places (m, 2) and the start, with a margin."""
    low, high = (torch.cat([places, torch.zeros(1, 2).to(places)]).aminmax(dim=0))
    half = max(float((high - low).max()) * (0.5 + MARGIN), 1e-6)
    return tuple(torch.linspace(float(m) - half, float(m) + half, grid).double() for m in (low + high) / 2)


def _filled(values: Tensor, updates: int) -> Tensor:
    """The same with NaN rows up to ``updates`` + 1."""
    return torch.cat([values, values.new_full((updates + 1 - len(values), *values.shape[1:]), torch.nan)])
