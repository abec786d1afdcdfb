"""Hebb's rule: what is active together is tied together, one pattern after another.

    energy network    ΔW = N⁻¹ ξ ξᵀ,  w_ii = 0                                     Hebb's rule
                      ΔW = N⁻¹ (ξ ξᵀ − ξ aᵀ − aᵀ ξ),  a_ij = Σ_{k≠i,j} w_ik ξ_k    Storkey's: less what is known already
                      ΔW = r rᵀ / rᵀ r,  r = ξ − W ξ                               projection: only what is new
    pairs             ΔW = y zᵀ
    frozen reservoir  V = Σ (d_t − d̄) (r_t − r̄)ᵀ / Σ ‖r_t − r̄‖²,   offset d̄ − V r̄

``imprint`` teaches a network with an energy. Of its three rules the first and the third store the same whatever the
order; a single pattern ξ, and its negative, are then fixed points. The learner teaches the readout of a frozen
reservoir, r_t being what it reads and d_t what it should say: every weight needs nothing but the two numbers at its
ends, their running means, and the sum of squares that is told to all alike. It is not least squares: patterns that
resemble one another are mixed up. A first pattern is said back exactly. Hebb, *The organization of behavior*, 1949;
Kohonen, *Correlation matrix memories*, 1972; Hopfield 1982; Sejnowski, *Storing covariance with nonlinearly interacting
neurons*, 1977; Storkey, *Increasing the capacity of a Hopfield network without sacrificing functionality*, 1997.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from rnn_core.learners.ridge import ReadoutLearner, ReadoutSettings
from rnn_core.networks.base import Network
from rnn_core.records import Card, Needs, Streams, setting

Imprinting = Literal["hebb", "storkey", "projection"]


class HebbSettings(ReadoutSettings):
    """How many patterns are shown, and what is left out."""

    updates: int = setting(20, "Updates until it stops; each shows a batch of its own, and nothing is forgotten.", ge=1,
                           le=1_000_000, main=True)
    centred: bool = setting(True, "Take away the mean of what is read and of what should be said (covariance rule).",
                            main=True)


class Hebb(ReadoutLearner):
    """Hebb's rule for a readout: each weight adds up how often its two ends were active together."""

    card = Card(title="Hebb's rule", row="B12", year=1949, short="Hebb",
                reference="Hebb, The organization of behavior, 1949; Kohonen, Correlation matrix memories, 1972",
                summary="Each weight adds up the products of the two numbers at its ends, and nothing is solved for.",
                equations={"V": "V = Σ_t (d_t − d̄) (r_t − r̄)ᵀ / Σ_t ‖r_t − r̄‖²"}, symbols={"V": "prediction"},
                use="How far does a rule come that knows only what meets at one connection?")
    Settings = HebbSettings
    needs = Needs(waits="step", keeps="step", blames="step", local=True,
                  reads="the two numbers at its ends, their means, and one sum of squares that all are told")
    commands = ("updates",)

    def __init__(self, network: Network, task: Any, settings: HebbSettings, streams: Streams) -> None:
        super().__init__(network, task, settings, streams)
        cell = network.cells[0]
        o, n = cell.V.shape
        self.products, self.read, self.due = (torch.zeros(*shape, dtype=torch.float64, device=cell.V.device)
                                              for shape in ((o, n), (n,), (o,)))
        self.squares, self.seen = torch.zeros((), dtype=torch.float64, device=cell.V.device), 0

    def update(self) -> Iterator[tuple[float, float] | None]:
        cell = self.network.cells[0]
        batch = self.task.sample(self.settings.batch_size, self.streams.data).to(cell.like.device)
        X, Y = self.collected(batch)
        self.products += Y.T @ X
        self.read += X.sum(0)
        self.due += Y.sum(0)
        self.squares += X.square().sum()
        self.seen += len(X)
        V, d = self.found()
        with torch.no_grad():
            cell.V.copy_(V)
            cell.d.copy_(d)
        yield float((X @ V.T + d - Y).pow(2).mean()), 0.0

    def found(self) -> tuple[Tensor, Tensor]:
        """V (o, n) and the offset (o,) from all that was seen."""
        r, d = (self.read / self.seen, self.due / self.seen) if self.settings.centred else (0 * self.read, 0 * self.due)
        size = self.squares - self.seen * r.square().sum()
        together = self.products - self.seen * torch.outer(d, r)
        V = together / size if float(size) > 1e-12 * float(self.squares) else torch.zeros_like(together)
        return V, d - V @ r

    def tensors(self) -> dict[str, Tensor]:
        return {"products": self.products, "read": self.read, "due": self.due, "squares": self.squares}

    def numbers(self) -> dict[str, Any]:
        return {**super().numbers(), "seen": self.seen}

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        super().restore(tensors, numbers)
        self.seen = int(numbers["seen"])
        for name, v in tensors.items():
            if v.shape != getattr(self, name).shape:
                raise ValueError("What was seen belongs to another readout.")
            setattr(self, name, v.to(self.products))


@torch.no_grad()
def imprint(cell: Any, patterns: Any, rule: Imprinting = "hebb", *, forget: bool = True) -> None:
    """Store patterns, one after another, in a network with an energy: Hopfield's, or a bidirectional memory.

    ``patterns`` (p, N) of ±1, or for a bidirectional memory the pair z (p, i), y (p, n), which knows Hebb's rule alone.
    Unless ``forget`` is false the network is emptied first; the projection, which must know its own diagonal, always
    is. Raises ValueError, in one sentence, for anything else.
    """
    if rule not in get_args(Imprinting):
        raise ValueError(f"Patterns are stored by one of {', '.join(get_args(Imprinting))}.")
    if not hasattr(cell, "energy") or not isinstance(getattr(cell, "W", None), Tensor) or cell.W.dim() != 2:
        raise ValueError(f"A {cell.card.title} has no matrix of ties between units that Hebb's rule could set.")
    paired = len(cell.initial_state(1)) > 1
    if paired and rule != "hebb":
        raise ValueError(f"Pairs are stored by Hebb's rule alone, not by {rule}.")
    n, i = cell.W.shape
    read, due = _pair(patterns, n, i) if paired else (_signs(patterns, n, "Patterns"),) * 2
    W = cell.W.double()
    if forget or rule == "projection":
        W = torch.zeros_like(W)
    for r, d in zip(read.to(W), due.to(W), strict=True):
        W += torch.outer(d, r) if paired else STEPS[rule](W, d)
        if not paired and rule != "projection":
            W.fill_diagonal_(0)
    cell.W.copy_(W if paired else W.fill_diagonal_(0))


def _hebb(W: Tensor, xi: Tensor) -> Tensor:
    return torch.outer(xi, xi) / len(xi)


def _storkey(W: Tensor, xi: Tensor) -> Tensor:
    """a_ij is what unit i hears from all but itself and unit j."""
    a = (W @ xi - W.diagonal() * xi).unsqueeze(1) - W * xi
    return (torch.outer(xi, xi) - xi.unsqueeze(1) * a.T - a * xi) / len(xi)


def _projection(W: Tensor, xi: Tensor) -> Tensor:
    """Nothing where the pattern lies in the span of those before it, to rounding."""
    r = xi - W @ xi
    size = r @ r
    return torch.outer(r, r) / size if float(size) > 1e-9 * len(xi) else torch.zeros_like(W)


STEPS = {"hebb": _hebb, "storkey": _storkey, "projection": _projection}


def _signs(patterns: Any, n: int, what: str) -> Tensor:
    found = torch.as_tensor(patterns)
    if found.dim() != 2 or found.shape[1] != n or not len(found) or not bool((found.abs() == 1).all()):
        raise ValueError(f"{what} must be a (p, {n}) array of −1 and +1, at least one row of them.")
    return found


def _pair(patterns: Any, n: int, i: int) -> tuple[Tensor, Tensor]:
    if not isinstance(patterns, tuple | list) or len(patterns) != 2:
        raise ValueError(f"Pairs are two arrays: z (p, {i}) and y (p, {n}).")
    z, y = _signs(patterns[0], i, "The halves z"), _signs(patterns[1], n, "The halves y")
    if len(z) != len(y):
        raise ValueError(f"Each half needs its other one; there are {len(z)} of z and {len(y)} of y.")
    return z, y
