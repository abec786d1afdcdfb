"""Episodes: what an agent saw, did and got, step by step."""
from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Episode(NamedTuple):
    """Episodes that were played side by side.

    ``observations`` (b, t, i), ``actions`` (b, t) and ``rewards`` (b, t), all 0 at steps that were not taken;
    ``mask`` (b, t) true at steps that were; ``worlds`` (b, t, w) each world as it stood before the step.
    """

    observations: Tensor
    actions: Tensor
    rewards: Tensor
    mask: Tensor
    worlds: Tensor

    @property
    def returns(self) -> Tensor:
        """(b,) all that was got in an episode."""
        return self.rewards.sum(1)

    @property
    def lengths(self) -> Tensor:
        """(b,) steps that were taken."""
        return self.mask.sum(1)

    def to_go(self, discount: float = 1.0) -> Tensor:
        """(b, t) what was still to come: R_t = r_t + γ R_{t+1}."""
        if discount == 1.0:
            return self.rewards.flip(1).cumsum(1).flip(1)
        later, found = torch.zeros_like(self.rewards[:, 0]), []
        for reward in self.rewards.flip(1).unbind(1):
            later = reward + discount * later
            found.append(later)
        return torch.stack(found[::-1], 1)

    def rows(self, index: slice | Tensor) -> Episode:
        """Some of the episodes."""
        return Episode(*(v[index] for v in self))


class Scene(NamedTuple):
    """How an episode can be drawn, in the world's own units.

    ``fixed`` are lines (k, 2) that stand still, by name; ``moving`` are lines (t + 1, k, 2), one for each step and one
    for the end. ``equal`` is true where both axes have the same unit.
    """

    fixed: dict[str, Tensor]
    moving: dict[str, Tensor]
    equal: bool


def chosen(logits: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """(…,) the most likely action of logits (…, o); with a generator, one drawn from their softmax, on the CPU."""
    if generator is None:
        return logits.argmax(-1)
    luck = torch.rand(logits.shape, generator=generator, dtype=torch.float64).log().neg().log()
    return (logits.detach().cpu().double() - luck).argmax(-1)
