"""Stochastic bidirectional associative memory: units turn by chance, more rarely the colder it is.

    Pr(y_j = +1) = σ(2β p_j),  p = W(r_t) z      forwards, direction 0
    Pr(z_k = +1) = σ(2β q_k),  q = W(r_t)ᵀ y     backwards, direction 1
    s ← +1 where u < σ(2β a), else −1            u is the noise, uniform in [0, 1), drawn outside

Moved layer by layer with one W, the network visits states as Boltzmann's law says, Pr(z, y) ∝ exp(β yᵀ W z); with β → ∞
it is the memory without chance, save where a sum is 0. Markov stepping: r_t is a Markov chain that says which of k
matrices W (k, n, i) holds at step t; r stays as it is with a given probability, else each other number is as likely.
Under a chain that moves, no single Boltzmann law need hold. Kosko, *Bidirectional associative memories*, 1988; Hinton &
Sejnowski, *Learning and relearning in Boltzmann machines*, 1986.
"""
from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from rnn_core.cells.bam import BAMState, alternating, outer, resting
from rnn_core.cells.base import Cell
from rnn_core.records import Card, Settings, setting


class StochasticBAMSettings(Settings):
    """Stochastic bidirectional memory: how large, how cold, and how many matrices take turns."""

    hidden_size: int = setting(32, "Number of units of the layer y.", symbol="n", ge=2, le=2048, main=True)
    beta: float = setting(0.25, "Inverse temperature: at 0 pure chance, the larger the more certain.", symbol="β",
                          ge=0.0, le=1e6)
    regimes: int = setting(2, "Number of weight matrices that take turns.", symbol="k", ge=1, le=8)
    persistence: float = setting(0.9, "Probability that the same matrix also holds at the next step, for drawn chains.",
                          ge=0.0, le=1.0, step=0.05)


class Chance(NamedTuple):
    """What a step is given: direction (b,), noise u_y (b, n) and u_z (b, i) in [0, 1), regime r (b,)."""

    direction: Tensor
    u_y: Tensor
    u_z: Tensor
    r: Tensor


class StochasticBAM(Cell):
    """Stochastic bidirectional memory: recall that can leave a shallow valley."""

    card = Card(
        title="Stochastic associative memory", row="A27", year=1988,
        reference="Kosko, Bidirectional associative memories, 1988; Hinton & Sejnowski, Learning and relearning in "
                  "Boltzmann machines, 1986",
        summary="A bidirectional memory whose units turn by chance, with weights that a Markov chain may switch.",
        equations={"p": "p = W(r_t) z", "y": "y ← +1 where u < σ(2β p), else −1", "q": "q = W(r_t)ᵀ y",
                   "z": "z ← +1 where u < σ(2β q), else −1"},
        symbols={"p": "candidate", "y": "hidden", "q": "candidate", "z": "hidden"}, parameters="2*I*H",
        use="Sampling what a memory holds instead of falling into the nearest valley.")
    Settings = StochasticBAMSettings
    runs_along = ("relaxation",)

    def __init__(self, input_size: int, settings: StochasticBAMSettings | None = None,
                 output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        k = self.settings.regimes
        self.register_buffer("W", torch.zeros(k, self.settings.hidden_size, input_size))
        self.card = replace(self.card, parameters=f"{k}*I*H")

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Store three random pairs in each regime."""
        k, n, i = self.W.shape
        for regime in range(k):
            self.store(*(torch.randint(0, 2, (3, size), generator=generator) * 2.0 - 1.0 for size in (i, n)), regime)

    @torch.no_grad()
    def store(self, z: Tensor, y: Tensor, regime: int = 0) -> None:
        """Hebb's rule for one regime: pairs z (p, i), y (p, n) of ±1; raises ValueError for anything else."""
        if not 0 <= regime < len(self.W):
            raise ValueError(f"There are regimes 0 to {len(self.W) - 1}; {regime} is not among them.")
        self.W[regime] = outer(z, y, self.W)

    def initial_state(self, batch_size: int) -> BAMState:
        return BAMState(self.zeros(batch_size, self.settings.hidden_size) + 1,
                        self.zeros(batch_size, self.input_size) + 1)

    @property
    def weight_count(self) -> int:
        """One number for each pair of units from different layers, in each regime."""
        return self.W.numel()

    def energy(self, state: BAMState, regime: int = 0) -> Tensor:
        """E = −yᵀ W z (b,) of a state, under the weights of one regime."""
        return -((state.y @ self.W[regime]) * state.z).sum(-1)

    def advance(self, drive: Chance, state: BAMState) -> tuple[Tensor, BAMState, dict[str, Tensor]]:
        W, heat = self.W[drive.r], 2 * self.settings.beta                             # (b, n, i)
        p = (W * state.z.unsqueeze(1)).sum(2)                                         # (b, n)
        y = torch.where(resting(drive.direction, 1), state.y, turned(drive.u_y, heat * p))
        q = (W * y.unsqueeze(2)).sum(1)                                               # (b, i)
        z = torch.where(resting(drive.direction, 0), state.z, turned(drive.u_z, heat * q))
        return y, BAMState(y, z), {"p": p, "y": y, "q": q, "z": z}

    def draw(self, batch_size: int, steps: int, generator: torch.Generator) -> Chance:
        """Alternating directions, uniform noise, and a Markov chain of regimes that begins anywhere."""
        like, k = self.like, self.settings.regimes
        u_y, u_z, move = (torch.rand(batch_size, steps, size, generator=generator, dtype=like.dtype)
                          for size in (self.settings.hidden_size, self.input_size, 1))
        first = torch.randint(0, 2, (batch_size, 1), generator=generator)
        jump = torch.randint(1, max(k, 2), (batch_size, steps), generator=generator)
        jump = torch.where(move.squeeze(2) < self.settings.persistence, torch.zeros_like(jump), jump)
        jump[:, 0] = torch.randint(0, k, (batch_size,), generator=generator)
        return Chance(*(v.to(like.device) for v in (alternating(first, steps), u_y, u_z, jump.cumsum(1) % k)))


def turned(u: Tensor, a: Tensor) -> Tensor:
    """±1: +1 where u < σ(a)."""
    above = torch.sigmoid(a) - u
    return torch.where(above == 0, -torch.ones_like(above), above.sign())
