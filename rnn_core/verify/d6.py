"""D6, the onset of chaos: silence below a gain of 1, and above it the exponent of mean-field theory."""
from __future__ import annotations

import math
from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, below, near, quick, same

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
    """Five networks of 200 units: every one is silent at gains below 1, and at 3 their mean is where theory puts it."""
    found = rc.chaos_transition(UNITS, (0.5, 0.8, 3.0), seeds=SEEDS, steps=1000, warm_up=200)
    for k, gain in enumerate((0.5, 0.8)):
        yield below(f"g = {gain:g}: λ, largest of {SEEDS} networks", -0.05, float(found.measured[k].max()))
    yield same("in silence a gain adds its logarithm, network by network: λ at 0.8 less λ at 0.5",
               found.measured[1] - found.measured[0], torch.full((SEEDS,), math.log(1.6), dtype=torch.float64), 0.01)
    yield near(f"g = 3: λ, mean of {SEEDS} networks of {UNITS} units", 0.30, float(found.measured[2].mean()), 0.02)


@quick
def the_carried_change_is_the_spectrum() -> Iterator[Finding]:
    """λ by the carried change against the first exponent by triangular decomposition, and what the spectrum adds."""
    for seed in (0, 1, 2):
        generator = torch.Generator().manual_seed(seed)
        cell = rc.make_cell("elman", 1, hidden_size=60).double().requires_grad_(False)
        cell.W.zero_()
        cell.R.copy_(3 * torch.randn(1, 60, 60, generator=generator, dtype=torch.float64)[0] / math.sqrt(60))
        carried = rc.chaos_transition(60, (3.0, 0.5), seeds=1, steps=2000, seed=seed)
        whole = rc.lyapunov_spectrum(cell, steps=800, exponents=1)
        yield near(f"seed {seed}: λ of the same network by two roads", float(whole.exponents[0, 0]),
                   float(carried.measured[0, 0]), 0.03)
        radius = float(torch.linalg.eigvals(cell.R / 6).abs().max())
        yield near(f"seed {seed}: in silence, at gain 0.5, λ is the logarithm of the spectral radius", math.log(radius),
                   float(carried.measured[1, 0]), 0.01)
