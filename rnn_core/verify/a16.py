"""A16, finite and infinite impulse: one forgets exactly after K steps, the other by powers of its feedback."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, equal, quick, same

B, T, INPUTS, HIDDEN = 3, 30, 2, 4


@quick
def finite_impulse_equals_convolution() -> Iterator[Finding]:
    """A finite impulse net equals torch's causal Conv1d with its weights turned round, outputs and gradients."""
    for taps in (1, 3, 8):
        cell, x = _cell("finite_impulse", taps=taps)
        conv = torch.nn.Conv1d(INPUTS, HIDDEN, taps + 1).double()
        with torch.no_grad():
            conv.weight.copy_(cell.W.unflatten(1, (taps + 1, INPUTS)).permute(0, 2, 1).flip(2))
            conv.bias.copy_(cell.b)
        ours = rc.unroll(cell, x).outputs
        theirs = torch.tanh(conv(torch.nn.functional.pad(x.transpose(1, 2), (taps, 0)))).transpose(1, 2)
        yield same(f"K = {taps}: outputs beside torch.nn.Conv1d", ours, theirs, 1e-12)
        (grad,) = torch.autograd.grad(ours.square().sum(), cell.W)
        (other,) = torch.autograd.grad(theirs.square().sum(), conv.weight)
        turned = grad.unflatten(1, (taps + 1, INPUTS)).permute(0, 2, 1).flip(2)
        yield same(f"K = {taps}: gradient of the filters", turned, other, 1e-11)
        yield equal(f"K = {taps}: numbers to learn", HIDDEN * (INPUTS * (taps + 1) + 1), cell.weight_count)


@quick
def finite_impulse_ends() -> Iterator[Finding]:
    """After K steps nothing is left, exactly; and unrolled it is a feedforward net, one step at a time."""
    for taps in (1, 5, 12):
        cell, x = _cell("finite_impulse", taps=taps)
        struck = x.clone()
        struck[:, 3, 1] += 1
        change = (rc.unroll(cell, struck).outputs - rc.unroll(cell, x).outputs).abs().amax((0, 2)).detach()
        yield equal(f"K = {taps}: steps with a change after an impulse", taps + 1, int((change > 0).sum()))
        yield equal(f"K = {taps}: largest change later than K", 0.0, float(change[3 + taps + 1:].max()))
        padded = torch.cat([torch.zeros(B, taps, INPUTS, dtype=x.dtype), x], 1)
        seen = torch.stack([padded[:, t:t + taps + 1].flip(1).flatten(1) for t in range(T)], 1)
        yield same(f"K = {taps}: a feedforward net over each window", rc.unroll(cell, x).outputs,
                   torch.tanh(seen @ cell.W.T + cell.b), 1e-12)


@quick
def infinite_impulse_by_hand() -> Iterator[Finding]:
    """Every synapse filtered on its own, one number at a time, in plain Python."""
    for taps, back in ((1, 1), (3, 2), (2, 5)):
        cell, x = _cell("infinite_impulse", taps=taps, feedback_taps=back)
        yield same(f"K = {taps}, M = {back}: outputs", rc.unroll(cell, x).outputs.detach(), _by_hand(cell, x), 1e-12)
        yield equal(f"K = {taps}, M = {back}: numbers to learn", HIDDEN * (INPUTS * (taps + 1 + back) + 1),
                    cell.weight_count)


@quick
def infinite_impulse_fades_by_powers() -> Iterator[Finding]:
    """With w = 1 and v = .9 an impulse leaves .9ᵏ after k steps, and never nothing; with v = 0 the net is finite."""
    cell = rc.make_cell("infinite_impulse", 1, hidden_size=1, activation="linear").double()
    x = torch.zeros(1, 60, 1, dtype=torch.float64)
    x[0, 0, 0] = 1
    with torch.no_grad():
        cell.W.copy_(torch.tensor([[1.0, 0.0]]))
        cell.V.copy_(torch.tensor([[0.9]], dtype=torch.float64))
        cell.b.zero_()
    y = rc.unroll(cell, x).outputs[0, :, 0].detach()
    powers = torch.tensor([0.9**k for k in range(60)], dtype=torch.float64)
    yield same("v = .9: what is left after k steps", y, powers, 1e-14)
    yield above("v = .9: what is left after 59 steps", 1e-3, float(y[-1]))
    finite, _ = _cell("finite_impulse", taps=3)
    infinite, x = _cell("infinite_impulse", taps=3)
    with torch.no_grad():
        infinite.V.zero_()
        infinite.W.copy_(finite.W.unflatten(1, (4, INPUTS)).permute(0, 2, 1).flatten(0, 1))
        infinite.b.copy_(finite.b)
    yield same("v = 0: the finite impulse net", rc.unroll(infinite, x).outputs, rc.unroll(finite, x).outputs, 1e-12)


@quick
def fresh_filters_are_stable() -> Iterator[Finding]:
    """The feedback of a fresh synapse adds up to less than 1, so no filter of it can grow: all poles lie inside."""
    for back in (1, 2, 5, 16):
        cell = rc.make_cell("infinite_impulse", 5, hidden_size=40, feedback_taps=back).double()
        companion = torch.diag_embed(torch.ones(len(cell.V), back - 1, dtype=torch.float64), -1)
        companion[:, 0] = cell.V.detach()
        largest = float(torch.linalg.eigvals(companion).abs().max())
        yield Finding(f"M = {back}: largest pole of 200 fresh filters", "< 1", round(largest, 4), largest < 1)


def _cell(name: str, **settings: Any) -> tuple[Any, Tensor]:
    """A cell with random weights in float64, feedback small enough to be stable, and inputs."""
    cell = rc.make_cell(name, INPUTS, hidden_size=HIDDEN, **settings).double()
    with torch.no_grad():
        cell.b.normal_()
    return cell, torch.randn(B, T, INPUTS, dtype=torch.float64)


def _by_hand(cell: Any, x: Tensor) -> Tensor:
    """h (b, t, n) from z_{ji,t} = Σ_k w_{ji,k} x_{i,t−k} + Σ_m v_{ji,m} z_{ji,t−m}."""
    W, V, b = (p.tolist() for p in (cell.W, cell.V, cell.b))
    h = torch.zeros(B, T, HIDDEN, dtype=x.dtype)
    for row, sequence in enumerate(x.tolist()):
        z: dict[tuple[int, int], list[float]] = {(j, i): [] for j in range(HIDDEN) for i in range(INPUTS)}
        for t in range(T):
            for (j, i), past in z.items():
                w, v = W[j * INPUTS + i], V[j * INPUTS + i]
                now = sum(w[k] * sequence[t - k][i] for k in range(len(w)) if t >= k)
                past.append(now + sum(v[m - 1] * past[t - m] for m in range(1, len(v) + 1) if t >= m))
            for j in range(HIDDEN):
                h[row, t, j] = sum(z[j, i][t] for i in range(INPUTS)) + b[j]
    return torch.tanh(h)
