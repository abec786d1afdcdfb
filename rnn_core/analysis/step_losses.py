"""Which step was asked, and how wrong was it there?

    L = Σ_s L_s,   L_s = (1/N) Σ_b ℓ(y_{b,s}, target_{b,s})   over the N steps of all sequences that count

A step that nobody scores has no loss of its own, so nothing is invented for it. Werbos, *Backpropagation through time*,
1990.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Batch, Card, Result

CARD = Card(title="The loss of each step", row="D5", year=1990,
            reference="Werbos, Backpropagation through time: what it does and how to do it, 1990",
            summary="The loss of every step that is scored; together they are the loss that training lowers.",
            equations={"L": "L = Σ_s L_s"}, symbols={"L": "prediction"})
CLOSE = 1e-3


@dataclass(frozen=True, eq=False)
class StepLosses(Result):
    """``parts`` (t,): what each step adds to the loss, NaN where nobody scores it; ``scored`` (t,): sequences that do.

    ``total`` is the loss as the task itself computes it.
    """

    parts: Tensor
    scored: Tensor
    total: float

    @property
    def means(self) -> Tensor:
        """(t,) mean loss of a sequence that is scored at the step; NaN where none is."""
        return self.parts * self.scored.sum() / self.scored

    @property
    def sums(self) -> Tensor:
        """(t,) the parts added up to each step; the last is the total."""
        return self.parts.nan_to_num(0.0, torch.inf, -torch.inf).cumsum(0)

    def frame(self) -> pd.DataFrame:
        """One row a step: its part, how many sequences are scored there, their mean loss, the sum so far."""
        return pd.DataFrame({"t": range(len(self.parts)), "part": self.parts.cpu(), "scored": self.scored.cpu(),
                             "mean loss": self.means.cpu(), "sum so far": self.sums.cpu()})

    @property
    def says(self) -> str:
        steps = self.scored.nonzero().flatten().tolist()
        if len(steps) == 1:
            return (f"this task asks at step {steps[0]} alone: all of the loss, {self.total:.3g}, is made there, and "
                    "every earlier step must hear of it from there.")
        known = torch.where(self.scored > 0, self.parts, torch.full_like(self.parts, -torch.inf))
        worst = int(known.argmax())
        return (f"on these sequences {len(steps)} steps are scored and together they make the loss of "
                f"{self.total:.3g}; step {worst} adds the most, {float(self.parts[worst]):.2g}.")

    @property
    def says_not(self) -> str:
        return "that the step with the largest loss made the mistake: what it lacks may have been lost much earlier."


def step_losses(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor]) -> StepLosses:
    """The parts of a task's loss, step by step, each got by asking the same loss about one step.

    Raises ValueError, in one sentence, for a loss that is not a mean over the steps that count.
    """
    counted = batch.counted
    scored = counted.sum(0)
    with torch.no_grad():
        y = network(batch.x, mask=batch.mask)
        total = loss(y, batch)
        parts = torch.full(scored.shape, torch.nan, dtype=y.dtype, device=y.device)
        for s in scored.nonzero().flatten().tolist():
            parts[s] = loss(y, only(batch, s)) * scored[s] / scored.sum()
    if bool(total.isfinite()) and not torch.isclose(parts.nansum(), total, rtol=CLOSE, atol=1e-6):
        raise ValueError("This task's loss is not a mean over its steps, so it has no parts.")
    return StepLosses(parts, scored, float(total))


def only(batch: Batch, step: int) -> Batch:
    """The same sequences, scored at one step alone where they were scored there."""
    here = torch.zeros_like(batch.counted)
    here[:, step] = True
    return batch._replace(scored=batch.counted & here)
