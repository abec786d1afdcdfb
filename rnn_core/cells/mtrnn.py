"""Multiple-timescale recurrent network: fast units act, slow units keep the plan.

    u_t = (1 − 1/τ) ⊙ u_{t−1} + (1/τ) ⊙ (R y_{t−1} + [W x_t; 0] + b)        y = φ(u) = [f; s]
    f_t = φ(u_t) of the fast units,   τ_fast        the input reaches them alone, and they alone are read out
    s_t = φ(u_t) of the slow units,   τ_slow        they see and move the world only through the fast ones

u (b, n) is the state, the fast units first. W (n_f, i), R (n, n), b (n): the weights between input or output and the
slow units are not small but absent. With τ = 1 everywhere nothing leaks and y is the h of Elman's network. It is the
potential that leaks here, not the activation, as in an echo state network: those are different systems. Yamashita &
Tani, *Emergence of functional hierarchy in a multiple timescale neural network model*, 2008.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear, pad

from rnn_core.cells.base import Cell, RecurrentSettings, weight
from rnn_core.records import Card, setting

FUNCTIONS = {"tanh": torch.tanh, "sigmoid": torch.sigmoid}


class Settings(RecurrentSettings):
    """Multiple-timescale network: how many units are slow, and how slow both groups are."""

    hidden_size: int = setting(32, "Number of hidden units, fast and slow together.", symbol="H", ge=2, le=512,
                               main=True)
    slow_share: float = setting(0.25, "Share of the units that are slow; at least one unit of each kind is there.",
                                ge=0.0, le=1.0, step=0.05)
    tau_fast: float = setting(2.0, "Time constant of the fast units in steps.", symbol="τ_f", ge=1.0, le=1000.0,
                              log=True)
    tau_slow: float = setting(30.0, "Time constant of the slow units in steps.", symbol="τ_s", ge=1.0, le=1000.0,
                              log=True)
    activation: Literal["tanh", "sigmoid"] = setting("tanh", "What bends a unit's potential.", symbol="φ")


class MTRNNState(NamedTuple):
    """u (b, n), the potentials, the fast units first."""

    u: Tensor


class MTRNN(Cell):
    """Multiple-timescale network: leaky units in two groups, of which only the fast one meets input and output."""

    card = Card(
        title="Multiple-timescale network (MTRNN)", row="A12", year=2008,
        reference="Yamashita & Tani, Emergence of functional hierarchy in a multiple timescale neural network model, "
                  "2008",
        summary="Fast units act and slow units keep the plan; only the fast ones see the input and are read out.",
        equations={"u": "u_t = (1 − 1/τ) ⊙ u_{t−1} + (1/τ) ⊙ (R [f_{t−1}; s_{t−1}] + [W x_t; 0] + b)",
                   "f": "f_t = φ(u_t) of the fast units", "s": "s_t = φ(u_t) of the slow units"},
        symbols={"u": "hidden", "f": "read", "s": "cell"}, parameters="3*H/4*I+H*(H+1)",
        use="Movements that are made of reusable pieces, in an order that must be kept in mind.")
    Settings = Settings

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        chosen = self.settings
        n = chosen.hidden_size
        slow = min(max(round(chosen.slow_share * n), 1), n - 1)
        self.groups = [n - slow, slow]
        self.output_size = n - slow
        self.W, self.R, self.b = weight(n - slow, input_size), weight(n, n), weight(n)
        taus = torch.tensor([chosen.tau_fast, chosen.tau_slow])
        self.register_buffer("tau", taus.repeat_interleave(torch.tensor(self.groups)))
        self.card = replace(self.card, parameters=f"{n - slow}*I+H*(H+1)")

    def initial_state(self, batch_size: int) -> MTRNNState:
        return MTRNNState(self.zeros(batch_size, self.settings.hidden_size))

    def keeps(self) -> dict[str, Tensor]:
        """u: the share (n,) of its potential that a unit has left after a step alone."""
        return {"u": 1 - 1 / self.tau}

    def project(self, x: Tensor) -> Tensor:
        return pad(linear(x, self.W), (0, self.groups[1])) + self.b       # (…, n)

    def advance(self, drive: Tensor, state: MTRNNState) -> tuple[Tensor, MTRNNState, dict[str, Tensor]]:
        bend = FUNCTIONS[self.settings.activation]
        a = torch.addmm(drive, bend(state.u), self.R.t())
        u = (1 - 1 / self.tau) * state.u + a / self.tau
        f, s = bend(u).split(self.groups, 1)
        return f, MTRNNState(u), {"u": u, "f": f, "s": s}
