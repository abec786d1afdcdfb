"""Designed by hand: no learning at all; one update sets every weight as somebody worked it out.

The designs are in ``rnn_core/designs``, one a file; each fits one architecture on one task.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from rnn_core import designs
from rnn_core.learners.base import Learner, LearnerSettings
from rnn_core.records import Card, setting


class DesignedSettings(LearnerSettings):
    """One update is enough."""

    updates: int = setting(1, "Updates until it stops; the first sets every weight, the others change nothing.", ge=1,
                           le=1_000_000, main=True)


class Designed(Learner):
    """Designed by hand: the weights are worked out, not learnt, and show what the architecture could do."""

    card = Card(title="Designed by hand", row="A6", year=1996,
                reference="Omlin & Giles, Constructing deterministic finite-state automata in recurrent networks, 1996",
                summary="Nothing is learnt: one update sets every weight as it was worked out with pencil and paper.",
                use="What could this network do, if only learning found it?")
    Settings = DesignedSettings

    @classmethod
    def check(cls, cell: type[Any], task: type[Any]) -> None:
        if designs.find(cell, task) is None:
            known = ", ".join(sorted(f"{a} on {t}" for a, t in designs.pairs())).replace("_", " ")
            raise ValueError(f"Nobody has designed a {cell.card.title} for {task.card.title}; there is {known}.")

    def update(self) -> Iterator[tuple[float, float] | None]:
        cell = self.network.cells[0]
        with torch.no_grad():
            designs.find(type(cell), type(self.task)).wire(self.network, self.task)
            batch = self.task.sample(self.settings.batch_size, self.streams.data).to(cell.like.device)
            y = self.network(batch.x, mask=batch.mask, teacher=None)
        yield float(self.task.loss(y, batch)), 0.0
