"""A11, the continuous-time network: its two solvers, its discrete limit, and when one neuron can rest in two places."""
from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, near, quick, same

UNITS, INPUTS = 4, 2
SEEDS, UPDATES = (0, 1, 2), 500


@quick
def equals_its_equations() -> Iterator[Finding]:
    """Both solvers, written out here, give the potentials and rates of every step."""
    for solver, substeps in (("euler", 1), ("euler", 3), ("rk4", 1), ("rk4", 2)):
        cell = _random(solver=solver, substeps=substeps, time_step=0.7)
        x = torch.randn(3, 9, INPUTS, dtype=torch.float64)
        y, by_hand = torch.zeros(3, UNITS, dtype=torch.float64), []
        for now in x.unbind(1):
            for _ in range(substeps):
                y = _solved(solver, y, 0.7 / substeps, partial(_slope, cell, now))
            by_hand.append(y)
        trace = rc.unroll(cell, x)
        yield same(f"{solver}, {substeps} to a step: potentials", trace.states.y, torch.stack(by_hand, 1), 1e-12)
        yield same(f"{solver}, {substeps} to a step: rates", trace.outputs,
                   1 / (1 + torch.exp(cell.b - torch.stack(by_hand, 1))), 1e-12)


@quick
def is_a_discrete_net_when_the_step_is_tau() -> Iterator[Finding]:
    """Euler's method with Δt = τ gives y_t = R σ(y_{t−1} − Θ) + W x_t, in which nothing leaks."""
    for tau in (1.0, 0.5, 4.0):
        cell = _random(solver="euler", time_step=tau, tau_low=tau, tau_high=tau, learn_tau=False)
        x = torch.randn(3, 9, INPUTS, dtype=torch.float64)
        y, by_hand = torch.zeros(3, UNITS, dtype=torch.float64), []
        for t in range(x.shape[1]):
            y = torch.sigmoid(y - cell.b) @ cell.R.T + x[:, t] @ cell.W.T
            by_hand.append(y)
        yield same(f"Δt = τ = {tau:g}: potentials", rc.unroll(cell, x).states.y, torch.stack(by_hand, 1), 1e-12)


@quick
def two_resting_states_need_more_than_four() -> Iterator[Finding]:
    """One neuron that excites itself: resting states counted by a root finder, for every threshold and weight."""
    for weight in (-8.0, 2.0, 3.9, 4.0, 4.1, 5.0, 8.0):
        most = max(len(_rests(weight, theta)) for theta in torch.linspace(weight / 2 - 1, weight / 2 + 1, 41).tolist())
        yield equal(f"w = {weight:g}: most resting states for any threshold", 3 if weight > 4 else 1, most)
    for weight in (3.9, 4.1, 6.0):
        cell = rc.make_cell("ctrnn", 1, hidden_size=1).double()
        rests = _rests(weight, weight / 2)
        with torch.no_grad():
            cell.W.zero_()
            cell.R.fill_(weight)
            cell.b.fill_(weight / 2)
            ends = torch.linspace(-2, weight + 2, 9, dtype=torch.float64).unsqueeze(1)
            final = rc.unroll(cell, torch.zeros(9, 4000, 1).double(), type(cell.initial_state(9))(ends)).final.y[:, 0]
        expected = [rests[0] if e < weight / 2 - 1e-9 else rests[-1] if e > weight / 2 + 1e-9 else weight / 2
                    for e in ends[:, 0].tolist()]
        yield same(f"w = {weight:g}: nine starts come to rest at the outermost roots, or on the middle one", final,
                   torch.tensor(expected).double(), 1e-6)


@quick
def counts() -> Iterator[Finding]:
    """The number of parameters is H(I + H + 2), or H(I + H + 1) where the time constants are given."""
    for learnt, each in ((True, 2), (False, 1)):
        cell = rc.make_cell("ctrnn", 10, hidden_size=20, learn_tau=learnt)
        yield equal(f"parameters at I = 10, H = 20, time constants {'learnt' if learnt else 'given'}",
                    20 * (10 + 20 + each), sum(p.numel() for p in cell.parameters()))


@quick
def decays_by_its_time_constant() -> Iterator[Finding]:
    """Left alone, a potential falls by 1 − Δt/τ a step under Euler and by nearly e^{−Δt/τ} under Runge and Kutta."""
    for solver, tau in (("euler", 5.0), ("euler", 50.0), ("rk4", 5.0), ("rk4", 2.0)):
        cell = rc.make_cell("ctrnn", 1, hidden_size=1, solver=solver, tau_low=tau, tau_high=tau).double()
        with torch.no_grad():
            cell.R.zero_()
            start = type(cell.initial_state(1))(torch.ones(1, 1, dtype=torch.float64))
            kept = float(rc.unroll(cell, torch.zeros(1, 1, 1).double(), start).final.y)
        exact, within = (1 - 1 / tau, 1e-7) if solver == "euler" else (math.exp(-1 / tau), (1 / tau)**5 / 100)
        yield near(f"{solver}, τ = {tau:g}: what is left after a step", exact, kept, within)


@long
def draws_a_figure_of_eight() -> Iterator[Finding]:
    """Twelve neurons, shown once where to start, draw the crossing curve by themselves; three seeds."""
    left, unshown, task = [], [], None
    for seed in SEEDS:
        spec = rc.Experiment.of("ctrnn", "figure_eight", length=45, hidden_size=12, tau_low=1.0, tau_high=5.0,
                                learning_rate=0.02, updates=UPDATES, batch_size=16, seed=seed)
        run = rc.train(spec, quiet=True)
        task = run.task
        batch = task.sample(500, torch.Generator().manual_seed(100 + seed))
        left.append(task.metric(run.network(batch.x).detach(), batch))
        unshown.append(task.metric(run.network(torch.zeros_like(batch.x)).detach(), batch))
    yield near("staying in the middle", 0.5, task.baseline().value, 1e-6)
    yield below(f"{UPDATES} updates: squared error, best of three seeds", 0.005, min(left))
    yield below(f"{UPDATES} updates: squared error, median of three seeds", 0.01, statistics.median(left))
    yield above("the same nets, not shown where to start: squared error, best of three seeds", 0.45, min(unshown))


def _random(**settings: float | str | bool) -> torch.nn.Module:
    """A cell in float64 with all weights random, time constants included."""
    cell = rc.make_cell("ctrnn", INPUTS, hidden_size=UNITS, **settings).double()
    with torch.no_grad():
        for p in cell.parameters():
            p.normal_()
    return cell.requires_grad_(False)


def _slope(cell: torch.nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """dy/dt, unit by unit."""
    tau = [float(base) * math.exp(float(c)) for base, c in zip(cell.tau_0, cell.c, strict=True)]
    rate = 1 / (1 + torch.exp(cell.b - y))
    return torch.stack([(-y[:, i] + sum(cell.R[i, j] * rate[:, j] for j in range(UNITS)) + x @ cell.W[i]) / tau[i]
                        for i in range(UNITS)], 1)


def _solved(solver: str, y: Tensor, h: float, f: Callable[[Tensor], Tensor]) -> Tensor:
    """One step of length h."""
    if solver == "euler":
        return y + h * f(y)
    first = f(y)
    second = f(y + h * first / 2)
    third = f(y + h * second / 2)
    return y + h / 6 * (first + 2 * second + 2 * third + f(y + h * third))


def _rests(weight: float, theta: float) -> list[float]:
    """The roots of −y + w σ(y − Θ), lowest first: changes of sign on a fine grid, then bisection."""
    def net(y: float) -> float:
        return -y + weight / (1 + math.exp(theta - y))

    low, high = min(weight, 0.0) - 1.0, max(weight, 0.0) + 1.0003
    grid = [low + (high - low) * k / 1501 for k in range(1502)]
    roots = []
    for a, b in zip(grid, grid[1:], strict=False):
        if net(a) * net(b) < 0:
            for _ in range(60):
                middle = (a + b) / 2
                a, b = (middle, b) if net(a) * net(middle) > 0 else (a, middle)
            roots.append((a + b) / 2)
    return roots
