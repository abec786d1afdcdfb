"""Lorenz's weather in three numbers: chaotic, smooth, and each next point is to be said.

    dx/dt = 10 (y − x),   dy/dt = x (28 − z) − y,   dz/dt = x y − 8/3 z

Solved by the fourth-order method of Runge and Kutta from (1, 1, 1); a step of the net is Δt, five of the solver. The
first 1,000 points are left out, 8,000 are kept, the last fifth is held out. Each coordinate is read in units of its
deviation about its mean over the part to learn from. Lorenz, *Deterministic nonperiodic flow*, 1963.
"""
from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import RegressionTask
from rnn_core.tasks.forecast import Forecast
from rnn_core.tasks.mackey_glass import halves
from rnn_core.tasks.sum_of_sines import numbers_story

SIGMA, RHO, BETA = 10.0, 28.0, 8 / 3
FINE, LEFT_OUT, KEPT = 5, 1000, 8000
NEAR, STARTS, SPAN = 1e-7, 64, 30.0

Point = tuple[float, float, float] | tuple[Tensor, Tensor, Tensor]


class LorenzSettings(Settings):
    """How much time passes in a step, and how much is read at a time."""

    length: int = setting(100, "Points in a sequence.", symbol="T", ge=4, le=1000, main=True)
    sampling_step: float = setting(0.02, "Time that passes between two points.", symbol="Δt", ge=0.005, le=0.1,
                                   step=0.005)


class Lorenz(Forecast):
    """Lorenz's weather: read a point of three numbers and say where it will be a step later."""

    card = Card(title="Lorenz", row="C9", year=1963, reference="Lorenz, Deterministic nonperiodic flow, 1963",
                summary="Three numbers turn about two centres and never repeat; the net says where they are next.",
                equations={"x": "dx/dt = 10 (y − x)", "y": "dy/dt = x (28 − z) − y", "z": "dz/dt = x y − 8/3 z"},
                use="How soon does a small error of the net's own grow as large as the weather?")
    Settings = LorenzSettings
    input_size, output_size, takes_data = 3, 3, ""

    def __init__(self, settings: LorenzSettings | None = None) -> None:
        RegressionTask.__init__(self, settings)
        self.series = halves(solved(self.settings.sampling_step, LEFT_OUT + KEPT)[LEFT_OUT:])

    def _windows(self, values: Tensor, count: int, generator: torch.Generator) -> Batch:
        length = self.settings.length
        start = torch.randint(0, len(values) - length, (count, 1), generator=generator)
        picked = values[start + torch.arange(length + 1)]                                  # (b, t + 1, 3)
        return Batch(picked[:, :-1], picked[:, 1:])

    def exponent(self) -> float:
        return self.settings.sampling_step * exponent()

    def baseline(self) -> Baseline:
        value = float(self.series.held.diff(dim=0).pow(2).mean())
        return Baseline(value, value, "always say the point of just now again")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        return numbers_story(batch, row, y, 0.05)


def slope(point: Point) -> Point:
    """The speed at a point."""
    x, y, z = point
    return SIGMA * (y - x), x * (RHO - z) - y, x * y - BETA * z


@lru_cache(maxsize=8)
def solved(time_step: float, count: int, fine: int = FINE) -> Tensor:
    """(count, 3) points in float64, Δt apart, in ``fine`` steps of the solver each."""
    h, now, points = time_step / fine, (1.0, 1.0, 1.0), []
    for k in range(count * fine):
        now = _after(now, h)
        if (k + 1) % fine == 0:
            points.append(now)
    return torch.tensor(points, dtype=torch.float64)


@lru_cache(maxsize=1)
def exponent(step: float = 0.02) -> float:
    """The largest Lyapunov exponent a unit of time: how fast 64 pairs of neighbours part, held 10⁻⁷ apart."""
    starts = solved(0.5, 2 * STARTS, 50)[STARTS:].T
    now, near = tuple(starts.unbind()), tuple((starts + NEAR / 3**0.5).unbind())
    rates, count = [], round(SPAN / step)
    for _ in range(count):
        now, near = _after(now, step), _after(near, step)
        gap = torch.stack(near) - torch.stack(now)
        length = gap.norm(dim=0)
        near = tuple((torch.stack(now) + NEAR * gap / length).unbind())
        rates.append(float((length / NEAR).log().mean()) / step)
    settled = rates[count // 4:]
    return sum(settled) / len(settled)


def _after(point: Point, h: float) -> Point:
    """Where a point is one step of the solver later."""
    k1 = slope(point)
    k2 = slope(_moved(point, k1, h / 2))
    k3 = slope(_moved(point, k2, h / 2))
    k4 = slope(_moved(point, k3, h))
    return _moved(point, tuple(a + 2 * b + 2 * c + d for a, b, c, d in zip(k1, k2, k3, k4, strict=True)), h / 6)


def _moved(point: Point, along: Point, h: float) -> Point:
    """The point h further along."""
    return tuple(p + h * v for p, v in zip(point, along, strict=True))
