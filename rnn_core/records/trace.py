"""Traces: what happened, step by step, when a cell ran along a sequence."""
from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from rnn_core.records.trees import flip, fold, leaves, rows, stack, tmap, unfold


@dataclass(frozen=True, eq=False)
class Trace:
    """One cell over one batch of sequences, in sequence time.

    ``outputs`` (b, t, o). ``nodes`` are the states entering each step, in the order in which they were visited, as
    tensors of the autograd graph when recorded. ``reverse`` marks a pass that ran from the last step to the first.
    """

    cell: Any
    x: Any
    mask: Tensor | None
    outputs: Tensor
    nodes: list[Any] = field(repr=False)
    after: list[Any] = field(repr=False)
    final: Any = None
    reverse: bool = False
    name: str = ""

    @property
    def length(self) -> int:
        """Number of time steps t."""
        return len(self.nodes)

    @property
    def batch_size(self) -> int:
        """Number of sequences b."""
        return leaves(self.nodes[0])[0].shape[0]

    def in_time(self, tree: Any) -> Any:
        """(b, t, …) from visiting order into sequence time, or back."""
        return flip(tree) if self.reverse else tree

    @cached_property
    def entering(self) -> Any:
        """The state as it enters each step, every field (b, t, …)."""
        with torch.no_grad():
            return self.in_time(stack(self.nodes))

    @cached_property
    def states(self) -> Any:
        """The state after each step, every field (b, t, …): what the papers call h_t."""
        with torch.no_grad():
            return self.in_time(stack(self.after))

    @cached_property
    def probes(self) -> dict[str, Tensor]:
        """Every named quantity of every step, (b, t, …), by one call of ``step``; NaN at steps that do not exist."""
        with torch.no_grad():
            _, _, probes = self.replay()
        if self.mask is None:
            return probes
        mask = self.mask.flatten()
        silent = {k: torch.where(rows(mask, v), v, torch.full_like(v, torch.nan)) if v.is_floating_point() else v
                  for k, v in fold(probes).items()}
        return unfold(silent, self.batch_size, self.length)

    def replay(self) -> tuple[Tensor, Any, dict[str, Tensor]]:
        """Outputs, next states and probes of all steps, (b, t, …), with time folded into one call of ``step``."""
        x = None if self.x is None else fold(self.x)
        return unfold(self.cell.step(x, fold(self.entering)), self.batch_size, self.length)

    def row(self, index: int) -> Trace:
        """One sequence of the batch, as a batch of one."""
        def take(v: Tensor) -> Tensor:
            return v[index:index + 1]
        return Trace(self.cell, tmap(take, self.x), tmap(take, self.mask), take(self.outputs),
                     [tmap(take, n) for n in self.nodes], [tmap(take, n) for n in self.after], tmap(take, self.final),
                     self.reverse, self.name)


@dataclass(frozen=True, eq=False)
class NetworkTrace:
    """A whole network over one batch: ``outputs`` (b, t, o) after the readout, and one pass for each cell."""

    outputs: Tensor
    passes: tuple[Trace, ...]

    @property
    def main(self) -> Trace:
        """The first pass."""
        return self.passes[0]

    def row(self, index: int) -> NetworkTrace:
        """One sequence of the batch, as a batch of one."""
        return NetworkTrace(self.outputs[index:index + 1], tuple(p.row(index) for p in self.passes))
