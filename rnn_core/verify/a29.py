"""A29, the echo state network: its equations, starts that forget each other, and Mackey and Glass's curve by itself."""
from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, near, quick, same

SEEDS = (0, 1, 2)
UNITS, LEARNT, FREE = 1000, 4000, 500


@quick
def equals_its_equations() -> Iterator[Finding]:
    """Every state and answer, written out here, with the answer going back and without."""
    for activation, feedback in (("tanh", 0.0), ("tanh", 0.7), ("linear", 0.2)):
        cell = rc.make_cell("echo_state", 2, output_size=3, hidden_size=12, leak=0.4, feedback=feedback,
                            activation=activation).double()
        u = torch.randn(4, 15, 2, dtype=torch.float64)
        x, y, states, said = torch.zeros(4, 12).double(), torch.zeros(4, 3).double(), [], []
        for now in u.unbind(1):
            a = torch.cat([torch.ones(4, 1).double(), now], 1) @ cell.W_in.T + x @ cell.W.T + y @ cell.W_fb.T
            x = 0.6 * x + 0.4 * (torch.tanh(a) if activation == "tanh" else a)
            y = torch.cat([now, x], 1) @ cell.V.T + cell.d
            states.append(x)
            said.append(y)
        trace = rc.unroll(cell, u)
        yield same(f"{activation}, feedback {feedback:g}: states", trace.states.h, torch.stack(states, 1), 1e-12)
        yield same(f"{activation}, feedback {feedback:g}: answers", trace.outputs, torch.stack(said, 1), 1e-12)


@quick
def spectral_radius_and_count() -> Iterator[Finding]:
    """The largest eigenvalue has the size that was asked for, and O (1 + I + N) numbers are learnt."""
    for radius in (0.5, 0.9, 1.25):
        cell = rc.make_cell("echo_state", 2, output_size=3, hidden_size=80, spectral_radius=radius)
        yield near(f"ρ = {radius:g}", radius, float(torch.linalg.eigvals(cell.W.double()).abs().max()), 1e-5)
    yield equal("numbers that are learnt at I = 2, N = 80, O = 3", 3 * (1 + 2 + 80),
                sum(p.numel() for p in cell.parameters()))


@quick
def linear_capacity_is_the_number_of_units() -> Iterator[Finding]:
    """Σ_k v_kᵀ Γ⁻¹ v_k, v_k what the cell holds k steps after an impulse and Γ = Σ_k v_k v_kᵀ; W turns and shrinks."""
    for n in (2, 10, 50):
        for seed in SEEDS:
            cell = rc.make_cell("echo_state", 1, hidden_size=n, leak=1.0, activation="linear", seed=seed).double()
            cell.requires_grad_(False).W.copy_(0.95 * torch.linalg.qr(torch.randn(n, n, dtype=torch.float64)).Q)
            cell.W_in[:, 0] = 0
            impulse = torch.zeros(1, 400, 1, dtype=torch.float64)
            impulse[0, 0] = 1
            v = rc.unroll(cell, impulse).states.h[0]
            yield near(f"N = {n}, seed {seed}: capacity of all lags", n,
                       float((v * torch.linalg.solve(v.T @ v, v.T).T).sum()), 0.005)


@quick
def linear_starts_come_together_at_the_spectral_radius() -> Iterator[Finding]:
    """For W = ρ times a rotation every step shrinks by ρ; for any other W in the end by ρ((1−a)I + aW)."""
    for radius in (0.5, 0.9):
        cell = rc.make_cell("echo_state", 1, hidden_size=20, leak=1.0, activation="linear").double()
        cell.requires_grad_(False).W.copy_(radius * torch.linalg.qr(torch.randn(20, 20, dtype=torch.float64)).Q)
        cell.V.zero_()
        found = rc.echo_state_property(rc.unroll(cell, _noise(2, 30)))
        gone = found.distances[..., :16] / found.distances[..., :1]
        yield same(f"a turning W, ρ = {radius:g}: what is left after k steps is ρᵏ", gone,
                   (radius ** torch.arange(16).double()).expand_as(gone), 1e-9)
    for leak in (1.0, 0.3):
        for seed in SEEDS:
            cell = _linear(leak, seed)
            M = (1 - leak) * torch.eye(40).double() + leak * cell.W
            pace = math.log(float(torch.linalg.eigvals(M).abs().max()))
            found = rc.echo_state_property(rc.unroll(cell, _noise(1, 1500)))
            yield near(f"leak {leak:g}, seed {seed}: exponent beside ln of the largest eigenvalue", pace,
                       float(found.growth.mean()), 0.005)
            yield near(f"leak {leak:g}, seed {seed}: the rate of far starts beside the exponent of near ones",
                       float(found.exponents.median()), float(found.rates.median()), 0.01)


@quick
def small_singular_values_prove_forgetting() -> Iterator[Finding]:
    """σ_max(W) = .95 and no leak: no step of any start shrinks the distance by less; the exponent by a third road."""
    for seed in SEEDS:
        cell = rc.make_cell("echo_state", 1, hidden_size=40, leak=1.0, seed=seed).double().requires_grad_(False)
        cell.W.mul_(0.95 / torch.linalg.matrix_norm(cell.W, 2))
        cell.V.zero_()
        trace = rc.unroll(cell, _noise(1, 200))
        found = rc.echo_state_property(trace, spread=1.0)
        steps = found.distances[..., 1:] / found.distances[..., :-1]
        yield below(f"seed {seed}: largest d_t / d_(t−1) above rounding", 0.95 + 1e-6,
                    float(steps[found.distances[..., 1:] > 1e-6].max()))
    for seed in SEEDS:
        trace = rc.unroll(_bent(1.25, 0.3, seed), _noise(1, 2000))
        exact = float(rc.lyapunov_spectrum(trace, exponents=1).exponents[0, 0])
        yield near(f"ρ = 1.25, seed {seed}: the shadow's exponent beside the Jacobians'", exact,
                   float(rc.echo_state_property(trace).growth.mean()), 0.003)


@quick
def the_input_decides_above_one() -> Iterator[Finding]:
    """ρ = 2: with no input or a weak one starts stay apart and λ > 0; under a strong one they forget each other."""
    for seed in SEEDS:
        for name, scale, forgotten in (("no input", 0.0, False), ("a weak input", 0.1, False),
                                       ("a strong input", 4.0, True)):
            cell = _bent(2.0, 1.0, seed, input_scaling=scale)
            found = rc.echo_state_property(rc.unroll(cell, _noise(1, 1000)), spread=1.0)
            left = float(found.left.max())
            yield (below if forgotten else above)(f"seed {seed}, {name}: share of the distance left after 1,000 steps",
                                                  1e-6 if forgotten else 0.01, left)
            top = float(found.growth.mean())
            yield (below if forgotten else above)(f"seed {seed}, {name}: largest exponent", 0.0, top)


@long
def goes_on_with_mackey_and_glass() -> Iterator[Finding]:
    """1,000 units, a = .3, ρ = 1.25, ridge 10⁻⁸: 500 steps of the curve, hearing only themselves; three seeds."""
    task = rc.Experiment.of("elman", "mackey_glass").make_task()
    v = torch.cat([task.series.learnt, task.series.held]).double().view(1, -1, 1)
    truth = v[0, LEARNT + 1:LEARNT + 1 + FREE]
    stays = float((truth - v[0, LEARNT]).pow(2).mean())
    for seed in SEEDS:
        cell = rc.make_cell("echo_state", 1, output_size=1, hidden_size=UNITS, leak=0.3, spectral_radius=1.25,
                            seed=seed)
        cell = cell.double().requires_grad_(False)
        said = _free(cell, v[:, :LEARNT + 1])
        yield below(f"seed {seed}: squared error over {FREE} steps, in variances", 1e-3,
                    float((said - truth).pow(2).mean()))
    yield above("staying where it was, in variances", 0.3, stays)


def _noise(rows: int, steps: int) -> Tensor:
    """(b, t, 1) uniform in ±1."""
    return 2 * torch.rand(rows, steps, 1, generator=torch.Generator().manual_seed(7), dtype=torch.float64) - 1


def _linear(leak: float, seed: int) -> rc.Cell:
    return rc.make_cell("echo_state", 1, hidden_size=40, leak=leak, activation="linear", seed=seed).double()


def _bent(radius: float, leak: float, seed: int, **settings: float) -> rc.Cell:
    return rc.make_cell("echo_state", 1, hidden_size=40, spectral_radius=radius, leak=leak, seed=seed,
                        **settings).double()


def _free(cell: torch.nn.Module, v: Tensor) -> Tensor:
    """(FREE, 1) steps after v (1, t, 1), by a readout that is solved here from all but the first 200 steps."""
    trace = rc.unroll(cell, v[:, :-1])
    X = torch.cat([v[:, :-1], trace.states.h, torch.ones(1, v.shape[1] - 1, 1).double()], -1)[0, 200:]
    weights = torch.linalg.solve(X.T @ X + 1e-8 * torch.eye(X.shape[1]).double(), X.T @ v[0, 201:])
    cell.V.copy_(weights[:-1].T)
    cell.d.copy_(weights[-1])
    state, x, said = trace.final, v[:, -1], []
    for _ in range(FREE):
        x, state, _ = cell.step(x, state)
        said.append(x)
    return torch.cat(said)
