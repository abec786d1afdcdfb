"""A genetic algorithm: one gene a weight, one chromosome a network, no gradient.

    fitness = 1 / loss
    parents by tournament, roulette or truncation;  child = crossover(mother, father);  gene ← gene + ε N(0, σ²)

The whole generation is scored in one call. The ``elite`` best go on unchanged, so on the same sequences the best never
gets worse. It stops after the last generation, or once the best network has learnt enough of its sequences, or once
its loss is low enough. Cost of a generation: p forward passes. Holland, *Adaptation in natural and artificial systems*,
1975; Montana & Davis, *Training feedforward neural networks using genetic algorithms*, 1989.
"""
from __future__ import annotations

import torch
from torch import Tensor

from rnn_core.breeding import Crossover, Selection, cross, mutate, select
from rnn_core.learners.evolving import PopulationLearner, PopulationSettings
from rnn_core.records import Card, setting


class GeneticSettings(PopulationSettings):
    """How parents are chosen and mixed, and how their children are changed."""

    selection: Selection = setting("tournament", "Who becomes a parent: the fittest of some drawn at random, each in "
                                                 "proportion to its fitness, or any of the best.", main=True)
    rivals: int = setting(8, "Networks that meet in a tournament.", ge=1, le=100)
    best_share: float = setting(0.25, "The share of the population that truncation lets become parents.", ge=0.01,
                                le=1.0)
    crossover: Crossover = setting("uniform", "How two parents are mixed: cut at one point, gene by gene, blended, or "
                                              "not at all.", main=True)
    crossover_rate: float = setting(0.5, "How many children have two parents; the others have one.", ge=0.0, le=1.0,
                                    step=0.05)
    mutation_rate: float = setting(0.1, "Chance of each gene to be changed.", symbol="ε", ge=0.0, le=1.0, step=0.05,
                                   main=True)
    mutation_size: float = setting(1.0, "How far a gene is changed: standard deviation of a Gaussian.", symbol="σ",
                                   ge=0.0, le=10.0, main=True)


class Genetic(PopulationLearner):
    """Genetic algorithm: whole networks are selected, mixed and changed, by nothing but how well they do."""

    card = Card(title="Genetic algorithm", row="B10", year=1975,
                reference="Holland, Adaptation in natural and artificial systems, 1975; Montana & Davis, 1989",
                summary="Many networks; the fittest become parents, their weights are mixed and changed by chance.",
                equations={"f": "f = 1 / L"}, symbols={"f": "prediction"},
                use="Where there is a score and nothing else: no gradient, no target, no differentiable step.")
    Settings = GeneticSettings
    commands = (*PopulationLearner.commands, "crossover_rate", "mutation_rate", "mutation_size")

    def breed(self, count: int) -> tuple[Tensor, Tensor]:
        own, chance = self.settings, self.streams.noise
        parents = select(self.fitness, 2 * count, own.selection, chance, rivals=own.rivals,
                         share=own.best_share).view(count, 2)
        both = torch.rand(count, generator=chance) < own.crossover_rate
        parents[~both, 1] = parents[~both, 0]
        at = parents.to(self.population.device)
        young = self.population[at[:, 0]]
        young[both] = cross(young[both], self.population[at[both, 1]], own.crossover, chance)
        return mutate(young, own.mutation_rate, own.mutation_size, chance), parents
