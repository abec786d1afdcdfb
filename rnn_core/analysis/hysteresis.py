"""Does the current through one branch of a circuit remember, or only follow its voltage?

    v_t = (1 + ξ w_t) i_t        a plane of voltage and current: a plain resistor draws a line, one with memory a loop

The loop is pinched: voltage and current vanish together, whatever the memory is. Chua, *Memristor: the missing circuit
element*, 1971.
"""
from __future__ import annotations

from dataclasses import dataclass

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
    """``voltage`` (t,) and ``current`` (t,) of ``branch`` over sequence ``row``; empty where there are no currents."""

    voltage: Tensor
    current: Tensor
    branch: int
    row: int

    @property
    def resistance(self) -> Tensor:
        """v/i (t',) at the steps where a current flows."""
        flows = self.current != 0
        return self.voltage[flows] / self.current[flows]

    def frame(self) -> pd.DataFrame:
        """One row a step; one row of gaps where there is no current."""
        none = torch.full((1,), torch.nan)
        v, i = (self.voltage, self.current) if len(self.voltage) else (none, none)
        return pd.DataFrame({"step": range(len(v)), "voltage": v, "current": i})

    @property
    def says(self) -> str:
        if not len(self.voltage):
            return "this network is no circuit: it has no currents that could lag behind their voltages."
        if not bool(self.voltage.isfinite().all() & self.current.isfinite().all()):
            return "this circuit has left the finite numbers."
        if not len(self.resistance):
            return f"no current flows through branch {self.branch}."
        low, high = float(self.resistance.min()), float(self.resistance.max())
        return (f"the resistance of branch {self.branch} moves between {low:.3g} and {high:.3g}, in units of R_on; "
                f"voltage and current vanish together.")

    @property
    def says_not(self) -> str:
        return ("that a wide loop is a good memory: its width depends on how fast the source swings, and under a fast "
                "one every memristor is a plain resistor.")


def hysteresis(trace: Trace, *, row: int = 0, branch: int = 0) -> Hysteresis:
    """Voltage and current of one branch over one sequence of a pass.

    A circuit is a cell with a method ``currents``. Raises ValueError, in one sentence, for a row or a branch that is
    not there.
    """
    if not 0 <= row < trace.batch_size:
        raise ValueError(f"There are sequences 0 to {trace.batch_size - 1}; {row} is not among them.")
    if not hasattr(trace.cell, "currents"):
        return Hysteresis(torch.zeros(0), torch.zeros(0), branch, row)
    v, i = (trace.probes[name].detach().cpu().double()[row] for name in "vi")                            # (t, n)
    if not 0 <= branch < v.shape[1]:
        raise ValueError(f"There are branches 0 to {v.shape[1] - 1}; {branch} is not among them.")
    there = existing(trace)[row].cpu()
    return Hysteresis(v[there, branch], i[there, branch], branch, row)
