"""D2, vanishing and exploding: products of step Jacobians, their bound, and how fast an error signal fades."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, near, quick, same

B, T, UNITS = 3, 12, 6


@quick
def products() -> Iterator[Finding]:
    """‖∂s_T/∂s_t‖ is what one differentiation through all steps gives, and never above ∏ σ_max."""
    for architecture in ("elman", "lstm", "gru"):
        cell = rc.make_cell(architecture, 2, hidden_size=UNITS, gain=1.3).double()
        x = torch.randn(B, T, 2, dtype=torch.float64)
        found = rc.jacobian_products(rc.unroll(cell, x))
        yield same(f"{architecture}: norms, beside one autograd pass from every step to the last", found.norms,
                   _norms(cell, x), 1e-10)
        yield below(f"{architecture}: norm ÷ bound, largest", 1 + 1e-12, float((found.norms / found.bound).max()))


@quick
def spectral_radius_bounds_nothing() -> Iterator[Finding]:
    """R = [[.5, 5], [0, .5]] has eigenvalues of .5, and yet its powers first grow to 5.05, 5.01, 3.75."""
    R = torch.tensor([[0.5, 5.0], [0.0, 0.5]], dtype=torch.float64)
    found = rc.jacobian_products(rc.unroll(_linear(R), torch.zeros(1, 40, 1, dtype=torch.float64)))
    powers = found.norms[0].flip(0)
    yield near("spectral radius", 0.5, float(torch.linalg.eigvals(R).abs().max()), 1e-6)
    for k, expected in ((1, 5.05), (2, 5.01), (3, 3.75)):
        yield near(f"norm after {k} steps", expected, float(powers[k]), 0.005)
    by_hand = torch.stack([torch.linalg.svdvals(torch.linalg.matrix_power(R, k))[0] for k in range(41)])
    yield same("all 40 powers, by matrix powers computed here", powers, by_hand, 1e-10)
    yield below("norm after 40 steps", 1e-8, float(powers[40]))


@quick
def orthogonal_is_flat() -> Iterator[Finding]:
    """A linear network whose R is orthogonal neither forgets nor explodes; at gain g the norm is g^k."""
    for gain in (1.0, 0.8, 1.2):
        cell = rc.make_cell("elman", 1, hidden_size=UNITS, gain=gain, activation="linear").double()
        with torch.no_grad():
            cell.R.copy_(gain * torch.linalg.qr(torch.randn(UNITS, UNITS, dtype=torch.float64)).Q)
        found = rc.jacobian_products(rc.unroll(cell, torch.randn(B, T, 1, dtype=torch.float64)))
        expected = gain ** torch.arange(T, -1, -1, dtype=torch.float64)
        yield same(f"norms at gain {gain} are gain^k", found.norms, expected.expand(B, -1), 1e-12)
        yield near(f"growth a step at gain {gain}", gain, found.rate, 1e-12)


@quick
def vanishing() -> Iterator[Finding]:
    """‖∂h_T/∂h_t‖ ≤ (γ σ_max)^(T−t), with γ = 1 for tanh and ¼ for the logistic function."""
    for function, slope in (("tanh", 1.0), ("sigmoid", 0.25)):
        cell = rc.make_cell("elman", 2, hidden_size=UNITS, gain=0.9, activation=function).double()
        sigma = float(torch.linalg.svdvals(cell.R.detach())[0])
        found = rc.jacobian_products(rc.unroll(cell, torch.randn(B, T, 2, dtype=torch.float64)))
        limit = (slope * sigma) ** torch.arange(T, -1, -1, dtype=torch.float64)
        yield below(f"{function}: norm ÷ (γ σ_max)^k, largest", 1 + 1e-9, float((found.norms / limit).max()))
        yield below(f"{function}: growth a step", slope * sigma, found.rate)


@quick
def gain_and_length() -> Iterator[Finding]:
    """In the sweep over gains and lengths each point is that network alone; linear rotations keep exactly g^T."""
    gains, lengths = (0.5, 1.0, 1.5), (5, 20)
    spec = rc.Experiment.of("elman", "adding", hidden_size=UNITS, length=20, activation="linear")
    found = rc.phase_diagram(spec, gains, lengths)
    powers = torch.tensor(lengths, dtype=torch.float64).unsqueeze(1) * torch.tensor(gains, dtype=torch.float64).log10()
    yield same("linear rotations: log₁₀ norm is T log₁₀ g", found.logs, powers, 1e-5)
    for architecture in ("elman", "lstm", "gru"):
        spec = rc.Experiment.of(architecture, "adding", hidden_size=UNITS, length=20)
        found = rc.phase_diagram(spec, gains, lengths, rows=1)
        alone = torch.zeros_like(found.norms)
        for row, length in enumerate(lengths):
            for column, gain in enumerate(gains):
                network = spec.with_(gain=gain, seed=int(found.seeds[row, column])).make_network().double()
                x = rc.Run(spec).held_out.x[:1, :length].double()
                alone[row, column] = _norms(network.cells[0], x)[0, 0]
        yield same(f"{architecture}: log₁₀ norms, beside each network alone by autograd", found.logs, alone.log10(),
                   1e-10)
        if found.stretch is not None:
            limit = torch.tensor(lengths).unsqueeze(1) * (found.stretch * found.gains).log10()
            yield below(f"{architecture}: log₁₀ norm above that of (γ g)^T, largest", 1e-4,
                        float((found.logs - limit).max()))


@quick
def error_signal() -> Iterator[Finding]:
    """‖dL/dh_t‖ on adding fades at least as fast as the gain in a fresh tanh net, and stays in an LSTM that keeps."""
    slopes = {}
    for architecture, settings in (("elman", {"gain": 0.5}), ("lstm", {"forget_bias": 10.0})):
        spec = rc.Experiment.of(architecture, "adding", length=30, hidden_size=16, **settings)
        run = rc.Run(spec)
        found = rc.gradient_norms(run)
        batch = run.held_out.rows(slice(0, 16))
        by_hand = _signal(run, batch)
        yield same(f"{architecture}: log₁₀ ‖dL/ds_t‖, beside a differentiation written out here",
                   found.norms[:, 1:].log10(), by_hand[:, 1:].log10(), 1e-3)
        logs = found.median[1:].log()
        slopes[architecture] = float(((logs[-1] - logs[0]) / (len(logs) - 1)).neg().exp())
    yield below("tanh at gain 0.5: what is left of the signal, a step back", 0.5, slopes["elman"])
    yield above("LSTM that keeps: what is left of the signal, a step back", 0.9, slopes["lstm"])
    longer = rc.gradient_norms(rc.Experiment.of("elman", "adding", length=60, gain=0.5))
    yield below("tanh at gain 0.5: signal at the first of 60 steps", longer.floor, float(longer.median[1]))


def _linear(R: Tensor) -> torch.nn.Module:
    """A linear network with this R."""
    cell = rc.make_cell("elman", 1, hidden_size=len(R), activation="linear").double()
    with torch.no_grad():
        cell.R.copy_(R)
    return cell


def _flat(state: Any) -> Tensor:
    return torch.cat(list(state), -1)


def _norms(cell: torch.nn.Module, x: Tensor) -> Tensor:
    """(b, t + 1) ‖∂s_T/∂s_t‖₂: the rest of the sequence as one function of the state that enters step t."""
    kind, fields = type(cell.initial_state(1)), len(cell.initial_state(1))
    entering, state = [], cell.initial_state(len(x))
    for t in range(x.shape[1]):
        entering.append(_flat(state).detach())
        _, state, _ = cell.step(x[:, t], state)

    def rest(row: int, t: int, flat: Tensor) -> Tensor:
        state = kind(*flat.unsqueeze(0).chunk(fields, 1))
        for later in range(t, x.shape[1]):
            _, state, _ = cell.step(x[row:row + 1, later], state)
        return _flat(state)[0]

    norms = torch.ones(len(x), x.shape[1] + 1, dtype=x.dtype)
    for row in range(len(x)):
        for t, flat in enumerate(entering):
            J = torch.autograd.functional.jacobian(lambda s, row=row, t=t: rest(row, t, s), flat[row])
            norms[row, t] = torch.linalg.svdvals(J)[0]
    return norms


def _signal(run: rc.Run, batch: rc.Batch) -> Tensor:
    """(b, t) norm of dL with respect to the state that enters step t, each fed in as a leaf of its own."""
    cell, readout = run.network.cells[0], run.network.readout
    state, states = cell.initial_state(len(batch.x)), []
    for t in range(batch.x.shape[1]):
        states.append(state)
        _, state, _ = cell.step(batch.x[:, t], state)
    norms = []
    for t, entering in enumerate(states):
        leaves = [v.detach().requires_grad_() for v in entering]
        state = type(entering)(*leaves)
        for later in range(t, batch.x.shape[1]):
            out, state, _ = cell.step(batch.x[:, later], state)
        error = (readout(out) - batch.target[:, -1]).pow(2).sum()
        norms.append(torch.cat(torch.autograd.grad(error, leaves), -1).norm(dim=-1))
    return torch.stack(norms, 1)
