"""D3, the spectrum of the step: the circular law, the largest singular value, one circle for a rotation, the ring."""
from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, near, quick, same

N = 300


def _linear(R: Tensor) -> torch.nn.Module:
    """A linear network with this R, whose step Jacobian is R itself."""
    cell = rc.make_cell("elman", 1, hidden_size=2, activation="linear").double()
    cell.R = torch.nn.Parameter(R)
    cell.W, cell.b = (torch.nn.Parameter(R.new_zeros(len(R), *more)) for more in ((1,), ()))
    cell.settings = cell.settings.model_copy(update={"hidden_size": len(R)})
    return cell


def _gaussian(n: int, seed: int) -> Tensor:
    """(n, n) independent Gaussian entries of variance 1/n."""
    return torch.randn(n, n, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) / n**0.5


def _spectrum(R: Tensor, steps: int = 1) -> rc.Result:
    return rc.jacobian_spectrum(rc.unroll(_linear(R), torch.zeros(1, steps, 1, dtype=R.dtype)))


@quick
def equals_the_matrix() -> Iterator[Finding]:
    """A linear network's steps have the eigenvalues and singular values of its R, at every step."""
    R = torch.randn(6, 6, dtype=torch.float64)
    found = _spectrum(R, 3)
    ours = found.eigenvalues[0].abs().sort(-1).values
    yield same("sizes of the eigenvalues", ours, torch.linalg.eigvals(R).abs().sort().values.expand(3, -1), 1e-10)
    yield same("sum of the eigenvalues, the trace", found.eigenvalues[0].sum(-1).real, R.trace().expand(3), 1e-10)
    yield same("product of their sizes, |det|", ours.prod(-1), torch.linalg.det(R).abs().expand(3), 1e-10)
    yield same("singular values", found.singular[0], torch.linalg.svdvals(R).expand(3, -1), 1e-10)


@quick
def circular_law() -> Iterator[Finding]:
    """Gaussian entries of variance g²/N: a part r²/g² of the eigenvalues lies within r, and σ_max → 2g.

    The tolerances are about 1½ times the largest deviation in ten other draws of this size: .021, .053 and .035.
    """
    for gain in (0.8, 1.5):
        found = _spectrum(gain * _gaussian(N, round(10 * gain)))
        sizes = found.eigenvalues[0, 0].abs()
        for share in (0.25, 0.5, 0.75):
            r = share**0.5 * gain
            yield near(f"g = {gain}, N = {N}: part within {r:.3g}", share, float((sizes < r).double().mean()), 0.03)
        yield near(f"g = {gain}, N = {N}: largest eigenvalue ÷ g", 1.0, float(sizes.max()) / gain, 0.08)
        yield near(f"g = {gain}, N = {N}: σ_max ÷ g", 2.0, float(found.singular[0, 0, 0]) / gain, 0.05)
        expected = min(1.0, gain**-2)
        yield near(f"g = {gain}, N = {N}: part inside the unit circle", expected, float(found.inside[0, 0]), 0.03)
        inner, outer = (float(v[0, 0]) / gain for v in found.ring)
        yield near(f"g = {gain}, N = {N}: outer radius of the ring ÷ g", 1.0, outer, 0.01)
        yield below(f"g = {gain}, N = {N}: inner radius of the ring ÷ g", 0.1, inner)


@quick
def the_law_sharpens() -> Iterator[Finding]:
    """With growing N the largest singular value comes nearer to 2g, and the parts to r²/g²."""
    gaps = {}
    for n in (25, N):
        found = [_spectrum(_gaussian(n, seed)) for seed in range(3)]
        parts = [float((f.eigenvalues[0, 0].abs() < 0.5**0.5).double().mean()) for f in found]
        gaps[n] = [sum(abs(float(f.singular[0, 0, 0]) - 2) for f in found), sum(abs(part - 0.5) for part in parts)]
    for name, small, large in zip(("σ_max from 2", "the part within √½ from ½"), gaps[25], gaps[N]):
        yield below(f"mean distance of {name}: at N = {N} ÷ at N = 25", 0.5, large / small)


@quick
def rotation_is_one_circle() -> Iterator[Finding]:
    """A linear network whose R is g times an orthogonal matrix has all eigenvalues and singular values of size g."""
    for gain in (1.0, 0.7):
        cell = rc.make_cell("elman", 1, hidden_size=32, gain=gain, activation="linear")
        found = rc.jacobian_spectrum(rc.unroll(cell, torch.randn(1, 5, 1)))
        flat = torch.full_like(found.singular, gain)
        yield same(f"g = {gain}: sizes of all eigenvalues", found.eigenvalues.abs(), flat, 1e-5)
        yield same(f"g = {gain}: all singular values", found.singular, flat, 1e-5)
        yield same(f"g = {gain}: both radii of the ring", list(found.ring), [flat[..., 0]] * 2, 1e-5)
    yield equal("at g = 0.7, part inside the unit circle", 1.0, float(found.inside.min()))


@quick
def bent_units_fill_the_ring() -> Iterator[Finding]:
    """A fresh tanh network, D_t times a rotation: its eigenvalues lie in the ring drawn from its singular values."""
    spec = rc.Experiment.of("elman", "adding", hidden_size=100, gain=1.4, length=12)
    found = rc.jacobian_spectrum(spec, rows=1)
    sizes, (inner, outer) = found.eigenvalues[0].abs(), (v[0] for v in found.ring)
    yield below("largest |λ| ÷ outer radius, over all steps", 1.12, float((sizes.amax(-1) / outer).max()))
    within = (sizes > 0.95 * inner.unsqueeze(-1)) & (sizes < 1.05 * outer.unsqueeze(-1))
    yield above("part of the eigenvalues in the ring, give or take 5 %", 0.97, float(within.double().mean()))
    yield below("outer radius ÷ gain: what bending costs", 1.0, float(outer.max()) / 1.4)
    yield below("σ_max of any step: at most the gain", 1.4 * (1 + 1e-5), float(found.singular.max()))
