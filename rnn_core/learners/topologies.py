"""Evolved layouts: which gates a memory cell has, and what each of them sees, is bred; weights are learnt in between.

    chromosome = (weights, layout), a layout a row of switches
    child: the mother's weights; each switch from either parent, then flipped with a small chance
    fitness = 1 / loss after a short training by gradients, of all children in one call, on new sequences each step

With no training at all weights are bred as well, by Gaussian mutation. Children go on from their mother's weights, so a
layout is judged by what it makes of them. The best go on unchanged and are scored on the same sequences, so the best
never gets worse. Bayer, Wierstra, Togelius & Schmidhuber, *Evolving memory cell structures for sequence learning*,
2009.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from rnn_core.breeding import mutate, select
from rnn_core.learners.base import Diverged
from rnn_core.learners.evolving import FORBEARS, PopulationLearner, PopulationSettings
from rnn_core.networks.base import Network
from rnn_core.records import Card, Streams, setting

CLIP = 1.0


class TopologiesSettings(PopulationSettings):
    """How layouts are changed, and how long each new network is trained."""

    updates: int = setting(15, "Generations until it stops.", ge=1, le=1_000_000, main=True)
    population: int = setting(16, "Networks of a generation.", symbol="p", ge=2, le=200, main=True)
    elite: int = setting(2, "Networks that go on to the next generation unchanged, the best first.", ge=1, le=100)
    start_spread: float = setting(0.0, "Gaussian noise on the fresh weights of all but the first network.", ge=0.0,
                                  le=10.0)
    short_training: int = setting(20, "Steps by gradients that each new network makes before it is scored; with 0 "
                                      "weights are changed by chance.", ge=0, le=1000, main=True)
    learning_rate: float = setting(0.01, "Size of a step, by Adam.", symbol="η", ge=1e-6, le=10.0, log=True, main=True)
    flip_rate: float = setting(0.08, "Chance of each switch to be flipped.", symbol="ε", ge=0.0, le=1.0, step=0.02,
                               main=True)
    rivals: int = setting(3, "Networks that meet in a tournament.", ge=1, le=100)
    mutation_size: float = setting(0.3, "How far weights are changed where they are not trained: standard deviation of "
                                        "a Gaussian.", symbol="σ", ge=0.0, le=10.0)


class Topologies(PopulationLearner):
    """Evolved layouts: evolution switches gates on and off, a little training tells what each layout is worth."""

    card = Card(title="Evolved layouts", row="A21", year=2009,
                reference="Bayer, Wierstra, Togelius & Schmidhuber, Evolving memory cell structures for sequence "
                          "learning, 2009",
                summary="Breeds which gates a memory cell has and what they see, with a short training in between.",
                equations={"f": "f = 1 / L"}, symbols={"f": "prediction"},
                use="Does this task need every part of an LSTM?")
    Settings = TopologiesSettings
    commands = (*PopulationLearner.commands, "flip_rate", "learning_rate")
    also = ("choices",)

    def __init__(self, network: Network, task: Any, settings: TopologiesSettings, streams: Streams) -> None:
        super().__init__(network, task, settings, streams)
        self.switches = self.rows.width - self.rows.trained
        self.layouts = torch.zeros(0, settings.population, self.switches, dtype=torch.uint8)

    @classmethod
    def check(cls, cell: type[Any], task: type[Any]) -> None:
        if not cell.switches:
            raise ValueError(f"Evolution can choose the layout of a cell that has switches, and {cell.card.title} "
                             "has none.")

    def breed(self, count: int) -> tuple[Tensor, Tensor]:
        own, chance, p = self.settings, self.streams.noise, self.rows.trained
        parents = select(self.fitness, 2 * count, "tournament", chance, rivals=own.rivals).view(count, 2)
        mothers, fathers = (self.population[k.to(self.population.device)] for k in parents.unbind(1))
        drawn = torch.rand(2, count, self.switches, generator=chance).to(mothers)
        layout = torch.where(drawn[0] < 0.5, mothers[:, p:], fathers[:, p:])
        layout = torch.where(drawn[1] < own.flip_rate, 1 - layout, layout)
        weights = mothers[:, :p]
        if not own.short_training or self.task.plays:
            weights = mutate(weights, 0.1, own.mutation_size, chance)
        return torch.cat([weights, layout], 1), parents

    def _fresh(self) -> Tensor:
        rows, p = super()._fresh(), self.rows.trained
        drawn = torch.rand(len(rows) - 1, self.switches, generator=self.streams.noise)
        rows[0, p:] = self.rows.of(self.network)[p:]
        rows[1:, p:] = (drawn < 0.5).to(rows)
        return rows

    def scored(self, rows: Tensor) -> Iterator[Tensor | None]:
        self.sequences()
        if not self.task.plays:
            yield from self._train(rows)
        yield from super().scored(rows)

    def _train(self, rows: Tensor) -> Iterator[None]:
        """Train the weights in rows (n, p), in place; the layouts stay."""
        p, crowd = self.rows.trained, self.crowd()
        leaf = rows[:, :p].clone().requires_grad_()
        adam = torch.optim.Adam([leaf], lr=self.settings.learning_rate)
        for _ in range(self.settings.short_training):
            batch = self.task.sample(self.settings.batch_size, self.streams.data).to(self.device)
            try:
                losses = crowd.losses_of(torch.cat([leaf, rows[:, p:]], 1), batch, self.task.loss)
            except ValueError as error:
                raise Diverged(str(error).rstrip(".")) from None
            gradient, = torch.autograd.grad(losses.sum(), leaf)
            leaf.grad = gradient * (CLIP / (gradient.norm(dim=1, keepdim=True) + 1e-6)).clamp(max=1.0)
            adam.step()
            yield None
        rows[:, :p] = leaf.detach()

    def remember(self) -> None:
        own = self.population[:, self.rows.trained:].cpu().to(torch.uint8)
        self.layouts = torch.cat([self.layouts, own.unsqueeze(0)])[-FORBEARS:]

    def words(self) -> tuple[tuple[str, ...], ...]:
        cells = [module for module in self.network.modules() if getattr(module, "switches", ())]

        def of(row: Tensor) -> str:
            return " / ".join(cell.in_words(part) for cell, part in zip(cells, row.chunk(len(cells)), strict=True))

        return tuple(tuple(of(row) for row in generation) for generation in self.layouts)

    def tensors(self) -> dict[str, Tensor]:
        return super().tensors() | ({} if self.population is None else {"layouts": self.layouts})

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        super().restore(tensors, numbers)
        self.layouts = tensors.get("layouts", self.layouts)
