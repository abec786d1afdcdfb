"""How has each weight shaped the state so far?

    P_t = ds_t/dθ = A_t P_{t−1} + ∂s_t/∂θ        (b, s, p)

P_t is what real-time recurrent learning carries along: it grows forward in time, step by step, and never looks back.
Where A shrinks what it is given P settles, where A stretches it explodes. Williams & Zipser 1989.
"""
from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Card, Result, Trace
from rnn_core.records.trees import clean, tmap
from rnn_core.sensitivity import LIMIT, Influence, numbers_kept, stepwise, weights

CARD = Card(title="Influence of the weights", row="B3", year=1989,
            reference="Williams & Zipser, A learning algorithm for continually running fully recurrent neural "
                      "networks, 1989",
            summary="How far a change of each weight would have moved the state by now, step by step.",
            equations={"P": "P_t = A_t P_{t−1} + ∂s_t/∂θ"}, symbols={"P": "hidden"})


@dataclass(frozen=True, eq=False)
class InfluenceResult(Result):
    """``norms`` (b, t, g) are ‖P_t‖ of each of g ``weights``, in sequence time; ``by_row`` (t, r) the same of the first
    sequence and of each row of a weight, named in ``row_names``; ``last`` holds P after the last step that is made, by
    weight, each (b, s, …)."""

    norms: Tensor
    weights: tuple[str, ...]
    by_row: Tensor
    row_names: tuple[str, ...]
    last: dict[str, Tensor] = field(repr=False)

    def frame(self) -> pd.DataFrame:
        """One row a sequence, step and weight."""
        b, t, g = self.norms.shape
        return pd.DataFrame({"sequence": torch.arange(b).repeat_interleave(t * g).tolist(),
                             "t": torch.arange(t).repeat_interleave(g).repeat(b).tolist(),
                             "weight": list(self.weights) * (b * t), "influence": self.norms.flatten().tolist()})

    @property
    def numbers(self) -> int:
        """Numbers of P for one sequence, at every step the same."""
        return sum(v[0].numel() for v in self.last.values())

    @property
    def says(self) -> str:
        if not self.weights:
            return "this network has no weights that learning may set before its readout, so P is empty."
        if not bool(self.norms.isfinite().all()):
            return "P has left the finite numbers: what the weights do to the state grows without end here."
        size = self.norms.norm(dim=2)[0]
        middle, end = float(size[len(size) // 2]), float(size[-1])
        top = self.weights[int(self.norms[0, -1].argmax())]
        grew = f"{end / middle:.2g} times what it was half way" if middle else "and 0 half way"
        return (f"in the first sequence ‖P‖ is {end:.2g} at the last step, {grew}; {top} has the most influence. P has "
                f"{self.numbers:,} numbers, at step 1 as at step {len(size)}.")

    @property
    def says_not(self) -> str:
        return "which change would be better: P tells how far the state would move, and only an error says where to."


def influence(trace: Trace) -> InfluenceResult:
    """‖P_t‖ of every weight of one pass, from its first step to its last in the order of visiting.

    Raises MemoryError, in one sentence, where P would be too large.
    """
    cell, b = trace.cell, trace.batch_size
    P, own = Influence(cell, b), weights(cell)
    x = trace.x if trace.mask is None else clean(trace.x, trace.mask)
    run = max(1, min(16, LIMIT // 16 // max(1, numbers_kept(cell, b)[1])))
    norms, by_row = [], []
    x, entering, mask = (trace.in_time(v) if v is not None else None for v in (x, trace.entering, trace.mask))
    for first in range(0, trace.length, run):
        part = tmap(lambda v, a=first, z=first + run: v[:, a:z].detach(), (x, entering, mask))
        for A, B in zip(*(J.unbind(1) for J in stepwise(cell, *part)), strict=True):
            P.go_on(A, B)
            parts = split(P.P, own)
            norms.append(torch.stack([v.flatten(1).norm(dim=1) for v in parts.values()] or [P.P.new_zeros(b)], 1))
            rows = [v[0].reshape(*v.shape[1:3], -1).norm(dim=(0, 2)) for v in parts.values()]
            by_row.append(torch.cat(rows or [P.P.new_zeros(0)]))
    names = tuple(f"{name} {k}" for name, p in own.items() for k in range(len(p)))
    return InfluenceResult(trace.in_time(torch.stack(norms, 1)[:, :, :len(own)]), tuple(own),
                           trace.in_time(torch.stack(by_row).unsqueeze(0))[0], names, split(P.P, own))


def split(P: Tensor, own: dict[str, Tensor]) -> dict[str, Tensor]:
    """P (b, s, p) by weight, each (b, s, …)."""
    parts = P.split([p.numel() for p in own.values()], 2)
    return {name: v.unflatten(2, p.shape) for (name, p), v in zip(own.items(), parts, strict=True)}
