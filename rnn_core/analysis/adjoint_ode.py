"""What is a gradient where time does not step? The adjoint equation of a continuous-time network, beside its steps.

    τ ẏ = −y + R σ(y − Θ) + W x,          L = Σ_k ℓ_k(o(t_k)),   o = σ(y − Θ)
    −ṗ = Jᵀ p,  J = (R diag σ'(y − Θ) − 1)/τ,    p(t_k⁻) = p(t_k⁺) + ∂ℓ_k/∂y
    dL/dR = ∫ (p/τ) σ(y − Θ)ᵀ dt,   dL/dW = ∫ (p/τ) xᵀ dt,   dL/dc = −∫ p ẏ dt   where τ ∝ e^c
    dL/dΘ = −∫ σ' ⊙ Rᵀ(p/τ) dt − Σ_k ∂ℓ_k/∂y

p(t) = dL/dy(t) runs backward from the end, where it is 0. It is solved here by fourth-order steps much finer than the
network's, and so is y. What backpropagation finds is the gradient of the steps; with m of them in Δt it comes nearer
with the order of the solver, 1 for Euler and 4 for Runge and Kutta. Pearlmutter, *Learning state space trajectories in
recurrent neural networks*, 1989.
"""
from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.optimiser_steps import doubled
from rnn_core.records import Batch, Card, Result
from rnn_core.records.trees import clean, tmap

CARD = Card(title="Gradients in continuous time", row="B8", year=1989,
            reference="Pearlmutter, Learning state space trajectories in recurrent neural networks, 1989",
            summary="The adjoint equation of a continuous-time network, and how fast backpropagation comes near to it.",
            equations={"p": "−ṗ = Jᵀ p,  p(t_k⁻) = p(t_k⁺) + ∂ℓ_k/∂y"}, symbols={"p": "gradient"})
COUNTS, FINE, SOLVERS = (1, 2, 4, 8), 32, ("euler", "rk4")


@dataclass(frozen=True, eq=False)
class AdjointOde(Result):
    """``gradients`` by weight of the adjoint equation; ``p`` (b, t, n) is dL/dy as each step begins.

    ``gaps`` by solver (k,): how far backpropagation through ``counts`` (k,) steps of it in ``time_step`` lies from
    them, as a part of their length; ``own`` is the gap of the solver as the network has it.
    """

    gradients: dict[str, Tensor]
    p: Tensor
    counts: tuple[int, ...]
    gaps: dict[str, Tensor]
    own: float
    time_step: float

    def orders(self, solver: str) -> Tensor:
        """(k − 1,) the power of the step by which the gap falls, from each count to the next."""
        ratio = torch.tensor([b / a for a, b in zip(self.counts, self.counts[1:])]).double()
        return (self.gaps[solver][:-1] / self.gaps[solver][1:]).log() / ratio.log()

    def frame(self) -> pd.DataFrame:
        """One row a solver and count: the step, the gap, and the order since the count before."""
        parts = [pd.DataFrame({"solver": name, "steps in Δt": self.counts,
                               "step": [self.time_step / m for m in self.counts], "gap": gaps,
                               "order": [float("nan"), *self.orders(name).tolist()]})
                 for name, gaps in self.gaps.items()]
        return pd.concat(parts, ignore_index=True)

    @property
    def says(self) -> str:
        if not math.isfinite(self.own):
            return "this network feels no loss, or has left the finite numbers: there is no gradient to come near to."
        found = {name: float(self.orders(name)[-1]) for name in self.gaps}
        return (f"backpropagation through this network's steps is {100 * self.own:.2g} % away from the gradient of its "
                f"differential equation; at the finest steps tried, Euler's gap falls with the power "
                f"{found['euler']:.2f} of the step and Runge and Kutta's with {found['rk4']:.2f}.")

    @property
    def says_not(self) -> str:
        return ("that the finer gradient learns better: the network that is run and judged takes steps, and "
                "backpropagation is exact for those.")


def adjoint_ode(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor],
                counts: Sequence[int] = COUNTS) -> AdjointOde:
    """The adjoint equation of a continuous-time cell with a readout, and the gaps of backpropagation with both solvers.

    Raises ValueError, in one sentence, for any other network, and for counts that are not at least two, rising.
    """
    cell = network.cells[0]
    if not hasattr(cell, "slope") or len(network.cells) != 1:
        raise ValueError("Only a single continuous-time network (CTRNN) has a differential equation, and so an adjoint "
                         f"one; this network is made of another kind of cell, {cell.card.title}.")
    counts = tuple(int(m) for m in counts)
    if len(counts) < 2 or counts[0] < 1 or any(b <= a for a, b in zip(counts, counts[1:])):
        raise ValueError("Give at least two rising counts of steps.")
    network, batch = copy.deepcopy(network).double(), Batch(*tmap(doubled, tuple(batch)))
    cell = network.cells[0]
    fine = _Fine(network, batch, loss)
    gradients = fine.solve()
    gaps = {solver: torch.stack([_gap(network, batch, loss, gradients, solver, m) for m in counts])
            for solver in SOLVERS}
    own = float(_gap(network, batch, loss, gradients, cell.settings.solver, cell.settings.substeps))
    return AdjointOde(gradients, torch.stack(fine.p, 1), counts, gaps, own, cell.settings.time_step)


def _gap(network: Any, batch: Batch, loss: Any, exact: dict[str, Tensor], solver: str, substeps: int) -> Tensor:
    """How far autograd's gradient of the cell's weights through m steps lies from the exact one, relative to it."""
    other = copy.deepcopy(network)
    cell = other.cells[0]
    cell.settings = cell.settings.model_copy(update={"solver": solver, "substeps": substeps})
    weights = dict(cell.named_parameters())
    with torch.enable_grad():
        value = loss(other.trace(batch.x, mask=batch.mask).outputs, batch)
        got = torch.autograd.grad(value, list(weights.values()), allow_unused=True)
    found = torch.cat([(torch.zeros_like(w) if g is None else g).flatten() for w, g in zip(weights.values(), got)])
    true = torch.cat([exact[k].flatten() for k in weights])
    return (found - true).norm() / true.norm()


class _Fine:
    """y forward and p backward, by fourth-order steps a fraction of the network's."""

    def __init__(self, network: Any, batch: Batch, loss: Any) -> None:
        self.network, self.cell, self.batch, self.loss = network, network.cells[0], batch, loss
        x = batch.x if batch.mask is None else clean(batch.x, batch.mask)
        self.x, self.drives = x.unbind(1), self.cell.project(x).detach().unbind(1)
        there = torch.ones(x.shape[:2]).to(x) if batch.mask is None else batch.mask.to(x)
        self.there = there.unsqueeze(2).unbind(1)
        self.h = self.cell.settings.time_step / FINE
        self.sums = {k: torch.zeros_like(v) for k, v in self.cell.named_parameters()}
        self.p: list[Tensor] = []

    @torch.no_grad()
    def solve(self) -> dict[str, Tensor]:
        """The gradient of every weight of the cell; leaves p as each step begins."""
        y, roads = self.cell.initial_state(len(self.batch.target)).y, []
        for drive, there in zip(self.drives, self.there):
            road = [y]
            for _ in range(2 * FINE):
                y = self._forward(y, drive, there)
                road.append(y)
            roads.append(road)
        errors = self._errors(torch.stack([road[-1] for road in roads], 1))
        p = torch.zeros_like(y)
        for road, x, drive, there, error in reversed(list(zip(roads, self.x, self.drives, self.there, errors))):
            p = p + error
            self.sums["b"] -= error.sum(0)
            for k in reversed(range(FINE)):
                p = self._backward(p, road[2 * k + 2], road[2 * k + 1], road[2 * k], x, drive, there)
            self.p.insert(0, p)
        return self.sums

    def _forward(self, y: Tensor, drive: Tensor, there: Tensor) -> Tensor:
        """Half a fine step of y."""
        def f(y: Tensor) -> Tensor:
            return there * self.cell.slope(y, drive) / self.cell.tau
        h = self.h / 2
        k1 = f(y)
        k2 = f(y + h / 2 * k1)
        k3 = f(y + h / 2 * k2)
        return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + f(y + h * k3))

    def _errors(self, y: Tensor) -> list[Tensor]:
        """∂ℓ_k/∂y (b, n) at the end of every step, by way of readout and rate only."""
        with torch.enable_grad():
            y = y.detach().requires_grad_()
            said = self.network.readout(torch.sigmoid(y - self.cell.b))
            if self.batch.mask is not None:
                said = torch.where(self.batch.mask.unsqueeze(2), said, torch.zeros_like(said))
            got, = torch.autograd.grad(self.loss(said, self.batch), [y], allow_unused=True)
        return list((torch.zeros_like(y) if got is None else got).detach().unbind(1))

    def _backward(self, p: Tensor, late: Tensor, middle: Tensor, early: Tensor, x: Tensor, drive: Tensor,
                  there: Tensor) -> Tensor:
        """One fine step of p and of the integrals, from ``late`` back to ``early``."""
        h = self.h
        k1 = self._adjoint(p, late, there)
        k2 = self._adjoint(p + h / 2 * k1, middle, there)
        k3 = self._adjoint(p + h / 2 * k2, middle, there)
        k4 = self._adjoint(p + h * k3, early, there)
        stages = [(p, late, 1), (p + h / 2 * k1, middle, 2), (p + h / 2 * k2, middle, 2), (p + h * k3, early, 1)]
        for at, y, weight in stages:
            self._add(at * there, y, x, drive, h / 6 * weight)
        return p + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    def _adjoint(self, p: Tensor, y: Tensor, there: Tensor) -> Tensor:
        """Jᵀ p."""
        rate = torch.sigmoid(y - self.cell.b)
        q = there * p / self.cell.tau
        return q @ self.cell.R * rate * (1 - rate) - q

    def _add(self, p: Tensor, y: Tensor, x: Tensor, drive: Tensor, dt: float) -> None:
        """The integrands at one moment, times dt."""
        rate = torch.sigmoid(y - self.cell.b)
        q = p / self.cell.tau * dt
        self.sums["R"] += q.T @ rate
        self.sums["W"] += q.T @ x
        self.sums["b"] -= (q @ self.cell.R * rate * (1 - rate)).sum(0)
        if "c" in self.sums:
            self.sums["c"] -= (q * self.cell.slope(y, drive)).sum(0)
