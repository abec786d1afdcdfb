"""Which loss reaches which step?

    G_{s,s} = C_sᵀ ∂L_s/∂out_s,   G_{s,t} = A_tᵀ G_{s,t+1}   for t < s

G_{s,t} is what the loss of step s says to the state that enters step t: a triangle, for no loss reaches the future. Its
columns add up, sign and all, to the costates, so the size of a sum may be far below the sum of the sizes. Hochreiter
1991.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.gradient_norms import FLOOR
from rnn_core.analysis.step_jacobians import BUDGET, step_jacobians
from rnn_core.records import Batch, Card, Result, Trace

CARD = Card(title="Error triangle", row="D5", year=1991,
            reference="Hochreiter, Untersuchungen zu dynamischen neuronalen Netzen, 1991",
            summary="How much of each step's loss arrives at each earlier step.",
            equations={"G": "G_{s,t} = A_tᵀ G_{s,t+1}"}, symbols={"G": "gradient"})


@dataclass(frozen=True, eq=False)
class ErrorTriangle(Result):
    """``norms`` (b, k, t): ‖∂L_s/∂s_t‖ of the k-th scored step's loss; NaN where that loss cannot reach.

    ``steps`` (k,) are the scored steps s, ``sums`` (b, t, s) the columns added up, which are the costates. A pass that
    reads backwards has its triangle on the other side.
    """

    norms: Tensor
    steps: Tensor
    sums: Tensor
    floor: float = FLOOR

    @property
    def median(self) -> Tensor:
        """(k, t) median over the sequences that are scored there."""
        return self.norms.nanmedian(0).values

    @property
    def shares(self) -> Tensor:
        """(k, t) every step's share of its row: what of a loss's signal arrives where; a row adds up to 1."""
        median = self.median
        return median / median.nansum(1, keepdim=True)

    def frame(self) -> pd.DataFrame:
        """One row a pair of steps: the loss's, the state's, and the median size of what arrives."""
        median = self.median
        k, t = (~median.isnan()).nonzero(as_tuple=True)
        return pd.DataFrame({"loss of step": self.steps[k].cpu(), "t": t.cpu(), "norm": median[k, t].cpu(),
                             "share": self.shares[k, t].cpu()})

    @property
    def says(self) -> str:
        median = self.median
        known = ~median.isnan()
        if not known.any():
            return "there is no error signal to measure here: this network has left the finite numbers."
        heard = (median >= self.floor) & known
        reach = [int((row.nonzero().flatten() - s).abs().max()) for s, row in zip(self.steps.tolist(), heard)
                 if row.any()]
        part = float(heard.sum() / known.sum())
        if not reach:
            return f"on these sequences no loss arrives anywhere above {self.floor:.0e}."
        farthest = f"the farthest step that still hears a loss above {self.floor:.0e} lies {max(reach)} steps from it"
        if len(self.steps) == 1:
            return f"only step {int(self.steps[0])} is scored, so this triangle has one row; {farthest}."
        return f"of all pairs of a loss and a step that it could reach, {part:.0%} are heard; {farthest}."

    @property
    def says_not(self) -> str:
        return "that the parts of a column add up in size: they have signs, and opposite ones cancel."


def error_triangle(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor], which: int = 0,
                   budget: int = BUDGET) -> ErrorTriangle:
    """Sizes of every scored step's error at every state of one pass (``which``), each sequence by its own loss.

    Raises MemoryError, with the sizes, for what would exceed ``budget`` bytes, and ValueError, in one sentence, for a
    pass that only another pass hears: there one loss reaches all of its outputs at once.
    """
    with torch.enable_grad():
        trace = network.trace(batch.x, mask=batch.mask, record=True)
        one = trace.passes[which]
        total = sum(loss(trace.outputs[k:k + 1], batch.rows(slice(k, k + 1))) for k in range(len(trace.outputs)))
        steps = batch.counted.any(0).nonzero().flatten()
        if not _local(trace.outputs, one.outputs, int(steps[0])):
            raise ValueError("This pass is heard only through another, so that one loss reaches all of its outputs at "
                             "once; choose a pass of the last layer.")
        local, = torch.autograd.grad(total, one.outputs, allow_unused=True)
    local = torch.zeros_like(one.outputs) if local is None else local
    size = 3 * len(steps) * local.shape[0] * local.shape[1] * local.element_size()
    if size > budget:
        raise MemoryError(f"A triangle of {len(steps)} losses × {local.shape[1]} steps for {local.shape[0]} sequences "
                          f"needs {size >> 20} MiB, more than the {budget >> 20} MiB allowed: choose fewer sequences "
                          "or steps.")
    return _swept(one, batch.counted, local.detach(), steps, budget)


def _swept(one: Trace, counted: Tensor, local: Tensor, steps: Tensor, budget: int) -> ErrorTriangle:
    """The rows of all scored steps carried back together, one product a step."""
    A, C = (one.in_time(part) for part in step_jacobians(one, budget))
    local, last = one.in_time(local), A.shape[1] - 1
    place = {last - s if one.reverse else s: k for k, s in enumerate(steps.tolist())}
    carried = A.new_zeros(A.shape[0], len(steps), A.shape[-1])
    norms, sums = [], []
    for t in range(last, -1, -1):
        carried = carried @ A[:, t]
        if (k := place.get(t)) is not None:
            carried[:, k] = torch.einsum("bo,bos->bs", local[:, t], C[:, t])
        norms.append(carried.norm(dim=-1))
        sums.append(carried.sum(1))
    sizes, total = (one.in_time(torch.stack(parts[::-1], 1)) for parts in (norms, sums))
    t = torch.arange(last + 1, device=steps.device)
    reached = t >= steps.unsqueeze(1) if one.reverse else t <= steps.unsqueeze(1)
    there = counted[:, steps].unsqueeze(-1) & reached & (True if one.mask is None else one.mask.unsqueeze(1))
    sizes = sizes.transpose(1, 2)
    return ErrorTriangle(torch.where(there, sizes, torch.full_like(sizes, torch.nan)), steps, total)


def _local(y: Tensor, outputs: Tensor, step: int) -> bool:
    """Whether what the network says at a step hears this pass's output of that step alone."""
    if not y.requires_grad:
        return True
    heard, = torch.autograd.grad(y[:, step].sum(), outputs, retain_graph=True, allow_unused=True)
    if heard is None:
        return False
    elsewhere = heard.clone()
    elsewhere[:, step] = 0
    return not bool((elsewhere != 0).any())
