"""Hopfield network: symmetric weights, ±1 units, and an energy that only falls.

    W = N⁻¹ Σ_μ ξ^μ ξ^μᵀ,  w_ii = 0            Hebb's outer product of the stored patterns
    W = Ξ⁺ Ξ,  w_ii = 0                        or the projection on them: Ξ (p, N) holds them, Ξ⁺ is its pseudo-inverse
    s_i ← sgn(a_i),  a_i = Σ_j w_ij s_j − θ_i   a unit keeps its sign when a_i = 0, to rounding
    E(s) = −½ sᵀ W s + θᵀ s

x is the drawn order: (b,) the unit that is updated at this step. Without x all units are updated at once. Hopfield,
*Neural networks and physical systems with emergent collective computational abilities*, 1982; the projection:
Personnaz, Guyon & Dreyfus, *Information storage and retrieval in spin-glass like neural networks*, 1985.
"""
from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from rnn_core.cells.base import Cell
from rnn_core.records import Card, Settings, setting


class HopfieldSettings(Settings):
    """Hopfield network: how many units, and how patterns become weights."""

    hidden_size: int = setting(64, "Number of units.", symbol="N", ge=2, le=2048, main=True)
    storage: Literal["outer_product", "pseudo_inverse"] = setting(
        "outer_product", "How patterns become weights: Hebb's sum of outer products, or the projection on their span.")


class HopfieldState(NamedTuple):
    """s (b, N), each entry −1 or +1."""

    s: Tensor


class Hopfield(Cell):
    """Hopfield network: stored patterns are the valleys of an energy, and recall rolls downhill."""

    card = Card(
        title="Hopfield network", row="A25", year=1982,
        reference="Hopfield, Neural networks and physical systems with emergent collective computational abilities, "
                  "1982",
        summary="Units joined each to each by symmetric weights; updates one at a time never raise the energy.",
        equations={"a": "a_i = Σ_j w_ij s_j − θ_i", "s": "s_i ← sgn(a_i), unchanged where a_i = 0"},
        symbols={"a": "candidate", "s": "hidden"}, parameters="H*(H-1)/2",
        use="Recalling a whole pattern from a damaged one.")
    Settings = HopfieldSettings
    runs_along = ("relaxation",)

    def __init__(self, input_size: int, settings: HopfieldSettings | None = None,
                 output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        n = self.settings.hidden_size
        self.register_buffer("W", torch.zeros(n, n))
        self.register_buffer("theta", torch.zeros(n))

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Store three random patterns, so that a fresh network has something to recall."""
        n = self.settings.hidden_size
        self.store(torch.randint(0, 2, (3, n), generator=generator) * 2.0 - 1.0)

    @torch.no_grad()
    def store(self, patterns: Tensor) -> None:
        """Patterns (p, N) of ±1 become the weights, thresholds stay; raises ValueError for anything else.

        Under "pseudo_inverse" every pattern is a fixed point whatever their correlation, where rounding allows.
        """
        n, patterns = self.settings.hidden_size, torch.as_tensor(patterns)
        if patterns.dim() != 2 or patterns.shape[1] != n or not bool((patterns.abs() == 1).all()):
            raise ValueError(f"Patterns must be a (p, {n}) array of −1 and +1.")
        X = patterns.to(self.W)
        if self.settings.storage == "pseudo_inverse":
            X = X.double()
            W = torch.linalg.pinv(X) @ X
        else:
            W = X.T @ X / n
        self.W.copy_((W + W.T) / 2).fill_diagonal_(0)

    def initial_state(self, batch_size: int) -> HopfieldState:
        return HopfieldState(self.zeros(batch_size, self.settings.hidden_size) + 1)

    @property
    def weight_count(self) -> int:
        """One number for each pair of units; thresholds stay at 0 under both rules."""
        n = self.settings.hidden_size
        return n * (n - 1) // 2

    def energy(self, state: HopfieldState) -> Tensor:
        """E (b,) of a state."""
        return -0.5 * ((state.s @ self.W) * state.s).sum(-1) + state.s @ self.theta

    def advance(self, drive: Tensor | None, state: HopfieldState) -> tuple[Tensor, HopfieldState, dict[str, Tensor]]:
        s = state.s
        if drive is None:
            a = even(s @ self.W - self.theta, self.W, self.theta)                    # (b, N)
            s = torch.where(a == 0, s, a.sign())
        else:
            w, theta, unit = self.W[drive], self.theta[drive], drive.unsqueeze(1)
            a = even((w * s).sum(1) - theta, w, theta).unsqueeze(1)                  # (b, 1)
            s = s.scatter(1, unit, torch.where(a == 0, s.gather(1, unit), a.sign()))
        return s, HopfieldState(s), {"a": a, "s": s}

    def draw(self, batch_size: int, steps: int, generator: torch.Generator) -> Tensor:
        """The order of asynchronous updates (b, t)."""
        return order(self.settings.hidden_size, batch_size, steps, generator).to(self.like.device)


def order(units: int, batch_size: int, steps: int, generator: torch.Generator) -> Tensor:
    """Which unit moves at which step, (b, t): each sweep of as many steps as units visits every unit once."""
    sweeps = [torch.stack([torch.randperm(units, generator=generator) for _ in range(batch_size)])
              for _ in range(-(-steps // units))]
    return torch.cat(sweeps, 1)[:, :steps]


def even(a: Tensor, w: Tensor, theta: Tensor) -> Tensor:
    """a (…, N) with 0 where it is 0 to rounding: the terms of a tie seldom cancel to the last bit.

    w (…, N, N) and theta (…, N) are the weights and thresholds of the units.
    """
    rounding = 8 * torch.finfo(a.dtype).eps * (w.abs().sum(-1) + theta.abs())
    return torch.where(a.abs() <= rounding, torch.zeros_like(a), a)
