"""Batches, and what a task can say about one row of them."""
from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from rnn_core.records.trees import tmap


class Taught(NamedTuple):
    """An input that carries what the teacher says: ``x`` (b, t, i) and ``teacher`` (b, t, o), NaN where silent."""

    x: Tensor
    teacher: Tensor


class Batch(NamedTuple):
    """Sequences to learn from.

    ``x`` (b, t, i); ``target`` (b, t, o) numbers or (b, t) classes; ``mask`` (b, t) true at steps that exist, None when
    all do; ``scored`` (b, t) true at steps that count in loss and metric, None when all existing ones do. ``world``
    (b, w) is the world in which each sequence begins, of a task that is played; it stays on the CPU.
    """

    x: Any
    target: Tensor
    mask: Tensor | None = None
    scored: Tensor | None = None
    world: Tensor | None = None

    def to(self, device: str | torch.device) -> Batch:
        """The same batch on another device."""
        return Batch(*tmap(lambda v: v.to(device), tuple(self)[:-1]), self.world)

    def rows(self, index: slice | Tensor) -> Batch:
        """Some of its sequences."""
        return Batch(*tmap(lambda v: v[index], tuple(self)))

    def steps(self, first: int, last: int) -> Batch:
        """Its steps from ``first`` up to, but not with, ``last``."""
        return Batch(*tmap(lambda v: v[:, first:last], tuple(self)[:-1]), self.world)

    @property
    def counted(self) -> Tensor:
        """(b, t) true at steps that count: scored and existing."""
        every = torch.ones(self.target.shape[:2], dtype=torch.bool, device=self.target.device)
        every = every if self.scored is None else every & self.scored
        return every if self.mask is None else every & self.mask


class Baseline(NamedTuple):
    """What can be had without memory: ``value`` in the metric's unit, ``loss`` in the loss's, and what it does."""

    value: float
    loss: float
    sentence: str


class Story(NamedTuple):
    """One sequence in human terms.

    ``inputs`` and ``targets`` name every step, ``marks`` are the steps where something happens, ``expected`` and
    ``said`` are whole answers, ``right`` tells whether they agree.
    """

    inputs: list[str]
    marks: list[int]
    expected: str
    said: str | None = None
    right: bool | None = None
    targets: list[str] | None = None
