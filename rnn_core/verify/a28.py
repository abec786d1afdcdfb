"""A28, the memristive network: Kirchhoff's laws solved apart, an exponential without a source, a pinched loop."""
from __future__ import annotations

import cmath
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, near, quick, same


@quick
def kirchhoff() -> Iterator[Finding]:
    """Random circuits: the currents of a nodal analysis, and both of Kirchhoff's laws in the currents themselves."""
    worst, nodes_gap, loops_gap, largest = 0.0, 0.0, 0.0, 0.0
    for seed, n in enumerate((2, 5, 9, 20, 40)):
        cell = _circuit(n, seed=seed, xi=10.0)
        stream = torch.Generator().manual_seed(seed)
        S, w = (torch.rand(4, n, generator=stream, dtype=torch.float64) for _ in range(2))
        _, _, seen = cell.step(S, type(cell.initial_state(1))(w))
        for row in range(4):
            expected, potential = _nodal(cell.D, S[row], 1 + 10.0 * w[row])
            worst = max(worst, float((seen["i"][row] - expected).abs().max()))
            nodes_gap = max(nodes_gap, float((cell.D @ seen["i"][row]).abs().max()))
            loops_gap = max(loops_gap, float((seen["v"][row] - S[row] + cell.D.T @ potential).abs().max()))
        largest = max(largest, float(seen["i"].abs().max()))
    yield below("largest difference of a current from the nodal analysis", 1e-12, worst)
    yield below("first law: largest sum of currents at a node", 1e-12, nodes_gap)
    yield below("second law: voltages are differences of potentials plus the sources", 1e-12, loops_gap)
    yield above("largest current", 0.1, largest)


@quick
def projector() -> Iterator[Finding]:
    """Ω from the incidence matrix equals Aᵀ(AAᵀ)⁻¹A for loops found along a spanning tree; its rank counts them."""
    cell = _circuit(14, seed=3)
    A = _loops(cell.D)
    yield same("Ω", cell.Omega, A.T @ torch.linalg.inv(A @ A.T) @ A, 1e-12)
    yield same("Ω² = Ω", cell.Omega @ cell.Omega, cell.Omega, 1e-12)
    yield near("loops: branches − nodes + 1, the trace of Ω", 14 - len(cell.D) + 1, float(cell.Omega.trace()), 1e-9)


@quick
def without_a_source() -> Iterator[Finding]:
    """S = 0: w = w₀ e^{αt} until it reaches 1, and stays there."""
    for time_step, substeps in ((0.1, 1), (1.0, 3)):
        cell = _circuit(5, seed=0, alpha=0.2, start=0.3, time_step=time_step, substeps=substeps)
        steps = round(12 / time_step)
        w = rc.unroll(cell, torch.zeros(1, steps, 5).double()).states.w[0]
        t = time_step * torch.arange(1, steps + 1).double().unsqueeze(1)
        law = (0.3 * torch.exp(0.2 * t)).clamp(max=1).expand(-1, 5)
        yield same(f"w over 12 units of time, Δt = {time_step:g}", w, law, 1e-12)
        yield equal(f"memories at their bound in the end, Δt = {time_step:g}", 5, int((w[-1] == 1).sum()))


@quick
def solver() -> Iterator[Finding]:
    """Second order: half the step, a quarter of the error, beside Runge & Kutta 4 in tiny steps with nodal currents."""
    S = torch.linspace(-0.2, 0.3, 6).double()
    truth, D = None, None
    errors = []
    for substeps in (2, 4, 8):
        cell = _circuit(6, seed=2, alpha=0.3, time_step=1.0, substeps=substeps)
        if truth is None:
            D, truth = cell.D, _runge_kutta(cell.D, S, 0.3, 10.0, 0.5)
        w = cell.step(S.unsqueeze(0), cell.initial_state(1))[1].w[0]
        errors.append(float((w - truth).abs().max()))
    yield below("error after Δt = 1 in 8 steps", 1e-3, errors[2])
    yield near("order: log₂ of the errors in 4 and 8 steps", 2.0, math.log2(errors[1] / errors[2]), 0.3)
    yield above("largest current at rest in that circuit", 0.01, float(_nodal(D, S, 6 + 0 * S)[0].abs().max()))


@quick
def pinched() -> Iterator[Finding]:
    """One memristor under a sine: current and voltage vanish together, the loop is open, and it closes when fast."""
    areas = []
    for period in (100, 10):
        cell = _circuit(1, seed=0, alpha=0.0, beta=0.32, xi=10.0, start=0.95, time_step=0.05)
        t = torch.arange(20 * period).double() * 0.05
        S = torch.sin(2 * math.pi * t / (period * 0.05))
        seen = rc.unroll(cell, S.view(1, -1, 1)).probes
        i, v, w = (seen[name][0, :, 0] for name in "ivw")
        if period == 100:
            yield same("the voltage is the source's", v, S, 1e-12)
            zero = v.abs() < 1e-9
            yield above("passages through zero volts", 35, int(zero.sum()))
            yield below("largest current there", 1e-9, float(i[zero].abs().max()))
            one = slice(-period, None)
            near_half = (v[one] - math.sin(2 * math.pi * 0.125)).abs().argsort()[:2]
            yield above("two currents at one voltage differ by", 0.02, float(i[one][near_half].diff().abs()))
            yield same("a memory of one branch in closed form", (1 + 10 * w)**2, _charge(S, 0.95, 0.32, 0.05), 0.05)
        lobe = slice(-period, -period // 2)
        areas.append(abs(float(torch.trapezoid(torch.cat([i[lobe], i[lobe][:1]]), torch.cat([v[lobe], v[lobe][:1]])))))
    yield above("area of a lobe at a period of 5", 0.02, areas[0])
    yield below("area at a tenth of the period, beside it", 0.3, areas[1] / areas[0])


@quick
def a_capacitor_is_not_pinched() -> Iterator[Finding]:
    """The same branch with a resistor and a capacitor: an ellipse around the origin, as complex numbers have it."""
    period, constant = 50, 0.8
    for n in (1, 7):
        cell = _circuit(n, seed=1, alpha=0.0, beta=0.3, start=0.9)
        t = torch.arange(8 * period).double()
        S = torch.outer(torch.sin(2 * math.pi * t / period), torch.linspace(1, 2, n).double())
        found = rc.hysteresis(rc.unroll(cell, S.unsqueeze(0)), constant=constant)
        ours, plain = found.at_zero
        name = f"{n} branch{'es' if n > 1 else ''}"
        yield below(f"{name}: share of its largest current in the memristor at zero volts", 0.01, ours)
        yield above(f"{name}: share in the capacitor's branch", 0.3, plain)
        keep, turn = math.exp(-0.1 / constant), cmath.exp(2j * math.pi / period)
        answer = (1 - (1 - keep) / (turn - keep)) / (1 + 10 * 0.9)
        rounds = torch.tensor([(answer * turn**k).imag for k in range(period)]).double()
        size = float((cell.Omega @ torch.linspace(1, 2, n).double())[0])
        yield same(f"{name}: its current in the last round", found.plain_current[-period:], size * rounds, 1e-6)


def _circuit(n: int, **settings: Any) -> Any:
    """A random circuit with an input for each branch, its projector in double precision."""
    cell = rc.make_cell("memristive", n, hidden_size=n, **settings)
    D = cell.D.double()
    cell = cell.double()
    cell.wire(D)
    with torch.no_grad():
        cell.W.copy_(torch.eye(n))
    return cell.requires_grad_(False)


def _nodal(D: Tensor, S: Tensor, resistance: Tensor) -> tuple[Tensor, Tensor]:
    """Currents (n,) and potentials (nodes,) from what flows into each node, the first node being at 0 volts."""
    G = D[1:] / resistance
    p = torch.cat([S.new_zeros(1), torch.linalg.solve(G @ D[1:].T, G @ S)])
    return (S - D.T @ p) / resistance, p


def _loops(D: Tensor) -> Tensor:
    """A (loops, n): every branch outside a spanning tree closes one loop through it."""
    ends = [(int((c == -1).nonzero()), int((c == 1).nonzero())) for c in D.T]
    to_root, tree = {0: torch.zeros(len(ends)).double()}, set()
    while len(to_root) < len(D):
        for e, (a, b) in enumerate(ends):
            for known, new, sign in ((a, b, -1.0), (b, a, 1.0)):
                if known in to_root and new not in to_root:
                    to_root[new] = to_root[known].clone()
                    to_root[new][e] += sign
                    tree.add(e)
    rows = []
    for e, (a, b) in enumerate(ends):
        if e not in tree:
            row = to_root[b] - to_root[a]
            row[e] += 1
            rows.append(row)
    return torch.stack(rows)


def _runge_kutta(D: Tensor, S: Tensor, alpha: float, xi: float, start: float) -> Tensor:
    """w after one unit of time at β = 1, in 400 steps."""
    def slope(w: Tensor) -> Tensor:
        return alpha * w - _nodal(D, S, 1 + xi * w)[0]
    w, h = torch.full_like(S, start), 1 / 400
    for _ in range(400):
        k1 = slope(w)
        k2 = slope(w + h / 2 * k1)
        k3 = slope(w + h / 2 * k2)
        w = w + h / 6 * (k1 + 2 * k2 + 2 * k3 + slope(w + h * k3))
    return w


def _charge(S: Tensor, start: float, beta: float, time_step: float) -> Tensor:
    """(1 + ξw)² = (1 + ξw₀)² − 2ξ/β ∫S dt of one memristor with ξ = 10 that forgets nothing, within its bounds."""
    return (1 + 10 * start)**2 - 2 * 10 / beta * time_step * S.cumsum(0)
