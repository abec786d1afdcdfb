"""Continuous-time recurrent network: neurons as leaky differential equations.

    τ_i dy_i/dt = −y_i + Σ_j R_ij σ(y_j − Θ_j) + (W x_t)_i          x_t is held from one step to the next, Δt later
    y_t = y after Δt, in m steps of the solver, each Δt/m long
    o_t = σ(y_t − Θ)                                                the rate of firing, which the readout reads

    Euler:           y ← y + (Δt/m) f(y)
    Runge & Kutta 4: y ← y + (Δt/m) (k1 + 2 k2 + 2 k3 + k4) / 6

y (b, n) is the state. W (n, i), R (n, n), Θ (n), called b. Time constants are positive whatever is learnt:
τ_i = τ⁰_i e^{c_i} with τ⁰ spread evenly on a logarithmic scale between two settings and c (n) learnt, or fixed at 0.
Euler's step is steady for Δt/m < 2 τ; with Δt = τ and m = 1 it is the discrete net y_t = R σ(y_{t−1} − Θ) + W x_t.
Beer, *On the dynamics of small continuous-time recurrent neural networks*, 1995.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, RecurrentSettings, weight
from rnn_core.records import Card, setting


class Settings(RecurrentSettings):
    """Continuous-time network: how slow its neurons are, and how their equations are solved."""

    gain: float = setting(4.0, "Scale of all fresh weights; 4 makes up for the slope of σ, which is at most ¼.",
                          symbol="g", ge=0.0, le=20.0, step=0.1)
    tau_low: float = setting(1.0, "Time constant of the fastest unit at the start.", symbol="τ_low", ge=0.05, le=1000.0,
                             log=True)
    tau_high: float = setting(10.0, "Time constant of the slowest unit at the start.", symbol="τ_high", ge=0.05,
                              le=1000.0, log=True)
    learn_tau: bool = setting(True, "Learn the time constants too; they stay positive.")
    solver: Literal["euler", "rk4"] = setting("euler", "How the differential equations are solved: by Euler's method "
                                                       "or the fourth-order one of Runge and Kutta.")
    time_step: float = setting(1.0, "Time that passes between two inputs.", symbol="Δt", ge=0.001, le=10.0, log=True)
    substeps: int = setting(1, "Steps of the solver between two inputs.", symbol="m", ge=1, le=16)


class CTRNNState(NamedTuple):
    """y (b, n), the potentials."""

    y: Tensor


class CTRNN(Cell):
    """Continuous-time recurrent network: leaky neurons, each with a time constant of its own, solved step by step."""

    card = Card(
        title="Continuous-time network (CTRNN)", row="A11", year=1995,
        reference="Beer, On the dynamics of small continuous-time recurrent neural networks, 1995",
        summary="Each neuron is a leaky differential equation with its own time constant, solved between two inputs.",
        equations={"y": "y_t = y after Δt of τ ẏ = −y + R σ(y − Θ) + W x_t", "o": "o_t = σ(y_t − Θ)"},
        symbols={"y": "hidden", "o": "read"}, parameters="H*(I+H+2)",
        use="Movements and rhythms; small brains whose every resting state can be drawn.")
    Settings = Settings

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        chosen = self.settings
        n = chosen.hidden_size
        self.W, self.R, self.b = weight(n, input_size), weight(n, n), weight(n)
        low, high = torch.tensor([chosen.tau_low, chosen.tau_high]).log2().tolist()
        self.register_buffer("tau_0", torch.logspace(low, high, n, base=2.0))
        if chosen.learn_tau:
            self.c = weight(n)
        else:
            self.register_buffer("c", torch.zeros(n))
            self.card = replace(self.card, parameters="H*(I+H+1)")

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        super().initialise(generator)
        self.W.mul_(self.settings.gain)

    @property
    def tau(self) -> Tensor:
        """τ (n,), the time constants in the unit of Δt."""
        return self.tau_0 * self.c.exp()

    def keeps(self) -> dict[str, Tensor]:
        """y: the share (n,) of its potential that a unit has left after Δt alone, as the chosen solver computes it."""
        z = -self.settings.time_step / self.settings.substeps / self.tau
        once = 1 + z if self.settings.solver == "euler" else 1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24
        return {"y": once**self.settings.substeps}

    def initial_state(self, batch_size: int) -> CTRNNState:
        return CTRNNState(self.zeros(batch_size, self.settings.hidden_size))

    def project(self, x: Tensor) -> Tensor:
        return linear(x, self.W)                                          # (…, n)

    def slope(self, y: Tensor, drive: Tensor) -> Tensor:
        """τ dy/dt (b, n) of potentials y (b, n) under a drive (b, n)."""
        return torch.addmm(drive - y, torch.sigmoid(y - self.b), self.R.t())

    def advance(self, drive: Tensor, state: CTRNNState) -> tuple[Tensor, CTRNNState, dict[str, Tensor]]:
        y, f = state.y, self.slope
        rate = self.settings.time_step / self.settings.substeps / self.tau                         # (n,) Δt/m/τ
        for _ in range(self.settings.substeps):
            k1 = f(y, drive)
            if self.settings.solver == "euler":
                y = torch.addcmul(y, rate, k1)
            else:
                k2 = f(y + rate / 2 * k1, drive)
                k3 = f(y + rate / 2 * k2, drive)
                k4 = f(y + rate * k3, drive)
                y = y + rate * (k1 + 2 * k2 + 2 * k3 + k4) / 6
        o = torch.sigmoid(y - self.b)
        return o, CTRNNState(y), {"y": y, "o": o}
