"""D10, memory capacity: a shift register holds exactly N, a turning reservoir N in all, and bent units less."""
from __future__ import annotations

from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, below, equal, near, quick, same

SEEDS = (0, 1, 2)


@quick
def shift_register_holds_exactly_n() -> Iterator[Finding]:
    """Units that hand on what they hear: MC_k is 1 for the N latest inputs and 0 from then on."""
    for n in (3, 8):
        result = rc.memory_capacity(_register(n), lags=12, steps=100, sequences=64)
        yield same(f"N = {n}: shares of the latest N", result.shares[:n], torch.ones(n).double(), 1e-6)
        yield below(f"N = {n}: largest share beyond them", 0.02, float(result.shares[n:].max()))
        yield near(f"N = {n}: capacity", n, float(result.shares[:n].sum()), 1e-5)


@quick
def linear_holds_n_and_tanh_less() -> Iterator[Finding]:
    """A linear reservoir of N turning units holds N, to what sampling allows; driven hard, tanh units hold less."""
    for seed in SEEDS:
        line, bent = (rc.memory_capacity(_turning(10, kind, seed), lags=80, steps=200, sequences=64)
                      for kind in ("linear", "tanh"))
        yield near(f"seed {seed}: linear, N = 10", 10, line.total, 0.4)
        yield below(f"seed {seed}: tanh beside linear", 0.8, bent.total / line.total)


@quick
def theory_beside_what_is_simulated() -> Iterator[Finding]:
    """v_kᵀ Γ⁻¹ v_k by a decomposition of all v_k, beside Γ written out here, and beside readouts that were fitted."""
    for seed in SEEDS:
        run = _turning(10, "linear", seed)
        result = rc.memory_capacity(run, lags=60, steps=200, sequences=128)
        cell = run.network.cells[0].double()
        v = torch.stack([torch.linalg.matrix_power(cell.W, k) @ cell.W_in[:, 1] for k in range(400)])
        gamma = v.T @ v
        by_hand = (v * torch.linalg.solve(gamma, v.T).T).sum(1)
        yield same(f"seed {seed}: theory of each lag", result.theory, by_hand[:61], 1e-6)
        yield near(f"seed {seed}: theory of all lags", 10, float(by_hand.sum()), 1e-6)
        yield near(f"seed {seed}: theory of all lags, by the decomposition", 10, result.whole, 1e-6)
        yield same(f"seed {seed}: simulated shares", result.shares, result.theory, 0.05)
    for n, leak in ((100, 1.0), (200, 0.3)):
        large = rc.Run(rc.Experiment.of("echo_state", "narma", hidden_size=n, leak=leak, activation="linear"))
        result = rc.memory_capacity(large, lags=150, steps=300, sequences=128)
        yield near(f"N = {n}, leak {leak:g}, where rounding hides some: sum of shares beside theory",
                   float(result.theory.sum()), float(result.shares.sum()), 1.5)
    register = rc.memory_capacity(_register(8), lags=12, steps=100, sequences=64)
    yield same("shift register, N = 8: theory", register.theory, (torch.arange(13) < 8).double(), 1e-12)
    bent = rc.memory_capacity(_turning(10, "tanh", 0), lags=12)
    yield equal("tanh: lags with a theory", 0, len(bent.theory))


@quick
def what_is_not_held_scores_below_nothing() -> Iterator[Finding]:
    """A lag beyond a register's last: on fresh steps a readout of n numbers from m loses n/(m−n−1)."""
    for seed in SEEDS:
        result = rc.memory_capacity(_register(40), lags=160, steps=200, sequences=40, seed=seed)
        yield near(f"seed {seed}: mean share of 121 lags that are not held, m = {result.fitted}", result.bias,
                   float(result.shares[40:].mean()), 0.2 * abs(result.bias))


def _net(n: int, kind: str, W: torch.Tensor, W_in: torch.Tensor, seed: int = 0) -> rc.Run:
    """A run, not trained, whose reservoir has these weights."""
    run = rc.Run(rc.Experiment.of("echo_state", "narma", hidden_size=n, leak=1.0, activation=kind, seed=seed))
    run.network.requires_grad_(False)
    cell = run.network.cells[0]
    cell.W.copy_(W)
    cell.W_in.copy_(torch.cat([torch.zeros(n, 1), W_in.reshape(n, 1)], 1))
    return run


def _register(n: int) -> rc.Run:
    """x_1 hears the input, x_{j+1} hears x_j."""
    return _net(n, "linear", torch.diag(torch.ones(n - 1), -1), torch.eye(n)[0])


def _turning(n: int, kind: str, seed: int) -> rc.Run:
    """A random rotation that shrinks a little at each step, driven hard."""
    stream = torch.Generator().manual_seed(seed)
    W = 0.8 * torch.linalg.qr(torch.randn(n, n, generator=stream)).Q
    return _net(n, kind, W, 2 * torch.randn(n, generator=stream), seed)
