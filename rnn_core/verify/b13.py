"""B13, the ridge readout: the normal equations, their limit, and residuals at a right angle to what was read."""
from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, quick, same


@quick
def equals_the_normal_equations() -> Iterator[Finding]:
    """The readout of a trained run, beside the normal equations over the same states, written out here."""
    for ridge in (1e-3, 1.0, 100.0):
        run, V, d = _trained(ridge)
        X, Y = _read(run)
        ones = torch.cat([X, torch.ones(len(X), 1).double()], 1)
        held = ridge * torch.eye(ones.shape[1]).double()
        held[-1, -1] = 0
        by_hand = torch.linalg.solve(ones.T @ ones + held, ones.T @ Y)
        yield same(f"λ = {ridge:g}: V", V, by_hand[:-1].T, 1e-5)
        yield same(f"λ = {ridge:g}: d", d, by_hand[-1], 1e-5)


@quick
def tends_to_least_squares() -> Iterator[Finding]:
    """As λ goes to 0 the answers come to those of least squares, and from far they do not."""
    gaps = []
    for ridge in (1.0, 1e-9):
        run, V, d = _trained(ridge)
        X, Y = _read(run)
        ones = torch.cat([X, torch.ones(len(X), 1).double()], 1)
        least = ones @ torch.linalg.lstsq(ones, Y, driver="gelsd").solution
        gaps.append((X @ V.T + d, least))
    yield same("λ = 10⁻⁹: answers beside least squares", *gaps[1], 1e-4)
    yield above("λ = 1: largest difference from least squares", 1e-4, float((gaps[0][0] - gaps[0][1]).abs().max()))


@quick
def residuals_are_at_a_right_angle() -> Iterator[Finding]:
    """Xᵀ (Y − Ŷ) = λ V, which is what makes the sum of squares and λ ‖V‖² least; the residuals add up to 0."""
    run, V, d = _trained(1.0)
    X, Y = _read(run)
    left = Y - X @ V.T - d
    yield same("Xᵀ (Y − Ŷ) = λ V", X.T @ left, V.T, 1e-3)
    yield same("Σ (Y − Ŷ) = 0", left.sum(0), torch.zeros(1).double(), 1e-3)


def _trained(ridge: float) -> tuple[rc.Run, Tensor, Tensor]:
    """A run in double precision whose readout was found, with its V (o, n) and d (o)."""
    spec = rc.Experiment.of("echo_state", "narma", "ridge", hidden_size=20, batch_size=4, length=80, ridge=ridge,
                            seed=2)
    run = rc.Run(spec)
    cell = run.network.double().cells[0]
    for _ in run.learner.update():
        pass
    return run, cell.V.detach(), cell.d.detach()


def _read(run: rc.Run) -> tuple[Tensor, Tensor]:
    """X (m, n) and Y (m, o) of the batch that the run learnt from, drawn again."""
    batch = run.task.sample(4, rc.Run(run.spec).streams.data)
    x = batch.x.double()
    states = rc.unroll(run.network.cells[0], x).states.h.detach()
    return torch.cat([x, states], -1).flatten(0, 1), batch.target.flatten(0, 1).double()
