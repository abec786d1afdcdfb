"""Which units count?

    s_k = mean of c_t − c_{t−1} over the steps at which symbol k is read

A unit that goes up by the same amount with one symbol and down with another draws a triangle on aⁿbⁿ. Of a cell without
a cell state, its hidden units are looked at. Gers & Schmidhuber 2001; Weiss, Goldberg & Yahav, *On the practical
computational power of finite precision RNNs for language recognition*, 2018.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.memory_span import existing, kept_fields
from rnn_core.records import Batch, Card, Result
from rnn_core.records.trees import paths

CARD = Card(title="Counters", row="D15", year=2018,
            reference="Weiss, Goldberg & Yahav, On the practical computational power of finite precision RNNs for "
                      "language recognition, 2018",
            summary="By how much each unit rises or falls with each symbol: a counter goes up with one, down with "
                    "another.",
            equations={"s": "s_k = mean of c_t − c_{t−1} over the steps that read symbol k"}, symbols={"s": "cell"})


@dataclass(frozen=True, eq=False)
class Counters(Result):
    """``values`` (b, t + 1, n): the units, those before the first step in front, NaN where no step is.

    ``slopes`` (k, n) is the mean change of each unit with each of the ``symbols`` and ``spread`` (k, n) its standard
    deviation, NaN for a symbol that is not read; ``read`` (b, t) are the symbols, −1 where there is none. ``units``
    (n,) are names, ``tone`` the colour meaning. ``best``, ``up`` and ``down`` are the unit and the two symbols with the
    largest rise and fall, taking the smaller of the two. Nothing is found where inputs are numbers: ``why`` says so.
    """

    values: Tensor
    slopes: Tensor
    spread: Tensor
    read: Tensor
    units: tuple[str, ...]
    symbols: tuple[str, ...]
    tone: str
    why: str = ""

    @property
    def strength(self) -> Tensor:
        """(n,) the smaller of each unit's largest rise and largest fall; 0 where it only rises or only falls."""
        known = self.slopes.nan_to_num(0.0)
        return torch.minimum(known.amax(0), -known.amin(0)).clamp(min=0)

    @property
    def best(self) -> int:
        """The unit that counts most."""
        return int(self.strength.argmax())

    @property
    def up(self) -> int:
        """The symbol with which the best unit rises most."""
        return int(self.slopes[:, self.best].nan_to_num(0.0).argmax())

    @property
    def down(self) -> int:
        """The symbol with which the best unit falls most."""
        return int(self.slopes[:, self.best].nan_to_num(0.0).argmin())

    def frame(self) -> pd.DataFrame:
        """One row a unit and symbol; where there is nothing, one row that says why."""
        if self.why:
            return pd.DataFrame({"unit": [None], "symbol": [self.why]})
        k, n = self.slopes.shape
        return pd.DataFrame({"unit": [u for u in self.units for _ in range(k)], "symbol": list(self.symbols) * n,
                             "mean change": self.slopes.T.flatten().tolist(),
                             "standard deviation": self.spread.T.flatten().tolist()})

    @property
    def says(self) -> str:
        if self.why:
            return f"nothing is counted here: {self.why}."
        if not self.strength.any():
            return "no unit rises with one symbol and falls with another."
        best, up, down = self.best, self.up, self.down
        rise, fall = float(self.slopes[up, best]), -float(self.slopes[down, best])
        return (f"{self.units[best]} counts most: with each {self.symbols[up]} it rises by {rise:.3g}, give or take "
                f"{float(self.spread[up, best]):.2g}, and with each {self.symbols[down]} it falls by {fall:.3g}, give "
                f"or take {float(self.spread[down, best]):.2g}.")

    @property
    def says_not(self) -> str:
        return ("that the network answers by this unit: the readout may listen to others; nor that a rise stays as "
                "steep on longer strings, for a squashed unit has an end.")


@torch.no_grad()
def counters(network: Any, batch: Batch, task: Any) -> Counters:
    """Mean change of every unit of the first pass with every symbol; inputs must be symbols, one of k at each step."""
    like = next(network.parameters())
    mask = None if batch.mask is None else batch.mask.to(like.device)
    trace = network.trace(batch.x.to(like), mask=mask).main
    there, x = existing(trace).cpu(), batch.x.cpu()
    field, tone, _ = kept_fields(trace)[0]
    before, after = (dict(paths(tree))[field].flatten(2).double().cpu() for tree in (trace.entering, trace.states))
    n, k = after.shape[-1], x.shape[-1]
    values = torch.cat([before[:, :1], torch.where(there.unsqueeze(-1), after, torch.nan)], 1)
    seen, why = x[there], ""
    if not bool(((seen == 0) | (seen == 1)).all() and (seen.sum(-1) == 1).all()):
        why = "what is read are numbers, not symbols"
    elif not after[there].isfinite().all():
        why = "the network has left the finite numbers"
    slopes = torch.full((2, k, n), torch.nan, dtype=torch.float64)
    read = torch.where(there, x.argmax(-1), -1)
    if not why:
        change = after - before
        for symbol in read[there].unique().tolist():
            steps = change[read == symbol]
            slopes[:, symbol] = torch.stack([steps.mean(0), steps.std(0, unbiased=False)])
    return Counters(values, *slopes, read, tuple(f"{field}[{j}]" for j in range(n)), _names(task, k), tone, why)


def _names(task: Any, count: int) -> Sequence[str]:
    """The names of the symbols, or their numbers."""
    names = tuple(getattr(task, "alphabet", None) or ())
    return names if len(names) == count else tuple(str(k) for k in range(count))
