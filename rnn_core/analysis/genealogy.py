"""Whose children are they? The forebears of the best network, generation by generation.

Each network of a generation has one or two parents in the one before; those that went on unchanged are their own. Going
back from the best, its forebears grow fewer or many: few mean that the population descends from one lucky network.
Bayer et al., *Evolving memory cell structures for sequence learning*, 2009.
"""
from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.population import there
from rnn_core.records import Card, Result
from rnn_core.records.population import Population

CARD = Card(title="Genealogy", row="A21", year=2009,
            reference="Bayer, Wierstra, Togelius & Schmidhuber, Evolving memory cell structures for sequence learning, "
                      "2009",
            summary="The forebears of the best network of a population, generation by generation.")


@dataclass(frozen=True, eq=False)
class Genealogy(Result):
    """``parents`` (g, p, 2), ``losses`` (g, p) and ``words`` of the last g generations, the newest last.

    ``forebear`` (g, p) is true for the best network of the newest generation and for all that it descends from;
    ``first`` is the number of the oldest generation shown.
    """

    parents: Tensor
    losses: Tensor
    words: tuple[tuple[str, ...], ...]
    forebear: Tensor
    first: int

    def frame(self) -> pd.DataFrame:
        """One row a forebear of the best: generation, place in it, loss, the places of its parents, and what it is."""
        rows = []
        for g, k in self.forebear.nonzero().tolist():
            mother, father = (int(v) + 1 for v in self.parents[g, k])
            rows.append({"generation": self.first + g, "place": k + 1, "loss": float(self.losses[g, k]),
                         "mother's place": mother if mother > 0 else None,
                         "father's place": father if father > 0 and father != mother else None,
                         "in words": self.words[g][k]})
        return pd.DataFrame(rows)

    @property
    def says(self) -> str:
        counts, last = self.forebear.sum(1).tolist(), self.first + len(self.losses) - 1
        best = self.words[-1][0]
        told = f"; it is {best}" if best else ""
        return (f"the best network of generation {last} has {counts[0]} of {self.losses.shape[1]} networks of "
                f"generation {self.first} among its forebears, and a loss of {float(self.losses[-1, 0]):.3g}{told}.")

    @property
    def says_not(self) -> str:
        return ("that a forebear which did well handed on what made it so: mixing and chance changes come in between, "
                "and of one seed's family nothing follows for another's.")


def genealogy(population: Population | None) -> Genealogy:
    """The family of the best network over the last generations that the rule keeps.

    Raises ValueError, in one sentence, for a rule that keeps no population, or one whose networks have no parents.
    """
    kept = there(population)
    if not len(kept.parents):
        raise ValueError("There are no parents to draw: nothing was bred yet.")
    if kept.generation > 1 and len(kept.past) < 2:
        raise ValueError(f"There are no parents to draw: with {kept.rule} every gene of a network may come from "
                         "another.")
    forebear = torch.zeros(kept.past.shape, dtype=torch.bool)
    forebear[-1, 0] = True
    for g in range(len(forebear) - 1, 0, -1):
        known = kept.parents[g][forebear[g]].long().flatten()
        forebear[g - 1, known[known >= 0]] = True
    return Genealogy(kept.parents, kept.past, kept.words, forebear, kept.generation - len(kept.past) + 1)
