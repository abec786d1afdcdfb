"""How long does each unit hold on to what it has seen, beside what its leak or its gate would give it alone?

    ρ(k) ≈ e^{−k/τ}      measured: fitted to the autocorrelation of each unit, over sequences and steps
    τ = −1/ln(1 − a)     known: of a leak a a step, or −1/ln f̄ of the mean keep gate

For a linear unit that hears nothing but white noise the two agree. Where they differ, the difference is the work of
the input and of the other units. Yamashita & Tani, *Emergence of functional hierarchy in a multiple timescale neural
network model*, 2008.
"""
from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.memory_span import decay, existing, in_steps, kept_fields, memory_span
from rnn_core.records import Card, Result, Trace
from rnn_core.records.trees import paths

CARD = Card(title="Time constants", row="D16", year=2008,
            reference="Yamashita & Tani, Emergence of functional hierarchy in a multiple timescale neural network "
                      "model, 2008",
            summary="How slowly each unit really moves, beside the time constant of its own leak or keep gate.",
            equations={"ρ": "ρ(k) ≈ e^{−k/τ}", "τ": "τ = −1/ln(1 − a)"}, symbols={"ρ": "hidden", "τ": "theory"})


@dataclass(frozen=True, eq=False)
class TimeConstants(Result):
    """``measured`` (n,) and ``known`` (n,) time constants of the ``units`` in steps.

    Measured ones are inf for a unit that never lets go, NaN for one of which nothing can be said; known ones are NaN
    where a unit has neither leak nor gate. ``source`` says which it is: "leak", "keep gate" or "".
    """

    units: tuple[str, ...]
    measured: Tensor
    known: Tensor
    source: str

    def frame(self) -> pd.DataFrame:
        """One row a unit."""
        return pd.DataFrame({"unit": self.units, "measured in steps": self.measured, "known in steps": self.known})

    @property
    def says(self) -> str:
        there = self.measured[~self.measured.isnan()]
        if not len(there):
            return ("there is nothing to measure here: the sequences are too short, the units never move, or the "
                    "network has left the finite numbers.")
        middle, slowest = float(there.median()), float(there.max())
        told = f"the median unit forgets within {in_steps(middle)}, the slowest within {in_steps(slowest)}"
        both = self.known[~self.known.isnan()]
        if not len(both):
            return f"{told}; these units have neither leak nor keep gate of their own to compare with."
        return f"{told}; by its {self.source} alone the median would be {in_steps(float(both.median()))}."

    @property
    def says_not(self) -> str:
        return ("that a unit is slow by itself: an input that changes slowly, or other units that hand a value back, "
                "slow it down, and only for linear units under white noise must the two numbers agree.")


def time_constants(trace: Trace) -> TimeConstants:
    """Fitted decay of every unit of a pass beside the time constant of its leak, or of its mean keep gate.

    A cell with leaks tells them by ``keeps()``: field → (n,) the share that a unit has left after a step alone.
    """
    there = existing(trace).unsqueeze(-1)
    fields = [name for name, _, _ in kept_fields(trace)]
    values = {name: v.flatten(2) for name, v in paths(trace.states)}
    measured = torch.cat([decay(values[name], there) for name in fields])
    units = tuple(f"{name}[{k}]" for name in fields for k in range(values[name].shape[-1]))
    leaks = trace.cell.keeps() if hasattr(trace.cell, "keeps") else {}
    if set(fields) <= set(leaks):
        keep = torch.cat([leaks[name].detach().double() for name in fields])
        known = torch.where(keep >= 1, torch.inf, torch.where(keep <= 0, 0.0, -1 / keep.clamp(min=1e-300).log()))
        return TimeConstants(units, measured, known, "leak")
    span = memory_span(trace)
    if span.keep is not None:
        return TimeConstants(units, measured, span.memory, "keep gate")
    return TimeConstants(units, measured, torch.full_like(measured, torch.nan), "")
