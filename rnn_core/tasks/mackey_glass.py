"""Mackey and Glass's blood cells: a delay makes a chaotic series, and each next value is to be said.

    dv/dt = β v(t − τ) / (1 + v(t − τ)^10) − γ v,   β = .2, γ = .1

v = 1.2 before the start. Solved by the fourth-order method of Runge and Kutta in ten steps a unit of time; the delayed
value halfway between two of them is that of the cubic through its four neighbours, none of them from before the kink
at the start. The first 1,000 values are left out, 8,000 are kept, the last fifth of them is held out.
x_t = (v_t − m) / s with the mean m and the deviation s of the part to learn from; the target is x_{t+1}. For τ above
about 16.8 the series never repeats. Mackey & Glass, *Oscillation and chaos in physiological control systems*, 1977.
"""
from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from rnn_core.records import Card, Settings, setting
from rnn_core.tasks.base import RegressionTask
from rnn_core.tasks.forecast import HELD_OUT, Forecast, Series

BETA, GAMMA, POWER, PAST = 0.2, 0.1, 10, 1.2
FINE, LEFT_OUT, KEPT = 10, 1000, 8000
NEAR, STARTS, SPAN, STILL = 1e-7, 64, 500, 1e-3


class MackeyGlassSettings(Settings):
    """How long the delay is, and how much of the series is read at a time."""

    length: int = setting(100, "Values in a sequence.", symbol="T", ge=4, le=1000, main=True)
    delay: int = setting(17, "Delay of the feedback, in steps.", symbol="τ", ge=2, le=30)


class MackeyGlass(Forecast):
    """Mackey–Glass: read a chaotic series value by value and say each next one."""

    card = Card(title="Mackey–Glass", row="C9", year=1977,
                reference="Mackey & Glass, Oscillation and chaos in physiological control systems, 1977",
                summary="A feedback that comes late makes a chaotic series; the net reads it and says each next value.",
                equations={"v": "dv/dt = .2 v(t − τ) / (1 + v(t − τ)^10) − .1 v", "x": "x_t = (v_t − m) / s"},
                use="Can it go on by itself, hearing only what it said?")
    Settings = MackeyGlassSettings
    takes_data = ""

    def __init__(self, settings: MackeyGlassSettings | None = None) -> None:
        RegressionTask.__init__(self, settings)
        self.series = halves(solved(self.settings.delay, LEFT_OUT + KEPT)[LEFT_OUT:])

    def exponent(self) -> float | None:
        found = exponent(self.settings.delay)
        return found if found > STILL else None


def halves(values: Tensor) -> Series:
    """Values (t, …) in units of the deviation of the part to learn from, about its mean, and the held-out fifth."""
    cut = len(values) - int(len(values) * HELD_OUT)
    mean, scale = values[:cut].mean(0), values[:cut].std(0, unbiased=False)
    scaled = ((values - mean) / scale).float()
    return Series(scaled[:cut], scaled[cut:], mean.tolist(), scale.tolist(), "")


@lru_cache(maxsize=8)
def solved(delay: int, count: int, fine: int = FINE) -> Tensor:
    """v (count,) at t = 1, 2, … in float64, in ``fine`` steps of the solver to a unit of time."""
    return torch.tensor(_values(delay, count, fine)[fine::fine], dtype=torch.float64)


@lru_cache(maxsize=8)
def exponent(delay: int, fine: int = FINE) -> float:
    """The largest Lyapunov exponent a unit of time: how fast 64 pairs of neighbours part, held 10⁻⁷ apart."""
    back, long = delay * fine, LEFT_OUT + 40 * STARTS
    whole = torch.tensor(_values(delay, long, fine), dtype=torch.float64)
    starts = torch.arange(STARTS) * 40 * fine + LEFT_OUT * fine
    window = whole[starts + torch.arange(back + 2).unsqueeze(1)]                       # (past, b)
    v, rates = list(torch.cat([window, window + NEAR / len(window)**0.5], 1)), []
    rounds = SPAN // delay
    for _ in range(rounds):
        for _ in range(back):
            a, d = v[-1 - back], v[-back]
            v.append(_after(v[-1], a, (9 * (a + d) - v[-2 - back] - v[1 - back]) / 16, d, 1 / fine))
        now, near = torch.stack(v[-back - 2:]).chunk(2, 1)
        length = (near - now).norm(dim=0)
        v = list(torch.cat([now, now + NEAR * (near - now) / length], 1))
        rates.append(float((length / NEAR).log().mean()) / delay)
    settled = rates[rounds // 4:]
    return sum(settled) / len(settled)


def _values(delay: int, count: int, fine: int) -> list[float]:
    """v at 0, 1/fine, 2/fine, … up to ``count``."""
    h, back = 1 / fine, delay * fine
    v = [PAST] * (back + 1)                                       # v[k] is the value at time (k − back) h
    for k in range(count * fine):
        a, d = v[k], v[k + 1]
        if k > back:
            middle = (9 * (a + d) - v[k - 1] - v[k + 2]) / 16
        else:
            middle = PAST if k < back else (3 * a + 6 * d - v[k + 2]) / 8
        v.append(_after(v[-1], a, middle, d, h))
    return v[back:]


def _after(now: Any, a: Any, middle: Any, d: Any, h: float) -> Any:
    """The value one step of the solver later, from the delayed values at its beginning, middle and end."""
    first, half, last = (BETA * w / (1 + w**POWER) for w in (a, middle, d))
    k1 = first - GAMMA * now
    k2 = half - GAMMA * (now + h * k1 / 2)
    k3 = half - GAMMA * (now + h * k2 / 2)
    k4 = last - GAMMA * (now + h * k3)
    return now + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
