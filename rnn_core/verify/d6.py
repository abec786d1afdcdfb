"""D6, the onset of chaos: silence below a gain of 1, and above it the exponent of mean-field theory."""
from __future__ import annotations

import math
from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, below, equal, near, quick, same

UNITS, SEEDS = 200, 5


@quick
def mean_field_by_brute_force() -> Iterator[Finding]:
    """The Gauss–Hermite sums against a fine grid, and against the known values of C and λ."""
    z = torch.linspace(-12, 12, 200_001, dtype=torch.float64)
    normal = torch.exp(-z**2 / 2)
    normal = normal / normal.sum()
    known = {1.5: (0.7934, 0.0652), 2.0: (None, 0.1547), 3.0: (6.3054, 0.3102), 5.0: (None, 0.5324)}
    found = rc.chaos_transition(2, list(known), seeds=1, steps=1, warm_up=0)
    for k, (gain, (C, exponent)) in enumerate(known.items()):
        ours = float(found.variance[k])
        again = gain**2 * float(normal @ torch.tanh(math.sqrt(ours) * z) ** 2)
        slope = 0.5 * math.log(gain**2 * float(normal @ torch.cosh(math.sqrt(ours) * z) ** -4))
        yield near(f"g = {gain:g}: C solves its equation on a grid", again, ours, 1e-5)
        yield near(f"g = {gain:g}: λ on a grid", slope, float(found.theory[k]), 1e-5)
        yield near(f"g = {gain:g}: λ as known", exponent, float(found.theory[k]), 1e-4)
        if C:
            yield near(f"g = {gain:g}: C as known", C, ours, 1e-4)


@quick
def simulated_networks_follow() -> Iterator[Finding]:
    """Five networks of 200 units: at gain 3 their mean is where theory puts it, below 1 each falls silent.

    In silence the state is 0 and every step multiplies by J, so λ is ln ρ(J), the logarithm of the spectral radius,
    network by network. It is ln g only for endless ones: ρ of a finite Gaussian matrix is somewhat larger than g.
    """
    found = rc.chaos_transition(UNITS, (0.5, 0.8, 3.0), seeds=SEEDS, steps=1000, warm_up=200)
    J = torch.randn(SEEDS, UNITS, UNITS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    radius = torch.linalg.eigvals(J / math.sqrt(UNITS)).abs().amax(1)
    for k, gain in enumerate((0.5, 0.8)):
        yield below(f"g = {gain:g}: λ, largest of {SEEDS} networks", 0.0, float(found.measured[k].max()))
        yield same(f"g = {gain:g}: λ is ln ρ(J), network by network", found.measured[k], (gain * radius).log(), 0.003)
    yield near(f"g = 3: λ, mean of {SEEDS} networks of {UNITS} units", 0.30, float(found.measured[2].mean()), 0.02)
    yield equal("g = 0.5 and 0.8: Kaplan–Yorke dimension and entropy rate", 0.0,
                float(found.dimension[:2].sum() + found.entropy[:2].sum()))


@quick
def the_quiet_spectrum() -> Iterator[Finding]:
    """Below the onset all exponents are ln |eig J|: network by network, in the mean, and in their distribution.

    E ln |det G| of a Gaussian (n, n) matrix is ½ Σ_i [ψ(i/2) + ln 2]; divided by n, less ½ ln n, it goes to −½. Its
    variance is ¼ Σ_i ψ′(i/2). By the circular law a share (r/g)² of the eigenvalues is smaller than r.
    """
    for seed in (0, 1, 2):
        cell, gain = _elman(60, 0.8, seed), 0.8
        found = rc.lyapunov_spectrum(cell, steps=3000, seed=seed).exponents[0]
        expected = torch.linalg.eigvals(cell.R).abs().log().sort(descending=True).values
        yield same(f"seed {seed}: all 60 exponents at gain {gain} against ln |eig J|", found, expected, 0.003)
        volume = float(torch.linalg.slogdet(cell.R).logabsdet) / 60
        yield near(f"seed {seed}: their mean against ln |det J| / N", volume, float(found.mean()), 1e-8)
    i = torch.arange(1, UNITS + 1, dtype=torch.float64) / 2
    mean = float((torch.special.digamma(i) + math.log(2)).sum() / 2 / UNITS - math.log(UNITS) / 2)
    spread = float(torch.special.polygamma(1, i).sum().sqrt() / 2 / UNITS)
    yield near(f"mean of ln |eig| / g expected at N = {UNITS}, against −½ of endless networks", -0.5, mean, 0.01)
    eigenvalues = torch.linalg.eigvals(torch.stack([_elman(UNITS, 1.0, seed).R for seed in range(SEEDS)])).abs()
    yield near(f"its mean over {SEEDS} networks, within four standard deviations", mean,
               float(eigenvalues.log().mean()), 4 * spread / math.sqrt(SEEDS))
    for r in (0.4, 0.6, 0.8):
        yield near(f"share of eigenvalues below {r:g} g, {SEEDS} networks of {UNITS} units", r**2,
                   float((eigenvalues < r).double().mean()), 0.02)


@quick
def the_carried_change_is_the_spectrum() -> Iterator[Finding]:
    """λ, dimension and entropy rate by carried changes against those of the whole spectrum from step Jacobians."""
    for seed in (0, 1, 2):
        cell = _elman(60, 3.0, seed)
        carried = rc.chaos_transition(60, (3.0, 0.5), seeds=1, steps=2000, seed=seed)
        whole = rc.lyapunov_spectrum(cell, steps=2000)
        yield near(f"seed {seed}: λ of the same network by two roads", float(whole.exponents[0, 0]),
                   float(carried.measured[0, 0]), 0.03)
        yield near(f"seed {seed}: Kaplan–Yorke dimension a unit by two roads", float(whole.dimension) / 60,
                   float(carried.dimension[0, 0]), 0.03)
        yield near(f"seed {seed}: entropy rate a unit by two roads", float(whole.entropy) / 60,
                   float(carried.entropy[0, 0]), 0.004)
        radius = float(torch.linalg.eigvals(cell.R / 6).abs().max())
        yield near(f"seed {seed}: in silence, at gain 0.5, λ is the logarithm of the spectral radius", math.log(radius),
                   float(carried.measured[1, 0]), 0.01)


def _elman(size: int, gain: float, seed: int) -> rc.Cell:
    """h ← tanh(J h), J drawn as the networks of ``chaos_transition`` with this seed draw it."""
    generator = torch.Generator().manual_seed(seed)
    cell = rc.make_cell("elman", 1, hidden_size=size).double().requires_grad_(False)
    cell.W.zero_()
    cell.R.copy_(gain * torch.randn(1, size, size, generator=generator, dtype=torch.float64)[0] / math.sqrt(size))
    return cell
