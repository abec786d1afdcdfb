"""What does clipping do to a gradient?

    g ← g · min(1, limit / ‖g‖)

All entries are shortened by the same factor, so the direction stays. Cutting each entry by itself turns the gradient.
Pascanu, Mikolov & Bengio, *On the difficulty of training recurrent neural networks*, 2013.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Batch, Card, Result

CARD = Card(title="Gradient clipping", row="B19", year=2013,
            reference="Pascanu, Mikolov & Bengio, On the difficulty of training recurrent neural networks, 2013",
            summary="One gradient before and after clipping: shorter, and in the same direction.",
            equations={"g": "g ← g · min(1, limit / ‖g‖)"}, symbols={"g": "gradient"})


@dataclass(frozen=True, eq=False)
class Clipping(Result):
    """``before``, ``after`` and ``cut`` (p,): every entry as it was, clipped by length, and cut one by one.

    ``cut`` holds each entry within ±c, with c such that the result is as long as ``after``. ``names`` and ``sizes``
    tell which weights the entries belong to, in order; ``limit`` is the longest that is let through.
    """

    before: Tensor
    after: Tensor
    cut: Tensor
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    limit: float

    @property
    def norm(self) -> float:
        """How long the gradient was."""
        return float(self.before.norm())

    @property
    def factor(self) -> float:
        """What every entry was multiplied with."""
        return min(1.0, self.limit / self.norm) if self.norm > 0 else 1.0

    @property
    def turned(self) -> tuple[float, float]:
        """Degrees by which ``after`` and ``cut`` point elsewhere than ``before``."""
        return _angle(self.before, self.after), _angle(self.before, self.cut)

    def frame(self) -> pd.DataFrame:
        """One row for each set of weights, and one for all of them."""
        parts = [(name, *(float(v.norm()) for v in group)) for name, group in zip(
            self.names, zip(*(v.split(self.sizes) for v in (self.before, self.after, self.cut))))]
        whole = ("all", *(float(v.norm()) for v in (self.before, self.after, self.cut)))
        return pd.DataFrame([*parts, whole], columns=["weights", "length before", "clipped", "cut one by one"])

    @property
    def says(self) -> str:
        if not self.before.isfinite().all():
            return "this gradient has left the finite numbers; no clipping can mend that."
        if self.factor == 1.0:
            return f"this gradient is {self.norm:.3g} long, within the limit of {self.limit:g}, and passes as it is."
        return (f"this gradient was {self.norm:.3g} long and is {float(self.after.norm()):.3g} now: every entry became "
                f"{self.factor:.3g} of itself, and the direction is the same. Cut one by one to that length it would "
                f"point {self.turned[1]:.0f}° elsewhere.")

    @property
    def says_not(self) -> str:
        return ("that a clipped step is a good one: the direction is as good or bad as it was, the step is only no "
                "longer dangerous. And clipping does nothing against a gradient that vanishes.")


def clipping(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor], *, limit: float = 1.0) -> Clipping:
    """The gradient of all trained weights on a batch, and the same clipped to ``limit``.

    Raises ValueError, in one sentence, for a limit that is not above 0.
    """
    if not limit > 0:
        raise ValueError("A limit is above 0.")
    named = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    with torch.enable_grad():
        y = network.trace(batch.x, mask=batch.mask).outputs
        found = torch.autograd.grad(loss(y, batch), [p for _, p in named], allow_unused=True)
    parts = [torch.zeros_like(p) if g is None else g for g, (_, p) in zip(found, named)]
    before = torch.cat([g.detach().flatten() for g in parts]).double()
    norm = float(before.norm())
    after = before * min(1.0, limit / norm) if norm > 0 else before
    return Clipping(before, after, _cut(before, float(after.norm())), tuple(name for name, _ in named),
                    tuple(p.numel() for _, p in named), limit)


def _cut(g: Tensor, length: float) -> Tensor:
    """g with each entry held within ±c, c by bisection such that the result has this length."""
    if not g.isfinite().all() or length >= float(g.norm()):
        return g
    low, high = 0.0, float(g.abs().max())
    for _ in range(60):
        c = (low + high) / 2
        low, high = (c, high) if float(g.clamp(-c, c).norm()) < length else (low, c)
    return g.clamp(-high, high)


def _angle(a: Tensor, b: Tensor) -> float:
    """Degrees between two vectors, by the lengths of their sum and difference, which is exact for small ones too."""
    if not (a.isfinite().all() and b.isfinite().all()) or not float(a.norm()) or not float(b.norm()):
        return 0.0
    u, v = a / a.norm(), b / b.norm()
    return float(torch.rad2deg(2 * torch.atan2((u - v).norm(), (u + v).norm())))
