"""What does a population look like, and how far has it come?

Every gene of every network after the last generation, the best first, and the best, median and worst loss of every
generation so far. A gene's spread is its standard deviation over the population; where all agree, nothing is left for
crossover to try. Holland, *Adaptation in natural and artificial systems*, 1975.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from torch import Tensor

from rnn_core.records import Card, Result
from rnn_core.records.population import Population

CARD = Card(title="Population", row="B10", year=1975,
            reference="Holland, Adaptation in natural and artificial systems, 1975",
            summary="Every gene of every network of a population, and how the generations got better.")


@dataclass(frozen=True, eq=False)
class PopulationResult(Result):
    """``now`` is the population itself, as ``rnn_core.records.Population`` describes it; ``spread`` (P,) the standard
    deviation of every gene."""

    now: Population
    spread: Tensor

    def frame(self) -> pd.DataFrame:
        """One row a generation that was kept: the best, median and worst loss of its networks."""
        table = pd.DataFrame(self.now.spread.numpy(), columns=["generation", "best", "median", "worst"])
        return table.astype({"generation": int})

    def members(self) -> pd.DataFrame:
        """One row a network, the best first: its loss, and how far its weights lie from those of the best."""
        genes = self.now.genes.double().cpu()
        return pd.DataFrame({"place": range(1, len(genes) + 1), "loss": self.now.losses.cpu().tolist(),
                             "distance from the best": (genes - genes[0]).norm(dim=1).tolist(),
                             "in words": list(self.now.words[-1]) if self.now.words else ""})

    def genes(self) -> pd.DataFrame:
        """One row a gene: its weight, its value in the best network, mean and standard deviation over all."""
        names = [f"{name}[{k}]" for name, size in zip(self.now.names, self.now.sizes) for k in range(size)]
        own = self.now.genes.double().cpu()
        return pd.DataFrame({"gene": names, "in the best": own[0].tolist(), "mean": own.mean(0).tolist(),
                             "standard deviation": self.spread.cpu().tolist()})

    @property
    def says(self) -> str:
        now, first = self.now.spread[-1], self.now.spread[0]
        return (f"after {self.now.generation} generations the best of {len(self.now.losses)} networks has a loss of "
                f"{float(now[1]):.3g} and the middle one {float(now[2]):.3g}, where generation {int(first[0])} had "
                f"{float(first[1]):.3g} and {float(first[2]):.3g}; a gene differs between networks by "
                f"{float(self.spread.median()):.2g} (median standard deviation).")

    @property
    def says_not(self) -> str:
        return ("that what all networks have in common is what the task needs: genes of one lucky forebear come along "
                "with it, good or not; nor that the best does as well on sequences on which it was not chosen.")


def population(population: Population | None) -> PopulationResult:
    """The population that a rule keeps, after its last generation.

    Raises ValueError, in one sentence, for a rule that keeps one network, and before the first generation.
    """
    kept = there(population)
    return PopulationResult(kept, kept.genes.double().std(0, unbiased=False))


def there(population: Any) -> Population:
    """The population, where there is one; raises ValueError, in one sentence, where there is none."""
    if population is None:
        raise ValueError("There is no population here: the rule of this run keeps a single network, or has not had "
                         "its first generation yet.")
    return population
