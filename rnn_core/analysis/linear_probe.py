"""How much of the past can be read off the state?

    R²(k) = 1 − Σ (x_{t−k} − x̂_{t−k})² / Σ (x_{t−k} − mean)²,   x̂_{t−k} = P_k s_t + p_k

P_k is fitted by ridge regression, for every lag k apart, on the first three quarters of the sequences and scored on the
others. s_t is all that the pass carries from step to step. R² is 1 where a lag can be read perfectly; below 0 the probe
is worse than always saying the mean. Jaeger, *Short term memory in echo state networks*, 2001; Alain & Bengio, 2016.
"""
from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import one_hot, pad

from rnn_core.analysis.memory_span import existing
from rnn_core.records import Card, Result, Trace
from rnn_core.records.trees import leaves

CARD = Card(title="Linear probe", row="D1", year=2001,
            reference="Jaeger, Short term memory in echo state networks, 2001; Alain & Bengio, 2016",
            summary="How well the input of k steps ago can be read off the state by a linear map, lag by lag.",
            equations={"R²": "R²(k) of x̂_{t−k} = P_k s_t + p_k"}, symbols={"R²": "hidden"})
LAGS, SHOWN, ENOUGH, STILL = 60, 8, 2, 1e-12


@dataclass(frozen=True, eq=False)
class LinearProbe(Result):
    """``lags`` (k,), ``score`` (k,) R² over all inputs together, ``inputs`` (k, i) of each input alone.

    NaN where nothing varies, or where there are too few pairs to fit; values below 0 are left as they are. ``pairs``
    (k,) were scored, ``width`` numbers make up the state, ``name`` tells which pass.
    """

    lags: Tensor
    score: Tensor
    inputs: Tensor
    pairs: Tensor
    width: int
    name: str = "h"

    @property
    def reach(self) -> int | None:
        """The last lag before R² first falls below one half; None when that is already so at the first."""
        good = (self.score >= 0.5).cumprod(0)
        return int(self.lags[int(good.sum()) - 1]) if good.any() else None

    @property
    def capacity(self) -> float:
        """Σ_k max(R²(k), 0), each lag that was left out counted as its neighbour before."""
        known = self.score.nan_to_num(0.0).clamp(min=0)
        return float((known * torch.diff(self.lags, append=self.lags[-1:] + 1)).sum())

    def frame(self) -> pd.DataFrame:
        """One row a lag; with few inputs a column for each."""
        table = {"lag": self.lags.tolist(), "R²": self.score.tolist(), "pairs scored": self.pairs.tolist()}
        if 1 < self.inputs.shape[1] <= SHOWN:
            table |= {f"R² of input {k}": v.tolist() for k, v in enumerate(self.inputs.unbind(1))}
        return pd.DataFrame(table)

    @property
    def says(self) -> str:
        if self.score.isnan().all():
            return ("nothing can be probed here: there are too few sequences for the size of this state, no input "
                    "varies, or the network has left the finite numbers.")
        total = f"over all lags R² adds up to {self.capacity:.1f} steps"
        if self.reach is None:
            return f"on new sequences a linear map reads not even half of the input of this very step; {total}."
        return (f"on new sequences a linear map reads at least half of the variance of the input up to "
                f"{self.reach} step{'s' * (self.reach != 1)} back; {total}.")

    @property
    def says_not(self) -> str:
        return ("that the network uses what can be read, or has lost what cannot: a map that is not linear might find "
                "it, and what the task does not need may fade on purpose.")


def linear_probe(trace: Trace, *, lags: int | None = None, ridge: float = 1e-4) -> LinearProbe:
    """R² of reading the input of k steps ago off the state, for lags 0 to ``lags``, by default all that there are.

    ``ridge`` ≥ 0 weighs P against the fit, a pair and a standardised number of the state. More than 60 lags are thinned
    out evenly. "Ago" is in the order in which the pass reads. Raises ValueError, in one sentence, for fewer than two
    sequences or a pass that reads nothing.
    """
    if trace.batch_size < 2:
        raise ValueError("A probe learns on some sequences and is scored on others, so it needs at least two.")
    x, there = trace.in_time(readable(trace.x)).double(), trace.in_time(existing(trace))
    fields = [v.detach().flatten(2).double() for v in leaves(trace.states) if v.is_floating_point()]
    state = trace.in_time(torch.cat(fields, -1))
    t = trace.length
    top = t - 1 if lags is None else min(lags, t - 1)
    chosen = torch.linspace(0, top, min(top + 1, LAGS)).round().long().unique()
    many = min(max(3 * trace.batch_size // 4, 1), trace.batch_size - 1)
    z = _standardised(state, there, many)
    gram, cross, fitted = _moments(z[:many], x[:many], there[:many], chosen.tolist())
    size = torch.full((z.shape[-1],), ridge, dtype=z.dtype, device=z.device)
    size[-1] = STILL
    maps = torch.linalg.solve(gram + torch.diag(size) * fitted.clamp(min=1)[:, None, None], cross)      # (k, s + 1, i)
    wrong, spread, pairs = (torch.stack(v) for v in zip(*(
        _errors(*_pair(z[many:], x[many:], there[many:], k), P) for k, P in zip(chosen.tolist(), maps))))
    unknown = ((fitted < ENOUGH * z.shape[-1]) | (pairs < ENOUGH)).unsqueeze(1)

    def score(wrong: Tensor, spread: Tensor) -> Tensor:
        return torch.where(unknown | (spread <= STILL), torch.nan, 1 - wrong / spread.clamp(min=STILL))

    return LinearProbe(chosen, score(wrong.sum(1, True), spread.sum(1, True))[:, 0], score(wrong, spread), pairs,
                       z.shape[-1] - 1, trace.name or "h")


def readable(x: object) -> Tensor:
    """(b, t, i) numbers of an input tree: its first field; symbols become one of as many as there are."""
    found = leaves(x)
    if not found:
        raise ValueError("This pass reads nothing, so there is nothing of its past to look for.")
    first = found[0]
    if not first.is_floating_point():
        kinds, place = first.unique(return_inverse=True)
        first = one_hot(place, len(kinds)).float()
    return first.unsqueeze(-1) if first.dim() == 2 else first.detach().flatten(2)


def _standardised(state: Tensor, there: Tensor, many: int) -> Tensor:
    """[z, 1] (b, t, s + 1): every number with mean 0 and variance 1 over the first ``many``; 0 where it never moves."""
    seen = state[:many][there[:many]]
    mean, spread = seen.mean(0), seen.std(0, correction=0)
    z = torch.where(spread <= STILL, torch.zeros_like(state), (state - mean) / spread.clamp(min=STILL))
    return pad(torch.where(there.unsqueeze(-1), z, torch.zeros_like(z)), (0, 1), value=1.0)


def _pair(z: Tensor, x: Tensor, there: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """States (p, s + 1) and the inputs (p, i) of k steps before, of all pairs that exist."""
    both = _paired(there, k)
    return z[both], x[both.roll(-k, 1)]


def _paired(there: Tensor, k: int) -> Tensor:
    """(b, t) true where a step exists, and the one k steps before it."""
    return there & pad(there, (k, 0))[:, :there.shape[1]]


def _moments(z: Tensor, x: Tensor, there: Tensor, lags: list[int]) -> tuple[Tensor, Tensor, Tensor]:
    """Σ z zᵀ (k, s + 1, s + 1) and Σ z xᵀ (k, s + 1, i) over the pairs of every lag, and how many they are (k,).

    A lag's Σ z zᵀ follows from that of the lag before by the pairs that come and go.
    """
    gram, used = z.new_zeros(z.shape[-1], z.shape[-1]), torch.zeros_like(there)
    grams, crosses, counts = [], [], []
    for k in lags:
        now = _paired(there, k)
        come, go = z[now & ~used], z[used & ~now]
        gram, used = gram + come.T @ come - go.T @ go, now
        states, inputs = _pair(z, x, there, k)
        grams.append(gram)
        crosses.append(states.T @ inputs)
        counts.append(now.sum())
    return torch.stack(grams), torch.stack(crosses), torch.stack(counts)


def _errors(z: Tensor, x: Tensor, P: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Squared errors (i,), squared deviations from the mean (i,), and the number of pairs."""
    return (x - z @ P).square().sum(0), (x - x.mean(0)).square().sum(0), torch.tensor(len(z), device=z.device)
