"""Bidirectional associative memory: two layers of ±1 units that recall each other.

    W = Σ_μ y^μ z^μᵀ             Hebb's outer product of the stored pairs, (n, i)
    y ← sgn(W z)                 forwards: a unit keeps its sign when its sum is 0, to rounding
    z ← sgn(Wᵀ y)                backwards, along the same connections
    E(z, y) = −yᵀ W z            never rises, whatever W

The input is the direction (b,) of a step: 0 moves the layer y, 1 moves the layer z. Begun with 0 the network recalls y
from z, begun with 1 it recalls z from y. Without an input a step goes there and back: y, then z. With s = (y, z) and
the block matrix [[0, W], [Wᵀ, 0]] this is a Hopfield network whose units move one layer after the other. Kosko,
*Bidirectional associative memories*, 1988.
"""
from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from rnn_core.cells.base import Cell
from rnn_core.cells.hopfield import even
from rnn_core.records import Card, Settings, setting


class BAMSettings(Settings):
    """Bidirectional associative memory: how many units the layer y has; the layer z has one for each input."""

    hidden_size: int = setting(32, "Number of units of the layer y.", symbol="n", ge=2, le=2048, main=True)


class BAMState(NamedTuple):
    """y (b, n) and z (b, i), each entry −1 or +1."""

    y: Tensor
    z: Tensor


class BAM(Cell):
    """Bidirectional associative memory: either half of a stored pair brings back the other."""

    card = Card(
        title="Bidirectional associative memory", row="A26", year=1988,
        reference="Kosko, Bidirectional associative memories, 1988",
        summary="Two layers that recall each other over the same connections, until neither changes.",
        equations={"p": "p = W z", "y": "y ← sgn(p), unchanged where p = 0", "q": "q = Wᵀ y",
                   "z": "z ← sgn(q), unchanged where q = 0"},
        symbols={"p": "candidate", "y": "hidden", "q": "candidate", "z": "hidden"}, parameters="I*H",
        use="Recalling a name from a picture, and the picture from the name.")
    Settings = BAMSettings
    runs_along = ("relaxation",)

    def __init__(self, input_size: int, settings: BAMSettings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        self.register_buffer("W", torch.zeros(self.settings.hidden_size, input_size))

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Store three random pairs, so that a fresh network has something to recall."""
        n, i = self.W.shape
        self.store(*(torch.randint(0, 2, (3, k), generator=generator) * 2.0 - 1.0 for k in (i, n)))

    @torch.no_grad()
    def store(self, z: Tensor, y: Tensor) -> None:
        """Hebb's rule: pairs z (p, i), y (p, n) of ±1 become W; raises ValueError for anything else."""
        self.W.copy_(outer(z, y, self.W))

    def initial_state(self, batch_size: int) -> BAMState:
        return BAMState(self.zeros(batch_size, self.settings.hidden_size) + 1,
                        self.zeros(batch_size, self.input_size) + 1)

    @property
    def weight_count(self) -> int:
        """One number for each pair of units from different layers."""
        return self.W.numel()

    def energy(self, state: BAMState) -> Tensor:
        """E (b,) of a state."""
        return -((state.y @ self.W) * state.z).sum(-1)

    def advance(self, drive: Tensor | None, state: BAMState) -> tuple[Tensor, BAMState, dict[str, Tensor]]:
        W, none = self.W, self.W.new_zeros(())
        p = even(state.z @ W.t(), W, none)                                            # (b, n)
        y = torch.where((p == 0) | resting(drive, 1), state.y, p.sign())
        q = even(y @ W, W.t(), none)                                                  # (b, i)
        z = torch.where((q == 0) | resting(drive, 0), state.z, q.sign())
        return y, BAMState(y, z), {"p": p, "y": y, "q": q, "z": z}

    def draw(self, batch_size: int, steps: int, generator: torch.Generator) -> Tensor:
        """Directions (b, t) that alternate; a coin says where each sequence begins."""
        first = torch.randint(0, 2, (batch_size, 1), generator=generator)
        return alternating(first, steps).to(self.like.device)


def alternating(first: Tensor, steps: int) -> Tensor:
    """Directions (b, t): first (b, 1), then the other, and so on."""
    return (first + torch.arange(steps, device=first.device)) % 2


def resting(drive: Tensor | None, direction: int) -> Tensor:
    """(b, 1) whether a step in this direction leaves a layer where it is; never where a step goes both ways."""
    return torch.tensor(False) if drive is None else (drive == direction).unsqueeze(1)


def outer(z: Tensor, y: Tensor, W: Tensor) -> Tensor:
    """Σ y zᵀ (n, i) of pairs z (p, i), y (p, n) of ±1; raises ValueError, in one sentence, for anything else."""
    n, i = W.shape[-2:]
    shaped = z.dim() == y.dim() == 2 and len(z) == len(y) and (z.shape[1], y.shape[1]) == (i, n)
    if not shaped or not bool((z.abs() == 1).all() & (y.abs() == 1).all()):
        raise ValueError(f"Pairs must be a (p, {i}) and a (p, {n}) array of −1 and +1.")
    return y.to(W).t() @ z.to(W)
