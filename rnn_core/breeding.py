"""Breeding: who becomes a parent, how two chromosomes are mixed, and how one is changed.

A chromosome is a row of p genes, a population a matrix (n, p); fitness is never negative, and larger is better. All
chance comes from the generator that is passed in. Holland, *Adaptation in natural and artificial systems*, 1975.
"""
from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Selection = Literal["tournament", "roulette", "truncation"]
Crossover = Literal["one point", "uniform", "blend", "none"]

BEYOND, LARGEST = 0.5, 1e12


def fitness(losses: Tensor) -> Tensor:
    """1 / loss (n,), at most 10¹²; 0 where the loss is no finite number."""
    there = losses.isfinite()
    return torch.where(there, 1 / losses.clamp(min=1 / LARGEST), torch.zeros_like(losses))


def select(fitness: Tensor, count: int, how: Selection, generator: torch.Generator, *, rivals: int = 3,
           share: float = 0.25) -> Tensor:
    """Which of n become parents, (count,), each drawn on its own.

    tournament: the fittest of ``rivals`` drawn at random. roulette: each with a chance in proportion to its fitness.
    truncation: each of the fittest ``share`` with the same chance.
    """
    n = len(fitness)
    if how == "tournament":
        drawn = torch.randint(n, (count, rivals), generator=generator)
        return drawn.gather(1, fitness.cpu()[drawn].argmax(1, keepdim=True)).squeeze(1)
    if how == "roulette":
        chances = fitness.cpu().double()
        chances = chances / chances.max() if chances.max() > 0 else torch.ones_like(chances)
        return torch.multinomial(chances, count, replacement=True, generator=generator)
    best = fitness.cpu().argsort(descending=True, stable=True)[:max(2, round(share * n))]
    return best[torch.randint(len(best), (count,), generator=generator)]


def cross(mothers: Tensor, fathers: Tensor, how: Crossover, generator: torch.Generator) -> Tensor:
    """One child (n, p) of each pair.

    one point: the mother's genes up to a random cut, the father's after it. uniform: each gene from either. blend: each
    gene anywhere between the two, or beyond them by up to half their distance (Eshelman & Schaffer 1993). none: the
    mother's.
    """
    n, p = mothers.shape
    if how == "none":
        return mothers.clone()
    if how == "one point":
        cut = torch.randint(1, max(p, 2), (n, 1), generator=generator)
        return torch.where((torch.arange(p) < cut).to(mothers.device), mothers, fathers)
    if how == "uniform":
        coins = torch.empty(n, p, dtype=torch.bool).random_(generator=generator)
        return torch.where(coins.to(mothers.device), mothers, fathers)
    drawn = torch.rand(n, p, generator=generator).to(mothers)
    return torch.lerp(mothers, fathers, (1 + 2 * BEYOND) * drawn - BEYOND)


def mutate(rows: Tensor, rate: float, size: float, generator: torch.Generator, *, cauchy: bool = False) -> Tensor:
    """Each gene of rows (n, p), with a chance of ``rate``, moved by a Gaussian (or Cauchy) number times ``size``."""
    hit = (torch.rand(rows.shape, generator=generator) < rate).flatten().nonzero().squeeze(1)
    noise = torch.empty(len(hit))
    noise = noise.cauchy_(generator=generator) if cauchy else noise.normal_(generator=generator)
    return rows.flatten().index_add(0, hit.to(rows.device), size * noise.to(rows)).view_as(rows)
