"""How many past inputs does a network hold, all lags added up?

    MC_k = the share of the variance of u_{t−k} that the best linear readout of the state s_t explains, R²
    MC = Σ_k MC_k ≤ the number of units
    MC_k = v_kᵀ Γ⁻¹ v_k,  Γ = Σ_k v_k v_kᵀ     theory, where states are linear in u: v_k is what u_{t−k} leaves in s_t

u is uniform in ±1, independent from step to step, at one input; the other inputs are 0. The readouts are found by least
squares (ridge 10⁻¹⁸) on half of the sequences and scored on the other half, so that a lag that is not held can score a
little below 0; the sum counts 0 for it. An answer on its way back is no unit and is not read. In exact arithmetic
theory adds up, over all lags, to the number of directions that the input reaches: N for most reservoirs, and exactly N
for a shift register of N units. In double precision directions that are too faint are lost; theory is told with the
same ridge as the readouts, which leaves them out. Jaeger, *Short term memory in echo state networks*, 2002.
"""
from __future__ import annotations

import copy
from collections.abc import Callable
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
HELD, LINEAR, RIDGE, LONGEST = 0.99, 1e-6, 1e-18, 400


@dataclass(frozen=True, eq=False)
class MemoryCapacity(Result):
    """``shares`` (k,): MC_k for lags 0, 1, … on sequences the readouts never saw, NaN where the states are not finite.

    ``units`` is the number of state numbers that were read, ``fitted`` and ``scored`` those of steps to learn from and
    to be scored on. ``theory`` (k,) is v_kᵀ Γ⁻¹ v_k, empty for states that are not linear in the input; ``whole`` is
    the sum of it over all lags.
    """

    shares: Tensor
    units: int
    fitted: int
    scored: int
    theory: Tensor
    whole: float

    @property
    def bias(self) -> float:
        """About what a lag that is not held scores: −n / (m − n − 1) for n numbers read off m steps."""
        return -self.units / max(self.fitted - self.units - 1, 1)

    @property
    def total(self) -> float:
        """MC, the sum over all lags, 0 counted for a share below it."""
        return float(self.shares.clamp(min=0).sum())

    def frame(self) -> pd.DataFrame:
        """One row a lag: its share and the sum up to there."""
        told = {"lag": range(len(self.shares)), "share": self.shares.tolist(),
                "sum": self.shares.clamp(min=0).cumsum(0).tolist()}
        return pd.DataFrame(told | ({"theory": self.theory.tolist()} if len(self.theory) else {}))

    @property
    def says(self) -> str:
        if bool(self.shares.isnan().any()):
            return "there is no capacity to tell here: this network has left the finite numbers."
        lost = (self.shares < HELD).nonzero().flatten()
        whole = int(lost[0]) if len(lost) else len(self.shares)
        return (f"of {len(self.shares)} inputs back to lag {len(self.shares) - 1} the state of {self.units} numbers "
                f"holds {self.total:.2f} in all; the latest {whole} of them are held to {HELD:.0%} or better"
                f"{self._theory}.")

    @property
    def _theory(self) -> str:
        """What theory has to say, where it has."""
        if not len(self.theory):
            return ""
        gap = float((self.theory - self.shares).abs().max())
        lost = "" if self.whole > self.units - 0.5 else \
            f" of at most {self.units}, the rest being too faint for double precision"
        return (f"; theory says {float(self.theory.sum()):.2f} for these lags and {self.whole:.2f} for all{lost}, and "
                f"no share lies further than {gap:.2g} from it")

    @property
    def says_not(self) -> str:
        return ("what is held in a bent form, which a straight line cannot read, nor what lies further back than the "
                "last lag, nor how much of inputs of another kind or size would be held; and the shares are estimates: "
                f"with {self.units} numbers read off {self.fitted:,} steps, a lag that is not held at all scores about "
                f"{self.bias:.2g}.")


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
    wide, half = copy.deepcopy(network).double(), sequences // 2

    def states(u: Tensor) -> Tensor:
        """What is carried on (b, t, n) after each step of u (b, t) at the one input."""
        x = tmap(lambda v: v.new_zeros(*u.shape, *v.shape[2:]), batch.x)
        x = tmap(lambda v: v.double() if v.is_floating_point() else v, x)
        leaves(x)[0][:, :, channel] = u.to(first.device)
        with torch.no_grad():
            return torch.cat([_kept(one) for one in wide.trace(x).passes], -1)

    every = states(noise)
    s = every[:, lags:]                                                              # (b, t − lags, n)
    past = noise.unfold(1, lags + 1, 1).flip(-1)                                     # (b, t − lags, lags + 1)
    shares, theory, whole = torch.full((lags + 1,), torch.nan, dtype=torch.float64), noise.new_zeros(0), 0.0
    if bool(s.isfinite().all()) and float(s.abs().max()) < 1e9:
        fit, test = (slice(0, half), slice(half, None))
        scale = _scale(s[fit].flatten(0, 1))
        shares = _shares(s[fit].flatten(0, 1) / scale, past[fit].flatten(0, 1), s[test].flatten(0, 1) / scale,
                         past[test].flatten(0, 1))
        v = _left(states, noise[0], every[0])
        U, sizes, _ = torch.linalg.svd(v / scale, full_matrices=False)
        felt = U.pow(2) @ (sizes.pow(2) / (sizes.pow(2) + 3 * RIDGE / (half * (steps - lags))))      # ⟨u²⟩ = 1/3
        theory, whole = felt[:lags + 1], float(felt.sum())
    fitted, scored = half * (steps - lags), (sequences - half) * (steps - lags)
    return MemoryCapacity(shares, s.shape[-1], fitted, scored, theory, whole)


def _kept(one: Trace) -> Tensor:
    """(b, t, n) what a pass carries on, in float64, without answers where there is anything else."""
    fields = [(name, v) for name, v in paths(one.states) if v.is_floating_point()]
    symbols = one.cell.card.symbols
    units = [v for name, v in fields if symbols.get(name) != "prediction"] or [v for _, v in fields]
    return torch.cat([v.flatten(2) for v in units], -1).double().cpu()


def _scale(s: Tensor) -> Tensor:
    """(n,) the deviations of states (m, n), 1 for those that do not move."""
    scale = s.std(0)
    return torch.where(scale > 1e-12, scale, torch.ones_like(scale))


def _shares(s: Tensor, past: Tensor, held_s: Tensor, held_past: Tensor) -> Tensor:
    """R² (k,) of each lag on the held-out part, by readouts of the other, states in units of their deviations."""
    readout = Ridge(alpha=RIDGE, solver="svd").fit(s.numpy(), past.numpy())
    said = torch.from_numpy(readout.predict(held_s.numpy())).reshape(held_past.shape)
    return 1 - (held_past - said).pow(2).sum(0) / (held_past - held_past.mean(0)).pow(2).sum(0)


def _left(states: Callable[[Tensor], Tensor], u: Tensor, s: Tensor) -> Tensor:
    """v (k, n): what an impulse leaves after k steps; no row where u (t,) and v do not add up to the states s (t, n).

    As many steps as it takes to fade, ``LONGEST`` beyond t at most.
    """
    t = len(u)
    impulse = u.new_zeros(2, LONGEST + t)
    impulse[0, 0] = 1
    struck, calm = states(impulse)
    v, index = struck - calm, torch.arange(t)
    before = index[:, None] - index
    told = calm[:t] + torch.where(before >= 0, u[before.clamp(min=0)], 0.0) @ v[:t]
    return v if float((told - s).norm()) <= LINEAR * float(s.norm()) else v[:0]
