"""Memristive network: a circuit of resistors that remember what has flowed through them.

    i = (I + ξ Ω diag(w))⁻¹ Ω S      the currents, in units of 1/R_on; S = W x_t
    v = (1 + ξ w) ⊙ i                the voltages across the memristors
    ẇ = α w − i / β,  0 ≤ w ≤ 1      the memory: w = 0 conducts best, w = 1 worst

S (b, n) are the voltages in series with the n memristors, held for Δt; the weights W (n, i) that mix the inputs into
them are all that is learnt. Ω = Aᵀ(AAᵀ)⁻¹A projects onto the loops of the circuit, A being a matrix of loops; from the
incidence matrix D (nodes, n) that is Ω = I − Dᵀ(DDᵀ)⁺D, where column e of D holds −1 at the node that branch e leaves,
+1 where it arrives, and only 0 for a branch closed on itself. Solved in m steps h = Δt/m by Cox & Matthews' exponential
Runge–Kutta rule, exact where no current flows, and cut at the bounds after each. Currents and voltages are those at the
beginning of a step. Caravelli, Traversa & Di Ventra, *Complex dynamics of memristive circuits*, 2017.
"""
from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, weight
from rnn_core.records import Card, Settings, setting


class MemristiveSettings(Settings):
    """Memristive network: its size, its material, and how finely time is cut."""

    hidden_size: int = setting(24, "Number of memristors.", symbol="n", ge=1, le=256, main=True)
    degree: float = setting(4.0, "Branches that meet at a node, on average, in a fresh circuit.", ge=2.5, le=20.0)
    alpha: float = setting(0.1, "Rate at which a memristor forgets, towards its larger resistance.", symbol="α", ge=0.0,
                           le=10.0)
    beta: float = setting(1.0, "Voltage × time, in units of R_on, that it takes to write.", symbol="β", ge=0.01,
                          le=100.0, log=True)
    xi: float = setting(10.0, "How much larger the larger resistance is: R_off / R_on − 1.", symbol="ξ", ge=0.0,
                        le=1000.0)
    start: float = setting(0.5, "Memory of every memristor before the first step.", symbol="w_0", ge=0.0, le=1.0)
    time_step: float = setting(0.1, "Time that passes between two inputs.", symbol="Δt", ge=0.001, le=10.0, log=True)
    substeps: int = setting(1, "Steps of the solver between two inputs.", symbol="m", ge=1, le=64)


class MemristiveState(NamedTuple):
    """w (b, n), the memories, each from 0 to 1."""

    w: Tensor


class Memristive(Cell):
    """Memristive network: a circuit under Kirchhoff's laws whose resistances are its memory."""

    card = Card(
        title="Memristive network", row="A28", year=2017,
        reference="Caravelli, Traversa & Di Ventra, Complex dynamics of memristive circuits, 2017",
        summary="Resistors with memory in one circuit: each current depends on all and changes what it runs through.",
        equations={"i": "i = (I + ξ Ω diag(w))⁻¹ Ω W x_t", "v": "v = (1 + ξ w) ⊙ i",
                   "w": "w ← w after Δt of ẇ = α w − i/β"},
        symbols={"i": "read", "v": "candidate", "w": "cell"}, parameters="H*I",
        use="Analogue hardware as a reservoir: the circuit computes, and only what leads in and out of it learns.")
    Settings = MemristiveSettings

    def __init__(self, input_size: int, settings: MemristiveSettings | None = None,
                 output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        n, degree = self.settings.hidden_size, self.settings.degree
        self.nodes = min(max(2, round(2 * n / degree)), n)
        self.W = weight(n, input_size)
        self.register_buffer("D", torch.zeros(self.nodes, n))
        self.register_buffer("Omega", torch.eye(n))

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """A random circuit in one piece: a tree that reaches every node, then branches between any two."""
        super().initialise(generator)
        n, nodes = self.settings.hidden_size, self.nodes
        chance, leave = torch.rand(n, generator=generator), torch.randint(0, nodes, (n,), generator=generator)
        arrive = (leave + 1 + (chance * (nodes - 1)).long()) % nodes
        tree = torch.arange(1, nodes)
        leave[:nodes - 1], arrive[:nodes - 1] = tree, (chance[:nodes - 1] * tree).long()
        one = torch.eye(nodes)
        self.wire((one[arrive] - one[leave]).t())

    @torch.no_grad()
    def wire(self, incidence: Tensor) -> None:
        """Build a circuit from its incidence matrix D (nodes, n); raises ValueError for anything else."""
        n = self.settings.hidden_size
        D = incidence.double()
        joins = ((D == 1).sum(0) == (D == -1).sum(0)) & (D.abs().sum(0) <= 2) if D.dim() == 2 else D == 2
        if D.dim() != 2 or D.shape[1] != n or not bool(joins.all() & ((D == 0) | (D.abs() == 1)).all()):
            raise ValueError(f"An incidence matrix has {n} columns, each with one −1 and one +1, or with zeros alone.")
        self.nodes = len(D)
        self.D = D.to(self.Omega)
        self.Omega.copy_(torch.eye(n).to(D) - torch.linalg.pinv(D) @ D)

    def initial_state(self, batch_size: int) -> MemristiveState:
        return MemristiveState(self.zeros(batch_size, self.settings.hidden_size) + self.settings.start)

    def project(self, x: Tensor) -> Tensor:
        return linear(x, self.W)                                          # (…, n) S

    def currents(self, S: Tensor, w: Tensor) -> Tensor:
        """i (b, n) under voltages S (b, n) with memories w (b, n)."""
        mixed = torch.eye(w.shape[1], dtype=w.dtype, device=w.device) + self.settings.xi * self.Omega * w.unsqueeze(1)
        return torch.linalg.solve(mixed, (S @ self.Omega.t()).unsqueeze(2)).squeeze(2)

    def advance(self, drive: Tensor, state: MemristiveState) -> tuple[Tensor, MemristiveState, dict[str, Tensor]]:
        chosen, w = self.settings, state.w
        h = chosen.time_step / chosen.substeps
        keep, once, twice = _phi(chosen.alpha * h)
        i = self.currents(drive, w)
        v = (1 + chosen.xi * w) * i
        for step in range(chosen.substeps):
            now = self.currents(drive, w) if step else i
            guess = (keep * w - h * once * now / chosen.beta).clamp(0, 1)
            w = (keep * w - h * ((once - twice) * now + twice * self.currents(drive, guess)) / chosen.beta).clamp(0, 1)
        return i, MemristiveState(w), {"i": i, "v": v, "w": w}


def _phi(z: float) -> tuple[float, float, float]:
    """e^z, φ₁ = (e^z − 1)/z and φ₂ = (e^z − 1 − z)/z²."""
    if abs(z) < 1e-3:
        return math.exp(z), 1 + z / 2 + z**2 / 6 + z**3 / 24, 1 / 2 + z / 6 + z**2 / 24 + z**3 / 120
    return math.exp(z), math.expm1(z) / z, (math.expm1(z) - z) / z**2
