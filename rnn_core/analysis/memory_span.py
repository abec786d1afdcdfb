"""How long does each unit keep what it holds?

    c_t = f_t ⊙ c_{t−1} + …,   f̄ = mean of f_t,   memory = −1/ln f̄ steps

After so many steps a unit that takes nothing in has 1/e of its value left. A cell without a keep gate has no such
number; of its units the decay of the autocorrelation is measured instead, ρ(k) ≈ e^{−k/τ}, and said to be that.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Card, Result, Trace
from rnn_core.records.trees import paths

CARD = Card(title="Memory of each unit", row="D12", year=2000,
            reference="Gers, Schmidhuber & Cummins, Learning to forget, 2000; Tallec & Ollivier, 2018",
            summary="How many steps each unit keeps its value, read from its keep gate; measured where there is none.",
            equations={"f": "memory = −1/ln f̄", "ρ": "ρ(k) ≈ e^{−k/τ}"}, symbols={"f": "forget", "ρ": "hidden"})
FAINT, NOTHING = math.exp(-2), 1e-12


@dataclass(frozen=True, eq=False)
class MemorySpan(Result):
    """``values`` (b, t, n): what is kept, NaN where no step is; ``units`` (n,) their names; ``tones`` (n,) colours.

    ``memory`` (n,) is in steps, inf for a unit that never lets go, NaN for one of which nothing can be said. ``keep``
    (n,) is the mean keep gate and ``through`` (n,) the memory of the product of all gates, −1/mean(ln f), which a
    single closed step shortens; both are None where the cell has no keep gate and ``memory`` is the fitted decay τ.
    """

    values: Tensor
    units: tuple[str, ...]
    tones: tuple[str, ...]
    memory: Tensor
    keep: Tensor | None = None
    through: Tensor | None = None

    @property
    def order(self) -> Tensor:
        """(n,) the units, longest memory first, those without a number last."""
        return torch.argsort(self.memory.nan_to_num(-1.0, torch.inf), descending=True, stable=True)

    def frame(self) -> pd.DataFrame:
        """One row a unit, longest memory first."""
        columns = {"mean keep gate": self.keep, "memory in steps": self.memory, "by the product of gates": self.through}
        if self.keep is None:
            columns = {"decay of the autocorrelation in steps": self.memory}
        table = {"unit": [self.units[k] for k in self.order.tolist()]}
        return pd.DataFrame(table | {name: v[self.order].tolist() for name, v in columns.items()})

    @property
    def says(self) -> str:
        known = self.memory[~self.memory.isnan()]
        if not len(known):
            return ("there is no memory to measure here: the sequences are too short, the units never move, or the "
                    "network has left the finite numbers.")
        best = int(self.order[0])
        longest, middle = in_steps(float(self.memory[best])), in_steps(float(known.median()))
        if self.keep is None:
            return (f"this cell has no keep gate, so the decay of the autocorrelation was measured: it takes "
                    f"{longest} in {self.units[best]} and {middle} in the median unit.")
        return (f"on these sequences {self.units[best]} keeps {float(self.keep[best]):.1%} a step, a memory of "
                f"{longest}; the median unit has one of {middle}.")

    @property
    def says_not(self) -> str:
        if self.keep is None:
            return ("that a unit keeps anything by itself: an input that changes slowly, or other units that hand a "
                    "value back, look just the same.")
        return ("that what is kept is ever used, or that it survives: a single closed step wipes a unit out, whatever "
                "the mean of its gate, and other units may hand the value on.")


def in_steps(value: float) -> str:
    """A number of steps in words."""
    if value > 1e6:
        return "more than a million steps"
    return f"{value:.1f} steps" if value < 10 else f"{value:,.0f} steps"


def memory_span(trace: Trace) -> MemorySpan:
    """Mean keep gate and memory of every unit of a pass; of a stack, all layers' units together."""
    there = existing(trace).unsqueeze(-1)
    parts = [_layer(trace, there, *found) for found in kept_fields(trace)]
    values, units, tones, memory, keep, through = zip(*parts)
    gated = all(k is not None for k in keep)
    if not gated:
        memory = tuple(decay(v, there) for v in values)
    return MemorySpan(torch.cat(values, -1), sum(units, ()), sum(tones, ()), torch.cat(memory),
                      torch.cat(keep) if gated else None, torch.cat(through) if gated else None)


def existing(trace: Trace) -> Tensor:
    """(b, t) true at steps that exist."""
    every = torch.ones(trace.batch_size, trace.length, dtype=torch.bool, device=trace.outputs.device)
    return every if trace.mask is None else trace.mask


def kept_fields(trace: Trace) -> list[tuple[str, str, str | None]]:
    """(field, its colour meaning, its keep gate or None) of each layer: what the card calls a cell, else a state."""
    symbols = trace.cell.card.symbols
    layers: dict[str, list[str]] = {}
    widths = {name: v[0, 0].numel() for name, v in paths(trace.states) if v.is_floating_point()}
    for name in widths:
        layers.setdefault(name.rpartition(".")[0], []).append(name)
    found = []
    for prefix, fields in layers.items():
        ranked = sorted(fields, key=lambda f: ["cell", "hidden"].index(symbols[f]) if symbols.get(f) in
                        ("cell", "hidden") else 2)
        gates = [name for name, probe in trace.probes.items() if symbols.get(name) == "forget"
                 and name.rpartition(".")[0] == prefix and probe[0, 0].numel() in (1, widths[ranked[0]])]
        found.append((ranked[0], symbols.get(ranked[0], "hidden"), gates[0] if gates else None))
    return found


def _layer(trace: Trace, there: Tensor, field: str, meaning: str, gate: str | None) -> tuple[
        Tensor, tuple[str, ...], tuple[str, ...], Tensor, Tensor | None, Tensor | None]:
    """Values, names, tones, memory, mean gate and memory of the product, of one layer."""
    values = dict(paths(trace.states))[field].flatten(2)
    n = values.shape[-1]
    values = torch.where(there, values, torch.full_like(values, torch.nan))
    units, tones = tuple(f"{field}[{k}]" for k in range(n)), (meaning,) * n
    if gate is None:
        return values, units, tones, torch.full((n,), torch.nan, dtype=torch.float64), None, None
    f = trace.probes[gate].flatten(2).double().expand(-1, -1, n)

    def mean(v: Tensor) -> Tensor:
        return torch.where(there, v, torch.zeros_like(v)).sum((0, 1)) / there.sum()

    keep = mean(f)
    return values, units, tones, _steps(keep.log()), keep, _steps(mean(f.log()))


def _steps(log: Tensor) -> Tensor:
    """−1/ln f, inf where nothing is lost."""
    return torch.where(log >= 0, torch.full_like(log, torch.inf), -1 / log)


def decay(values: Tensor, there: Tensor) -> Tensor:
    """τ (n,) of units (b, t, n): least squares of ln ρ(k) = −k/τ over the lags before ρ first falls below e⁻².

    Lag 1 always counts. What all sequences share at a step is taken out first; of a single sequence, its mean. NaN for
    a unit that never moves or is not finite, and where there are too few steps.
    """
    own = torch.where(there, values, torch.zeros_like(values)).double()
    axis = 0 if values.shape[0] > 1 else 1
    mean = own.sum(axis, keepdim=True) / there.sum(axis, keepdim=True).clamp(min=1)
    rho = _autocorrelation(torch.where(there, own - mean, torch.zeros_like(own)), there)          # (k, n)
    if len(rho) < 2:
        return torch.full_like(rho[0], torch.nan)
    used = (rho >= FAINT).cumprod(0).bool()
    used[1] = True
    k = torch.arange(len(rho), dtype=rho.dtype, device=rho.device).unsqueeze(-1) * used
    rate = -(k * rho.clamp(min=NOTHING).log()).sum(0) / k.square().sum(0)
    tau = torch.where(rate.isnan() | (rate > 0), 1 / rate, torch.full_like(rate, torch.inf))
    return torch.where(rho[1] > 0, tau, torch.where(rho[1].isnan(), rho[1], torch.zeros_like(tau)))


def _autocorrelation(d: Tensor, there: Tensor) -> Tensor:
    """ρ (k, n) of deviations (b, t, n) for lags up to half of the steps, by Fourier transforms; NaN for what rests."""
    t = d.shape[1]
    lags = max(1, (t + 1) // 2)

    def pairs(v: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(v.double(), 2 * t, dim=1)
        return torch.fft.irfft(spectrum.abs().square(), 2 * t, dim=1)[:, :lags].sum(0)

    together = pairs(d) / pairs(there).round().clamp(min=1)
    scale = d.square().sum((0, 1)) / there.sum((0, 1)).clamp(min=1)
    return torch.where(scale > NOTHING**2, together / scale, torch.full_like(together, torch.nan))
