"""Modern Hopfield network: real-valued units, and an update that is one step of attention to the stored patterns.

    p = softmax(β X s)                                  how much each stored pattern is attended to
    s ← Xᵀ p                                            their mean, so weighted
    E(s) = −β⁻¹ ln Σ_μ e^{β x_μᵀ s} + ½ sᵀs + β⁻¹ ln P + ½ M²,   M = max_μ ‖x_μ‖

X (P, N) holds the stored patterns, s (b, N) the state. 0 ≤ E ≤ 2 M² where ‖s‖ ≤ M. A sharp β recalls one pattern,
mostly in a single step; a small β stops at a mean of several. x is the drawn order: (b,) the unit that is updated at
this step. Without x all units are updated at once. Neither way ever raises the energy: a bowl ½ sᵀs − (Xᵀ p)ᵀ s, whose
lowest point is the step, touches E at s and lies above it elsewhere.
Ramsauer et al., *Hopfield Networks is All You Need*, 2020.
"""
from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from rnn_core.cells.base import Cell
from rnn_core.cells.hopfield import order
from rnn_core.records import Card, Settings, setting


class ModernHopfieldSettings(Settings):
    """Modern Hopfield network: how many units, how many fresh patterns, how sharp the attention."""

    hidden_size: int = setting(64, "Number of units.", symbol="N", ge=2, le=2048, main=True)
    stored_patterns: int = setting(3, "Random patterns that a fresh network stores.", symbol="P", ge=1, le=1024)
    sharpness: float = setting(1.0, "How sharply the nearest pattern is preferred.", symbol="β", ge=0.001, le=100.0,
                               log=True)


class ModernHopfieldState(NamedTuple):
    """s (b, N), real numbers."""

    s: Tensor


class ModernHopfield(Cell):
    """Modern Hopfield network: recall is attention to the stored patterns, repeated until it rests."""

    card = Card(
        title="Modern Hopfield network", row="A25", year=2020,
        reference="Ramsauer et al., Hopfield Networks is All You Need, 2020",
        summary="The state becomes a mean of the stored patterns, weighted by their likeness to it: attention.",
        equations={"p": "p = softmax(β X s)", "s": "s ← Xᵀ p"}, symbols={"p": "read", "s": "hidden"},
        use="Recalling one of very many patterns, real-valued ones too.")
    Settings = ModernHopfieldSettings
    runs_along = ("relaxation",)

    def __init__(self, input_size: int, settings: ModernHopfieldSettings | None = None,
                 output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        chosen = self.settings
        self.register_buffer("X", torch.zeros(chosen.stored_patterns, chosen.hidden_size))
        self.card = replace(self.card, parameters=f"{chosen.stored_patterns}*H")

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Store random patterns of ±1, so that a fresh network has something to recall."""
        self.store(torch.randint(0, 2, self.X.shape, generator=generator) * 2.0 - 1.0)

    @torch.no_grad()
    def store(self, patterns: Tensor) -> None:
        """Patterns (p, N) of finite numbers become the rows of X; raises ValueError for anything else."""
        n = self.settings.hidden_size
        if patterns.dim() != 2 or not len(patterns) or patterns.shape[1] != n or not bool(patterns.isfinite().all()):
            raise ValueError(f"Patterns must be a (p, {n}) array of finite numbers, at least one row of them.")
        self.X = patterns.to(self.X).clone()

    def initial_state(self, batch_size: int) -> ModernHopfieldState:
        return ModernHopfieldState(self.zeros(batch_size, self.settings.hidden_size) + 1)

    @property
    def weight_count(self) -> int:
        """The numbers of the stored patterns."""
        return self.X.numel()

    def energy(self, state: ModernHopfieldState) -> Tensor:
        """E (b,) of a state."""
        beta, s = self.settings.sharpness, state.s
        rest = math.log(len(self.X)) / beta + self.X.square().sum(1).max() / 2
        return -(beta * s @ self.X.T).logsumexp(1) / beta + s.square().sum(1) / 2 + rest

    def advance(self, drive: Tensor | None,
                state: ModernHopfieldState) -> tuple[Tensor, ModernHopfieldState, dict[str, Tensor]]:
        p = torch.softmax(self.settings.sharpness * state.s @ self.X.T, 1)                    # (b, P)
        s = p @ self.X                                                                        # (b, N)
        if drive is not None:
            unit = drive.unsqueeze(1)
            s = state.s.scatter(1, unit, s.gather(1, unit))
        return s, ModernHopfieldState(s), {"p": p, "s": s}

    def draw(self, batch_size: int, steps: int, generator: torch.Generator) -> Tensor:
        """The order of asynchronous updates (b, t)."""
        return order(self.settings.hidden_size, batch_size, steps, generator).to(self.like.device)
