"""Why does it forget? ‖dL/dh_t‖ over time: where the error fades, nothing can be learnt from what stood there."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.costates import costates
from rnn_core.records import Batch, Card, Result
from rnn_core.records.trees import leaves

CARD = Card(title="Gradients through time", row="D2", year=1991,
            reference="Hochreiter, Untersuchungen zu dynamischen neuronalen Netzen, 1991",
            summary="The size of the error signal at every step, on an absolute scale with a floor.",
            equations={"g": "‖dL/ds_t‖"}, symbols={"g": "gradient"})
FLOOR = 1e-6


@dataclass(frozen=True, eq=False)
class GradientNorms(Result):
    """``norms`` (b, t): ‖dL/ds_t‖ of the state that enters step t, each sequence by its own loss; NaN where no step is.

    ``name`` tells which pass, ``floor`` is the size below which a signal is too small to teach.
    """

    norms: Tensor
    name: str = "h"
    floor: float = FLOOR

    def frame(self) -> pd.DataFrame:
        """One row a sequence and step."""
        b, t = self.norms.shape
        return pd.DataFrame({"sequence": torch.arange(b).repeat_interleave(t), "t": torch.arange(t).repeat(b),
                             "norm": self.norms.flatten().cpu()})

    @property
    def median(self) -> Tensor:
        """(t,) median over the sequences that have the step."""
        return self.norms.nanmedian(0).values

    @property
    def horizon(self) -> int | None:
        """The last step before the first whose median signal reaches the floor; None when even the first is heard."""
        heard = (self.median >= self.floor).nonzero().flatten()
        first = int(heard[0]) if len(heard) else len(self.median)
        return first - 1 if first else None

    @property
    def says(self) -> str:
        known = self.median[~self.median.isnan()]
        if not len(known):
            return "there is no error signal to measure here: this network has left the finite numbers."
        first = float(known[0])
        if self.horizon is None:
            return f"on these sequences the error is still heard at the first step, at {first:.1e}."
        return (f"on these sequences nothing up to step {self.horizon} hears the error: it arrives below "
                f"{self.floor:.0e}.")

    @property
    def says_not(self) -> str:
        return ("that it will stay so with other weights or lengths; and Adam rescales what it is given, so small is "
                "not lost.")


def gradient_norms(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor],
                   which: int = 0) -> GradientNorms:
    """Norms of the costates of one pass (``which``), all fields of the state together."""
    found = costates(network, batch, loss)
    parts = [v.flatten(2) for v in leaves(found.passes[which]) if v.is_floating_point()]
    norms = torch.cat(parts, -1).norm(dim=-1)
    if batch.mask is not None:
        norms = torch.where(batch.mask, norms, torch.full_like(norms, torch.nan))
    return GradientNorms(norms, found.trace.passes[which].name)
