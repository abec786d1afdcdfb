"""Does the order matter? The same inputs in another order, and how much the final answer changes.

    change = ‖y'_t − y_t‖₂ for numbers,   ½ Σ_j |p'_j − p_j| for classes,   p = softmax(y_t)

t is the step of the final answer. It stays where it is, with all that follows; only the steps before it change places:
all of them at random, or two neighbours. A net that reads a bag gives 0. Elman, *Finding structure in time*, 1990.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.saliency import answer_steps
from rnn_core.records import Batch, Card, Result
from rnn_core.records.trees import tmap

CARD = Card(title="Sensitivity to order", row="D14", year=1990,
            reference="Elman, Finding structure in time, Cognitive Science 14, 1990",
            summary="How much the final answer changes when the steps before it are read in another order.",
            equations={"d": "d = ‖y'_t − y_t‖₂, or ½ Σ_j |p'_j − p_j|"}, symbols={"d": "prediction"})
PLACES, AT_ONCE = 64, 2048


@dataclass(frozen=True, eq=False)
class OrderSensitivity(Result):
    """``shuffled`` (r, b): change of each answer in each of r random orders; ``swapped`` (p, b): when steps ``places``
    (p,), counted among those that exist, and the next change places. NaN where a sequence has no two such steps.

    ``steps`` (b,) are those of the answers; ``classes`` tells how a change is measured; ``apart`` is how much the
    answers of different sequences differ, in the mean, for scale.
    """

    shuffled: Tensor
    swapped: Tensor
    places: Tensor
    steps: Tensor
    classes: bool
    apart: float

    def frame(self) -> pd.DataFrame:
        """One row a sequence and order; ``at`` is the first of two swapped steps, empty where all change places."""
        (r, b), p = self.shuffled.shape, len(self.places)
        at = [None] * (r * b) + self.places.repeat_interleave(b).tolist()
        return pd.DataFrame({"order": ["shuffled"] * (r * b) + ["neighbours swapped"] * (p * b),
                             "at": pd.array(at, dtype="Int64"), "sequence": torch.arange(b).repeat(r + p),
                             "change": torch.cat([self.shuffled, self.swapped]).flatten().tolist()})

    @property
    def says(self) -> str:
        known = self.shuffled[~self.shuffled.isnan()]
        if not len(known) or not known.isfinite().all():
            return ("there is no order to change here: the sequences have fewer than two steps before their answer, or "
                    "the network has left the finite numbers.")
        if known.max() == 0:
            return "in any order these answers are exactly the same: the net reads a bag."
        unit = " of the belief" if self.classes else ""
        median = float(known.median())
        moved = f"{median:.2%}{unit}" if self.classes else f"{median:.3g}"
        apart = f"{self.apart:.2%}" if self.classes else f"{self.apart:.3g}"
        return (f"when the steps before it are read in a random order, the median answer moves by {moved}; answers of "
                f"different sequences lie {apart} apart.")

    @property
    def says_not(self) -> str:
        return ("that the task needs the order: where the right answer is the same in any order, every change is an "
                "error; and an order that never occurs in training is foreign to the net.")


@torch.no_grad()
def order_sensitivity(network: Any, batch: Batch, *, orders: int = 8, seed: int = 0) -> OrderSensitivity:
    """Change of each sequence's final answer in ``orders`` random orders, and for every swap of two neighbours.

    More than 64 swaps are thinned out evenly. Whole steps change places, marks with their numbers. Raises ValueError,
    in one sentence, for fewer than one order.
    """
    if orders < 1:
        raise ValueError(f"At least one random order is needed; {orders} were asked for.")
    steps = answer_steps(batch)
    (b, t), device = batch.target.shape[:2], batch.target.device
    there = torch.ones(b, t, dtype=torch.bool, device=device) if batch.mask is None else batch.mask
    free = [there[k, :steps[k]].nonzero().flatten() for k in range(b)]
    generator = torch.Generator().manual_seed(seed)
    plain = torch.arange(t, device=device)
    shuffled = torch.stack([torch.stack([_place(plain, f, torch.randperm(len(f), generator=generator)) for f in free])
                            for _ in range(orders)])                                                      # (r, b, t)
    most = max((len(f) for f in free), default=0) - 1
    ranks = torch.linspace(0, most - 1, min(most, PLACES)).round().long().unique() if most > 0 else plain[:0].cpu()
    swaps = [torch.stack([_place(plain, f, _neighbours(len(f), int(k))) for f in free]) for k in ranks]
    everything = torch.cat([plain.expand(1, b, t), shuffled, *(s[None] for s in swaps)])
    answers = _answers(network, batch, everything, steps)                                            # (1 + r + p, b, o)
    classes = not batch.target.is_floating_point()
    answers = torch.softmax(answers, -1) if classes else answers
    change = _apart(answers, answers[:1], classes)[1:]
    long = torch.tensor([len(f) for f in free], device=device)
    reach = torch.cat([torch.ones(orders, dtype=torch.long), ranks + 1]).to(device)
    change = change.masked_fill(long <= reach.unsqueeze(1), torch.nan)
    apart = _apart(answers[0, :, None], answers[0, None], classes)
    return OrderSensitivity(change[:orders], change[orders:], ranks, steps, classes,
                            float(apart.sum() / max(b * (b - 1), 1)))


def _place(plain: Tensor, free: Tensor, order: Tensor) -> Tensor:
    """(t,) the step that is read at each step, when the free ones change places."""
    return plain.scatter(0, free, free[order.to(free.device)])


def _neighbours(n: int, k: int) -> Tensor:
    """0 … n − 1 with k and k + 1 swapped, or as it is where there are no such two."""
    order = torch.arange(n)
    if k + 1 < n:
        order[[k, k + 1]] = order[[k + 1, k]]
    return order


def _answers(network: Any, batch: Batch, orders: Tensor, steps: Tensor) -> Tensor:
    """(r, b, o) final answers to every order (r, b, t), some thousand sequences at a time."""
    b = orders.shape[1]
    row = torch.arange(b, device=orders.device)
    size, found = max(AT_ONCE // b, 1), []
    for part in orders.split(size):
        x = tmap(lambda v, part=part: v[row[None, :, None], part].flatten(0, 1), batch.x)
        mask = None if batch.mask is None else batch.mask.repeat(len(part), 1)
        y = network.trace(x, mask=mask).outputs
        found.append(y[torch.arange(len(y), device=y.device), steps.repeat(len(part))].unflatten(0, (len(part), b)))
    return torch.cat(found)


def _apart(a: Tensor, b: Tensor, classes: bool) -> Tensor:
    """(…) how far answers (…, o) are from one another."""
    return (a - b).abs().sum(-1) / 2 if classes else (a - b).norm(dim=-1)
