"""How many past inputs does a network hold, all lags added up?

    MC_k = the share of the variance of u_{t−k} that the best linear readout of the state s_t explains, R²
    MC = Σ_k MC_k ≤ the number of units

u is uniform in ±1, independent from step to step, at one input; the other inputs are 0. The readouts are found by least
squares (ridge 10⁻⁹) on half of the sequences and scored on the other half, so that a lag that is not held can score a
little below 0; the sum counts 0 for it. An answer on its way back is no unit and is not read. A shift register of N
units holds exactly N. Jaeger, *Short term memory in echo state networks*, 2002.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from sklearn.linear_model import Ridge
from torch import Tensor

from rnn_core.records import Batch, Card, Result, Trace
from rnn_core.records.trees import leaves, paths, tmap

CARD = Card(title="Memory capacity", row="D10", year=2002,
            reference="Jaeger, Short term memory in echo state networks, 2002",
            summary="How much of the input of k steps ago can be read off the state by a straight line, lag by lag.",
            equations={"MC": "MC = Σ_k R²(u_{t−k} from s_t)"}, symbols={"MC": "hidden"})
HELD = 0.99


@dataclass(frozen=True, eq=False)
class MemoryCapacity(Result):
    """``shares`` (k,): MC_k for lags 0, 1, … on sequences the readouts never saw, NaN where the states are not finite.

    ``units`` is the number of state numbers that were read, ``scored`` that of steps.
    """

    shares: Tensor
    units: int
    scored: int

    @property
    def total(self) -> float:
        """MC, the sum over all lags, 0 counted for a share below it."""
        return float(self.shares.clamp(min=0).sum())

    def frame(self) -> pd.DataFrame:
        """One row a lag: its share and the sum up to there."""
        return pd.DataFrame({"lag": range(len(self.shares)), "share": self.shares.tolist(),
                             "sum": self.shares.clamp(min=0).cumsum(0).tolist()})

    @property
    def says(self) -> str:
        if bool(self.shares.isnan().any()):
            return "there is no capacity to tell here: this network has left the finite numbers."
        lost = (self.shares < HELD).nonzero().flatten()
        whole = int(lost[0]) if len(lost) else len(self.shares)
        return (f"of {len(self.shares)} inputs back to lag {len(self.shares) - 1} the state of {self.units} numbers "
                f"holds {self.total:.2f} in all; the latest {whole} of them are held to {HELD:.0%} or better.")

    @property
    def says_not(self) -> str:
        return ("what is held in a bent form, which a straight line cannot read, nor what lies further back than the "
                "last lag, nor how much of inputs of another kind or size would be held.")


def memory_capacity(network: Any, batch: Batch, *, channel: int = 0, lags: int = 20, steps: int = 100,
                    sequences: int = 32, seed: int = 0) -> MemoryCapacity:
    """MC_k for lags 0 to ``lags`` of noise at one input; of ``batch`` only the form of its inputs is used.

    Raises ValueError, in one sentence, for inputs that are symbols, an input that is not there, too few sequences or
    steps.
    """
    first = leaves(batch.x)[0]
    if not first.is_floating_point():
        raise ValueError("These inputs are symbols and not numbers: no noise can be put in.")
    if not 0 <= channel < first.shape[2]:
        raise ValueError(f"There are inputs 0 to {first.shape[2] - 1}; {channel} is not among them.")
    if sequences < 2 or not 0 <= lags < steps:
        raise ValueError(f"Lags 0 to {lags} need at least two sequences and more than {lags} steps; there were "
                         f"{sequences} of {steps}.")
    noise = 2 * torch.rand(sequences, steps, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 1
    u = noise.to(first)
    given = iter(leaves(batch.x))
    x = tmap(lambda v: next(given).new_zeros(sequences, steps, *v.shape[2:]), batch.x)
    leaves(x)[0][:, :, channel] = u
    with torch.no_grad():
        trace = network.trace(x)
    s, half = torch.cat([_kept(one) for one in trace.passes], -1)[:, lags:], sequences // 2      # (b, t − lags, n)
    past = u.double().cpu().unfold(1, lags + 1, 1).flip(-1)                          # (b, t − lags, lags + 1)
    shares = torch.full((lags + 1,), torch.nan, dtype=torch.float64)
    if bool(s.isfinite().all()) and float(s.abs().max()) < 1e9:
        shares = _shares(s[:half].flatten(0, 1), past[:half].flatten(0, 1), s[half:].flatten(0, 1),
                         past[half:].flatten(0, 1))
    return MemoryCapacity(shares, s.shape[-1], (sequences - half) * (steps - lags))


def _kept(one: Trace) -> Tensor:
    """(b, t, n) what a pass carries on, in float64, without answers where there is anything else."""
    fields = [(name, v) for name, v in paths(one.states) if v.is_floating_point()]
    symbols = one.cell.card.symbols
    units = [v for name, v in fields if symbols.get(name) != "prediction"] or [v for _, v in fields]
    return torch.cat([v.flatten(2) for v in units], -1).double().cpu()


def _shares(s: Tensor, past: Tensor, held_s: Tensor, held_past: Tensor) -> Tensor:
    """R² (k,) of each lag on the held-out part, by readouts of the other, states in units of their deviations."""
    scale = s.std(0).clamp(min=1e-12)
    scale = torch.where(s.std(0) > 1e-12, scale, torch.ones_like(scale))
    readout = Ridge(alpha=1e-9, solver="svd").fit((s / scale).numpy(), past.numpy())
    said = torch.from_numpy(readout.predict((held_s / scale).numpy())).reshape(held_past.shape)
    return 1 - (held_past - said).pow(2).sum(0) / (held_past - held_past.mean(0)).pow(2).sum(0)
