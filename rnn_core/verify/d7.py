"""D7, Lyapunov exponents: maps and a flow whose exponents are known, and the volume by a second road."""
from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, near, quick, same


class Place(NamedTuple):
    """h (b, n): where a map stands."""

    h: Tensor


class Map(rc.Cell):
    """A cell that hears nothing and applies one function to its state (b, n)."""

    def __init__(self, function: Callable[[Tensor], Tensor], size: int) -> None:
        super().__init__(1, rc.RecurrentSettings(hidden_size=size))
        self.function = function
        self.register_buffer("nought", torch.zeros(1))

    def initial_state(self, batch_size: int) -> Place:
        """All zeros."""
        return Place(self.zeros(batch_size, self.settings.hidden_size))

    def advance(self, drive: Tensor, state: Place) -> tuple[Tensor, Place, dict[str, Tensor]]:
        """The function, once."""
        h = self.function(state.h)
        return h, Place(h), {"h": h}


@quick
def known_maps() -> Iterator[Finding]:
    """The logistic map at r = 4, and Hénon's, whose Jacobian has the determinant −0.3 everywhere."""
    found = _of(Map(lambda h: 4 * h * (1 - h), 1), [[0.2137], [0.4019], [0.7231]], steps=10_000)
    yield near("logistic map, r = 4: λ, median of three starts", math.log(2), float(found.exponents.median()), 0.005)
    found = _of(Map(_henon, 2), [[0.1, 0.1], [0.2, 0.0], [0.0, 0.2]], steps=20_000)
    for k, expected in enumerate((0.419, -1.623)):
        yield near(f"Hénon's map: λ_{k + 1}, median of three starts", expected,
                   float(found.exponents[:, k].median()), 0.01)
    expected = torch.full((3,), math.log(0.3), dtype=torch.float64)
    yield same("Hénon's map: the sum is ln 0.3", found.exponents.sum(1), expected, 1e-9)


@quick
def lorenz() -> Iterator[Finding]:
    """Lorenz's flow, by fourth-order steps of 0.01 and of half that: exponents a unit of time.

    Volumes shrink by σ + 1 + β a unit of time, exactly. A step of Runge and Kutta is only nearly the flow, so the sum
    of the exponents is off by what its order says: a sixteenth for half the step, and nothing for none at all.
    """
    start = torch.randn(24, 3, generator=torch.Generator().manual_seed(1)).double() + torch.tensor([1.0, 1.0, 20.0])
    sums, exact = [], -(10 + 1 + 8 / 3)
    for step in (0.01, 0.005):
        found = _of(Map(partial(_lorenz, step), 3), start.tolist(), steps=round(40 / step), warm_up=round(20 / step))
        rates = found.exponents.mean(0) / step
        sums.append(float(rates.sum()))
        for k, (expected, within) in enumerate(((0.906, 0.03), (0.0, 0.03), (-14.57, 0.05))):
            yield near(f"Lorenz, steps of {step:g}: λ_{k + 1}, mean of 24 starts", expected, float(rates[k]), within)
    coarse, fine = sums
    order = math.log2((coarse - exact) / (fine - exact))
    yield near("Lorenz: order of the sum's error as the step is halved", 4, order, 0.25)
    yield near("Lorenz: the sum in steps of 0.005", exact, fine, 1e-4)
    yield near("Lorenz: the sum, led on to steps of no length", exact, fine + (fine - coarse) / 15, 5e-6)


@quick
def volume_by_a_second_road() -> Iterator[Finding]:
    """Σλ = ⟨ln |det A|⟩ for networks left alone and driven, forward and backward in time, and for masked sequences."""
    generator = torch.Generator().manual_seed(0)
    for name, size in (("elman", 12), ("gru", 8), ("lstm", 6), ("ctrnn", 8)):
        cell = rc.make_cell(name, 2, hidden_size=size, gain=1.5).double()
        alone = rc.lyapunov_spectrum(cell, steps=300)
        yield same(f"{name}, left alone", alone.exponents.sum(1), alone.volume, 1e-8)
        x = torch.randn(3, 40, 2, generator=generator, dtype=torch.float64)
        mask = torch.arange(40) < torch.tensor([[40], [25], [31]])
        driven = rc.lyapunov_spectrum(rc.unroll(cell, x, mask=mask))
        yield same(f"{name}, driven, three lengths", driven.exponents.sum(1), driven.volume, 1e-8)


@quick
def parting_of_two_trajectories() -> Iterator[Finding]:
    """The largest exponent of chaotic nets by its meaning: two runs a hair apart, measured as they part; 3 seeds."""
    for seed in (0, 1, 2):
        cell = rc.make_cell("elman", 1, hidden_size=60).double()
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            cell.R.copy_(3 * torch.randn(60, 60, generator=generator) / math.sqrt(60))
            cell.W.zero_()
            h = torch.randn(40, 60, generator=generator, dtype=torch.float64)
            h = rc.unroll(cell, torch.zeros(40, 300, 1).double(), type(cell.initial_state(1))(h)).final.h
            apart = torch.randn(h.shape, generator=generator, dtype=torch.float64)
            pair = type(cell.initial_state(1))(torch.cat([h, h + 1e-13 * apart / apart.norm(dim=1, keepdim=True)]))
            states = rc.unroll(cell, torch.zeros(80, 60, 1).double(), pair).states.h
        gap = (states[40:] - states[:40]).norm(dim=2).log().mean(0)
        measured = float(gap[50] - gap[15]) / 35
        top = float(rc.lyapunov_spectrum(cell, steps=2000, exponents=1, seed=seed).exponents[0, 0])
        yield above(f"seed {seed}: the net is chaotic, λ", 0.1, top)
        yield near(f"seed {seed}: λ against the slope of ln distance over 35 steps, 40 pairs", top, measured, 0.03)


def _of(cell: rc.Cell, starts: list[list[float]], *, steps: int, warm_up: int = 500) -> rc.Result:
    """The spectrum of a map from each of the starts."""
    return rc.lyapunov_spectrum(cell, steps=steps, warm_up=warm_up, state=Place(torch.tensor(starts).double()))


def _henon(h: Tensor) -> Tensor:
    x, y = h.unbind(1)
    return torch.stack([1 - 1.4 * x**2 + y, 0.3 * x], 1)


def _lorenz(d: float, h: Tensor) -> Tensor:
    """One step of length d."""
    def slope(v: Tensor) -> Tensor:
        x, y, z = v.unbind(1)
        return torch.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], 1)

    first = slope(h)
    second = slope(h + d / 2 * first)
    third = slope(h + d / 2 * second)
    return h + d / 6 * (first + 2 * second + 2 * third + slope(h + d * third))
