"""Does the current through one branch of a circuit remember, or only follow its voltage?

    v_t = (1 + ξ w_t) i_t        a plane of voltage and current: a plain resistor draws a line, one with memory a loop
    i_t = Ω (S_t − u_t) / R,   u' = i / C       the same circuit with a resistor and a capacitor in each branch

The memristor's loop is pinched: voltage and current vanish together, whatever the memory is. A capacitor remembers as
well, but holds a charge of its own: its loop is an ellipse around the origin, and when its branch is at zero volts a
current still flows. R = 1 + ξ w_0 is the resistance that the memristors begin with; while S is held, the charges move
exactly, and begin at 0. Chua, *Memristor: the missing circuit element*, 1971.
"""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.memory_span import existing
from rnn_core.records import Card, Result, Trace

CARD = Card(title="Hysteresis", row="A28", year=1971,
            reference="Chua, Memristor: the missing circuit element, 1971",
            summary="Voltage and current of one branch of a circuit: the loop that a resistor with memory draws.",
            equations={"v": "v_t = (1 + ξ w_t) i_t"}, symbols={"v": "candidate"})


@dataclass(frozen=True, eq=False)
class Hysteresis(Result):
    """``voltage`` (t,) and ``current`` (t,) of ``branch`` over sequence ``row``; empty where there are no currents.

    ``plain_voltage`` and ``plain_current`` (t,) are those of the same branch where a resistor and a capacitor with the
    time constant ``constant`` = R C stand in each.
    """

    voltage: Tensor
    current: Tensor
    plain_voltage: Tensor
    plain_current: Tensor
    constant: float
    branch: int
    row: int

    @property
    def at_zero(self) -> tuple[float, float]:
        """The largest current as the voltage passes 0, in shares of the largest at all: memristor, capacitor."""
        return (_at_zero(self.voltage, self.current), _at_zero(self.plain_voltage, self.plain_current))

    @property
    def resistance(self) -> Tensor:
        """v/i (t',) at the steps where a current flows."""
        flows = self.current != 0
        return self.voltage[flows] / self.current[flows]

    def frame(self) -> pd.DataFrame:
        """One row a step; one row of gaps where there is no current."""
        none = torch.full((1,), torch.nan)
        columns = {"voltage": self.voltage, "current": self.current, "voltage, capacitor": self.plain_voltage,
                   "current, capacitor": self.plain_current}
        columns = {name: v if len(v) else none for name, v in columns.items()}
        return pd.DataFrame({"step": range(len(columns["voltage"]))} | columns)

    @property
    def says(self) -> str:
        if not len(self.voltage):
            return "this network is no circuit: it has no currents that could lag behind their voltages."
        if not bool(self.voltage.isfinite().all() & self.current.isfinite().all()):
            return "this circuit has left the finite numbers."
        if not len(self.resistance):
            return f"no current flows through branch {self.branch}."
        low, high = float(self.resistance.min()), float(self.resistance.max())
        told = f"the resistance of branch {self.branch} moves between {low:.3g} and {high:.3g}, in units of R_on"
        ours, plain = self.at_zero
        if math.isnan(ours) or math.isnan(plain):
            return f"{told}; its voltage never passes zero."
        return (f"{told}; as its voltage passes zero, its current is at most {ours:.1%} of its largest: both vanish "
                f"together. With a capacitor in each branch it would be {plain:.0%}.")

    @property
    def says_not(self) -> str:
        return ("that a wide loop is a good memory: its width depends on how fast the source swings, and under a fast "
                "one every memristor is a plain resistor.")


def hysteresis(trace: Trace, *, row: int = 0, branch: int = 0, constant: float = 1.0) -> Hysteresis:
    """Voltage and current of one branch over one sequence of a pass, beside a capacitor's, which fills within R C.

    A circuit is a cell with a method ``currents``. Raises ValueError, in one sentence, for a row or a branch that is
    not there, or a time constant that is not positive.
    """
    if not (constant > 0 and math.isfinite(constant)):
        raise ValueError("A time constant is a positive number.")
    if not 0 <= row < trace.batch_size:
        raise ValueError(f"There are sequences 0 to {trace.batch_size - 1}; {row} is not among them.")
    if not hasattr(trace.cell, "currents"):
        return Hysteresis(*[torch.zeros(0)] * 4, constant, branch, row)
    v, i = (trace.probes[name].detach().cpu().double()[row] for name in "vi")                            # (t, n)
    if not 0 <= branch < v.shape[1]:
        raise ValueError(f"There are branches 0 to {v.shape[1] - 1}; {branch} is not among them.")
    there = existing(trace)[row].cpu()
    plain_v, plain_i = _charged(trace.cell, trace.x[row][there.to(trace.x.device)], constant)
    return Hysteresis(v[there, branch], i[there, branch], plain_v[:, branch], plain_i[:, branch], constant, branch, row)


@torch.no_grad()
def _charged(cell: Any, x: Tensor, constant: float) -> tuple[Tensor, Tensor]:
    """Voltages and currents (t, n) where each branch has a resistor and a capacitor, under the same sources.

    In the loops Ω S − u falls by 1 − k a step, k = 1 − e^{−Δt/RC}: u_t = k Σ_{s<t} (1 − k)^{t−1−s} Ω S_s.
    """
    chosen, device = cell.settings, "cpu"
    driven = cell.project(x).to(device).double() @ cell.Omega.to(device).double().t()                  # Ω S (t, n)
    t = torch.arange(len(driven), dtype=torch.float64)
    lag = t.unsqueeze(1) - 1 - t
    rate = chosen.time_step / constant
    weight = torch.where(lag >= 0, -math.expm1(-rate) * torch.exp(-rate * lag.clamp(min=0)), torch.zeros_like(lag))
    return driven, (driven - weight @ driven) / (1 + chosen.xi * chosen.start)


def _at_zero(v: Tensor, i: Tensor) -> float:
    """The largest |current| where the voltage passes 0, on straight lines between steps; NaN where it never does."""
    most = float(i.abs().max()) if len(i) else 0.0
    zero = (v[:-1] * v[1:] < 0).nonzero().flatten()
    on = i[v == 0]
    if not most or not len(zero) + len(on):
        return float("nan")
    part = v[zero] / (v[zero] - v[zero + 1])
    return float(torch.cat([i[zero] + part * (i[zero + 1] - i[zero]), on]).abs().max()) / most
