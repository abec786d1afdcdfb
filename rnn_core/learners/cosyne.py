"""CoSyNE, cooperative synapse neuroevolution: every weight has a subpopulation of its own, and they are shuffled.

    population (p, P): row = a network, column = the subpopulation of one weight
    the best quarter has children, by crossover and Cauchy mutation, that take the places of the worst
    each column: genes are marked with chance 1 − ((f − f_min) / (f_max − f_min))^(1/p), marked genes change places

So a gene is tried in ever new company, and survives by what its networks are worth. With “all” every gene but those of
the elite changes places. Gomez, Schmidhuber & Miikkulainen, *Accelerated neural evolution through cooperatively
coevolved synapses*, Journal of Machine Learning Research 9, 2008.
"""
from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from rnn_core.breeding import Crossover, cross, mutate
from rnn_core.learners.evolving import PopulationLearner, PopulationSettings
from rnn_core.records import Card, setting


class CosyneSettings(PopulationSettings):
    """Who has children, how they are changed, and which genes change places."""

    elite: int = setting(1, "Networks that go on to the next generation unchanged, the best first.", ge=1, le=100)
    best_share: float = setting(0.25, "The share of the population that has children, and how many there are.",
                                ge=0.01, le=0.5)
    crossover: Crossover = setting("one point", "How two parents are mixed.")
    mutation_rate: float = setting(0.3, "Chance of each gene of a child to be changed.", symbol="ε", ge=0.0, le=1.0,
                                   step=0.05, main=True)
    mutation_size: float = setting(0.3, "How far a gene is changed: scale of a Cauchy distribution.", symbol="α",
                                   ge=0.0, le=10.0, main=True)
    shuffling: Literal["by fitness", "all"] = setting("by fitness", "Which genes change places: those of worse "
                                                                    "networks more often, or all.", main=True)


class Cosyne(PopulationLearner):
    """CoSyNE: weights, not networks, are what is bred, each judged by the company of all its networks."""

    card = Card(title="CoSyNE", row="B10", year=2008,
                reference="Gomez, Schmidhuber & Miikkulainen, Accelerated neural evolution through cooperatively "
                          "coevolved synapses, JMLR 9, 2008",
                summary="Each weight has a population of its own; they are shuffled, so that every one meets all.",
                equations={"r": "r = (f − f_{min}) / (f_{max} − f_{min})", "m": "m = 1 − r^{1/p}"},
                symbols={"r": "prediction", "m": "shared"},
                use="Control with few weights and hidden state, such as poles whose speeds cannot be seen.")
    Settings = CosyneSettings
    commands = (*PopulationLearner.commands, "mutation_rate", "mutation_size")

    def breed(self, count: int) -> tuple[Tensor, None]:
        own, chance, n = self.settings, self.streams.noise, self.settings.population
        rows = self.population.clone()
        few = max(2, round(own.best_share * n))
        mothers, fathers = rows[torch.randint(few, (2, few), generator=chance).to(rows.device)].unbind(0)
        young = mutate(cross(mothers, fathers, own.crossover, chance), own.mutation_rate, own.mutation_size, chance,
                       cauchy=True)
        children = min(few, count)
        rows[n - children:] = young[:children]
        free = rows[n - count:]
        return shuffled(free, self._marks(free.shape, children), chance), None

    def _marks(self, shape: torch.Size, children: int) -> Tensor:
        """(n, p) which genes change places; those of the new children always do."""
        n, p = shape
        drawn = torch.rand(n, p, generator=self.streams.noise)
        if self.settings.shuffling == "all":
            return torch.ones_like(drawn, dtype=torch.bool)
        value = -self.losses.cpu()[len(self.losses) - n:].double().clamp(max=1e12)
        worst, best = -float(self.losses[self.losses.isfinite()].max()), -float(self.losses[0])
        part = ((value - worst) / (best - worst)).clamp(0, 1) if best > worst else torch.ones_like(value)
        chances = 1 - part.pow(1 / self.settings.population)
        chances[n - children:] = 1.0
        return drawn < chances.unsqueeze(1).to(drawn)


def shuffled(rows: Tensor, marks: Tensor, generator: torch.Generator) -> Tensor:
    """Rows (n, p) in which the marked (n, p) genes of each column have changed places among themselves."""
    n, p = rows.shape
    order = torch.rand(n, p, generator=generator).masked_fill(~marks, 2.0).argsort(dim=0, stable=True)
    places = (~marks).long().argsort(dim=0, stable=True)                    # the marked places of a column come first
    held = marks.gather(0, places).to(rows.device)                      # as many as there are
    order, places = order.to(rows.device), places.to(rows.device)
    moved = rows.gather(0, torch.where(held, order, places))
    return torch.empty_like(rows).scatter_(0, places, moved)
