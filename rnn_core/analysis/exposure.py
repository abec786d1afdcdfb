"""How much worse is a network that hears itself than one that hears its teacher?

    L_t = (1/N_t) Σ_b ℓ(y_{b,t}, target_{b,t})     forced: the target goes back in the place of y; free: y itself
    gap_t = L_t(free) − L_t(forced)

At the first step nothing has gone back yet, so both runs are the same there. A network that was trained with a teacher
was never exposed to its own mistakes; the gap is what they cost once it is alone. Williams & Zipser 1989; Bengio,
Vinyals, Jaitly & Shazeer, *Scheduled sampling for sequence prediction with recurrent neural networks*, 2015.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.step_losses import only
from rnn_core.records import Batch, Card, Result

CARD = Card(title="Forced and free", row="B15", year=2015,
            reference="Williams & Zipser 1989; Bengio, Vinyals, Jaitly & Shazeer, Scheduled sampling for sequence "
                      "prediction with recurrent neural networks, 2015",
            summary="The loss of every step with a teacher's word fed back, and with the network's own.",
            equations={"gap": "gap_t = L_t(free) − L_t(forced)"}, symbols={"gap": "prediction"})


@dataclass(frozen=True, eq=False)
class Exposure(Result):
    """``forced`` and ``free`` (t,): mean loss of the sequences that are scored at a step, NaN where none is.

    ``apart`` (t,) is the mean distance ‖y(free) − y(forced)‖ at the step, ``scored`` (t,) how many sequences count
    there, ``totals`` the two losses as the task computes them, forced first. ``taught`` is the share of steps at which
    the teacher says something; ``hears`` is false for a network that no answer goes back into.
    """

    forced: Tensor
    free: Tensor
    apart: Tensor
    scored: Tensor
    totals: tuple[float, float]
    taught: float
    hears: bool

    @property
    def gap(self) -> Tensor:
        """(t,) what being alone costs at each step; 0 where both losses are the same, infinite ones too."""
        return torch.where(self.free == self.forced, torch.zeros_like(self.free), self.free - self.forced)

    def frame(self) -> pd.DataFrame:
        """One row a step."""
        columns = {"forced": self.forced, "free": self.free, "gap": self.gap, "answers apart": self.apart}
        return pd.DataFrame({"t": range(len(self.forced)), "scored": self.scored.tolist(),
                             **{name: v.tolist() for name, v in columns.items()}})

    @property
    def says(self) -> str:
        if not self.hears:
            return ("this network does not hear what it said, so a teacher could not put anything in its place: the "
                    "forced and the free run are one and the same.")
        if not self.taught:
            return ("in this task the teacher says nothing aloud before the answer, so the forced and the free run are "
                    "one and the same.")
        forced, free = self.totals
        known, asked = self.gap.nan_to_num(0.0), self.scored > 0
        if not asked.any() or not torch.stack([self.forced, self.free])[:, asked].isfinite().all():
            return "there is no gap to tell here: the network has left the finite numbers, or no step is scored."
        worst = int(known.abs().argmax())
        if float(known[worst]) == 0:
            return f"forced and free the loss is the same at every step, {forced:.3g} in all."
        return (f"with the teacher's words fed back the loss is {forced:.3g}, with its own {free:.3g}; the two differ "
                f"most at step {worst}, by {float(known[worst]):+.2g}.")

    @property
    def says_not(self) -> str:
        return ("that training with the teacher was wrong, nor how the network would have done without: for that it "
                "must be trained again with less teacher forcing.")


def exposure(network: Any, batch: Batch, task: Any) -> Exposure:
    """Losses of every step with the teacher's words fed back and with the network's own, on the same sequences."""
    said = task.teacher(batch) if network.feeds_back else None
    with torch.no_grad():
        free = network(batch.x, mask=batch.mask)
        forced = free if said is None else network(batch.x, mask=batch.mask, teacher=said.to(free))
        scored = batch.counted.sum(0)
        losses = [torch.full(scored.shape, torch.nan, dtype=free.dtype, device=free.device) for _ in range(2)]
        for s in scored.nonzero().flatten().tolist():
            here = only(batch, s)
            for one, y in zip(losses, (forced, free), strict=True):
                one[s] = task.loss(y, here)
        totals = tuple(float(task.loss(y, batch)) for y in (forced, free))
        there = torch.ones_like(batch.counted) if batch.mask is None else batch.mask
        distance = torch.where(there, (free - forced).norm(dim=-1), 0.0).sum(0) / there.sum(0).clamp(min=1)
        taught = 0.0 if said is None else float((~said.isnan()).any(-1)[there].float().mean())
    return Exposure(*losses, distance, scored, totals, taught, bool(network.feeds_back))
