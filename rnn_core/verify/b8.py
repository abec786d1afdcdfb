"""B8, gradients in continuous time: the adjoint of the steps is autograd's, and tends to the adjoint equation."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, gradients, near, quick, same

NAMES = ("W", "R", "b", "c")


@quick
def adjoint_of_the_steps() -> Iterator[Finding]:
    """The discretised adjoint, written out for every stage of both solvers, is autograd's; random sizes."""
    draw = torch.Generator().manual_seed(0)
    for solver in ("euler", "rk4"):
        for substeps in (1, 3):
            network, batch, told = _case(draw, solver=solver, substeps=substeps)
            cell = network.cells[0]
            theirs = gradients(_loss(network.trace(batch.x, mask=batch.mask).outputs, batch),
                               [getattr(cell, k) for k in NAMES])
            ours, costates = _steps_back(network, batch)
            yield same(f"{solver}, {substeps} to a step{told}: gradients of {', '.join(NAMES)}", ours, theirs, 1e-11)
            yield same(f"{solver}, {substeps} to a step{told}: dL/dy of every step", costates,
                       rc.costates(network, batch, _loss).passes[0].y, 1e-12)


@quick
def order_of_the_gap() -> Iterator[Finding]:
    """The gap falls as O(Δt) with Euler's steps and as O(Δt⁴) with Runge and Kutta's: measured with 4, 8, 16 steps."""
    draw = torch.Generator().manual_seed(1)
    for k in range(3):
        network, batch, told = _case(draw, time_step=0.5)
        found = rc.adjoint_ode(network, batch, _loss, (4, 8, 16))
        yield near(f"network {k + 1}{told}: order of Euler's gap", 1.0, float(found.orders("euler")[-1]), 0.05)
        yield near(f"network {k + 1}{told}: order of Runge and Kutta's gap", 4.0, float(found.orders("rk4")[0]), 0.25)
        yield above(f"network {k + 1}{told}: Euler's first gap over its last, with 4 times the steps", 3.5,
                    float(found.gaps["euler"][0] / found.gaps["euler"][-1]))


@quick
def adjoint_equation_by_finite_differences() -> Iterator[Finding]:
    """The adjoint equation's gradients beside central differences of the loss of the same network solved finely."""
    draw = torch.Generator().manual_seed(2)
    for _ in range(2):
        network, batch, told = _case(draw, time_step=0.5)
        found = rc.adjoint_ode(network, batch, _loss, (1, 2))
        fine = _finer(network, 16)
        for name in NAMES:
            p, rough = getattr(fine.cells[0], name), torch.zeros_like(getattr(fine.cells[0], name))
            with torch.no_grad():
                for k in range(p.numel()):
                    value, ends = float(p.view(-1)[k]), []
                    for push in (1e-5, -1e-5):
                        p.view(-1)[k] = value + push
                        ends.append(float(_loss(fine.trace(batch.x, mask=batch.mask).outputs, batch)))
                    p.view(-1)[k] = value
                    rough.view(-1)[k] = (ends[0] - ends[1]) / 2e-5
            scale = float(rough.abs().max().clamp(min=1.0))
            yield same(f"{told.removeprefix(', ')}: {name}", found.gradients[name] / scale, rough / scale, 1e-6)


@quick
def closed_form() -> Iterator[Finding]:
    """Neurons that hear nobody, L = y(T): p(t) = e^{−(T − t)/τ}, and dL/dW = x τ (1 − e^{−T/τ})/τ."""
    network = rc.Experiment.of("ctrnn", "adding", hidden_size=3, time_step=0.5).make_network().double()
    cell = network.cells[0]
    with torch.no_grad():
        cell.R.zero_()
        cell.b.zero_()
    x = torch.ones(1, 10, 2, dtype=torch.float64)
    y = cell.initial_state(1).y
    for _ in range(10):
        y = y + (1 - torch.exp(-0.5 / cell.tau)) * (x[:, 0] @ cell.W.T - y)
    slope = (torch.sigmoid(y) * (1 - torch.sigmoid(y))).detach()
    batch = rc.Batch(x, torch.zeros(1, 10, 1, dtype=torch.float64))
    found = rc.adjoint_ode(network, batch, lambda out, one: out[:, -1].sum(), (1, 2))
    error = (network.readout.V * slope).detach()
    left = 0.5 * torch.arange(10, 0, -1, dtype=torch.float64).unsqueeze(1)
    yield same("p as each step begins", found.p[0], (error * torch.exp(-left / cell.tau)).detach(), 1e-9)
    yield same("dL/dW", found.gradients["W"], (error * (1 - torch.exp(-5 / cell.tau))).detach().T.expand(3, 2), 1e-9)


def _case(draw: torch.Generator, **settings: Any) -> tuple[Any, rc.Batch, str]:
    """A continuous-time network in double precision and ragged sequences of random sizes, with dense targets."""
    b, t, n = (int(torch.randint(low, high, (1,), generator=draw)) for low, high in ((1, 4), (2, 8), (2, 6)))
    seed = int(torch.randint(99, (1,), generator=draw))
    spec = rc.Experiment.of("ctrnn", "adding", hidden_size=n, seed=seed, **settings)
    network = spec.make_network().double()
    with torch.no_grad():
        for p in network.parameters():
            p.add_(0.2 * torch.randn(p.shape, generator=draw).to(p))
    mask = torch.arange(t) < torch.randint(1, t + 1, (b,), generator=draw).unsqueeze(1)
    x, target = (torch.randn(b, t, size, generator=draw).double() for size in (2, 1))
    return network, rc.Batch(x, target, mask), f", b = {b}, T = {t}, n = {n}, ragged"


def _finer(network: Any, substeps: int) -> Any:
    """The same weights, solved by Runge and Kutta's method in more steps."""
    spec = rc.Experiment.of("ctrnn", "adding", hidden_size=network.cells[0].settings.hidden_size, solver="rk4",
                            time_step=network.cells[0].settings.time_step, substeps=substeps)
    other = spec.make_network().double()
    other.load_state_dict(network.state_dict())
    return other


def _loss(y: Tensor, batch: rc.Batch) -> Tensor:
    """½ Σ (y − target)² over the steps that are there."""
    return (((y - batch.target) ** 2).sum(2) * batch.mask).sum() / 2


@torch.no_grad()
def _steps_back(network: Any, batch: rc.Batch) -> tuple[list[Tensor], Tensor]:
    """Gradients of W, R, Θ, c and dL/dy (b, t, n) as each step begins: every stage k = f(z) turned round by hand.

    f(z) = (−z + R σ(z − Θ) + W x)/τ, and q = k̄/τ is owed W: q xᵀ, R: q σᵀ, Θ: −σ' Rᵀ q, c: −q (τ k), z: Rᵀ q σ' − q.
    """
    cell, readout = network.cells[0], network.readout
    dt = cell.settings.time_step / cell.settings.substeps
    y, road = torch.zeros(len(batch.x), cell.settings.hidden_size).double(), []

    def stage(z: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        s = torch.sigmoid(z - cell.b)
        return (x @ cell.W.T + s @ cell.R.T - z) / cell.tau, s, x

    for t in range(batch.x.shape[1]):
        there, start, taken = batch.mask[:, t:t + 1], y, []
        for _ in range(cell.settings.substeps):
            if cell.settings.solver == "euler":
                taken.append([stage(y, batch.x[:, t])])
                y = y + dt * taken[-1][0][0]
            else:
                ks = [stage(y, batch.x[:, t])]
                for share in (0.5, 0.5, 1.0):
                    ks.append(stage(y + share * dt * ks[-1][0], batch.x[:, t]))
                taken.append(ks)
                y = y + dt / 6 * (ks[0][0] + 2 * ks[1][0] + 2 * ks[2][0] + ks[3][0])
        o = torch.sigmoid(y - cell.b)
        y = torch.where(there, y, start)
        road.append((taken, o, (o @ readout.V.T + readout.d - batch.target[:, t]) * there, there))
    sums = [torch.zeros_like(getattr(cell, k)) for k in NAMES]

    def turn(owed: Tensor, one: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        k, s, x = one
        q = owed / cell.tau
        back = q @ cell.R * s * (1 - s)
        for total, part in zip(sums, (q.T @ x, q.T @ s, -back.sum(0), -(owed * k).sum(0)), strict=True):
            total += part
        return back - q

    later, found = torch.zeros_like(y), []
    for taken, o, epsilon, there in reversed(road):
        said = epsilon @ readout.V * o * (1 - o)
        sums[2] -= said.sum(0)
        p = later * there + said
        for ks in reversed(taken):
            if len(ks) == 1:
                p = p + turn(dt * p, ks[0])
            else:
                whole, owed = p, torch.zeros_like(p)
                for one, weight, share in zip(reversed(ks), (1, 2, 2, 1), (1.0, 0.5, 0.5, 0.0), strict=True):
                    z = turn(dt / 6 * weight * whole + owed, one)
                    p, owed = p + z, share * dt * z
        later = torch.where(there, p, later)
        found.insert(0, later)
    return sums, torch.stack(found, 1)
