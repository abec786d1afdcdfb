"""Breeding: who becomes a parent, how children are mixed and changed, over random sizes."""

from __future__ import annotations

import pytest
import torch

from rnn_core.breeding import cross, fitness, mutate, select
from rnn_core.learners.cosyne import shuffled


def chance(seed: int = 0) -> torch.Generator:
    """A generator of its own."""
    return torch.Generator().manual_seed(seed)


def test_fitness_is_one_over_the_loss():
    found = fitness(torch.tensor([0.5, 4.0, 0.0, torch.inf]))
    assert found.tolist() == [2.0, 0.25, pytest.approx(1e12), 0.0]


@pytest.mark.parametrize("seed", range(3))
def test_a_roulette_is_in_proportion(seed):
    weights = torch.tensor([1.0, 2.0, 0.0, 5.0])
    drawn = select(weights, 20_000, "roulette", chance(seed))
    torch.testing.assert_close(drawn.bincount(minlength=4) / 20_000, weights / 8, atol=0.02, rtol=0)
    assert select(torch.zeros(3), 5, "roulette", chance(seed)).max() < 3


@pytest.mark.parametrize("rivals", [1, 2, 5])
def test_a_tournament_has_its_known_chances(rivals):
    n, many = 6, 30_000
    drawn = select(torch.arange(n).float(), many, "tournament", chance(), rivals=rivals).bincount(minlength=n) / many
    place = torch.arange(1, n + 1) / n
    torch.testing.assert_close(drawn, place**rivals - (place - 1 / n) ** rivals, atol=0.015, rtol=0)


def test_truncation_takes_the_best_alone():
    drawn = select(torch.tensor([3.0, 9.0, 1.0, 7.0, 0.0, 2.0, 5.0, 4.0]), 500, "truncation", chance(), share=0.25)
    assert set(drawn.tolist()) == {1, 3}


@pytest.mark.parametrize("p", [1, 2, 7])
def test_children_are_made_of_their_parents(p):
    mothers, fathers = torch.zeros(400, p), torch.ones(400, p)
    one = cross(mothers, fathers, "one point", chance())
    assert (one.diff(dim=1) >= 0).all() and (one[:, 0] == 0).all() and (p < 2 or (one[:, -1] == 1).all())
    each = cross(mothers, fathers, "uniform", chance())
    assert set(each.flatten().tolist()) == {0.0, 1.0}
    blend = cross(mothers, fathers, "blend", chance())
    assert -0.5 <= blend.min() < 0 and 1 < blend.max() <= 1.5
    assert torch.equal(cross(mothers, fathers, "none", chance()), mothers)


def test_mutation_changes_as_many_as_it_says():
    changed = mutate(torch.zeros(500, 40), 0.1, 2.0, chance())
    hit = changed != 0
    assert float(hit.float().mean()) == pytest.approx(0.1, abs=0.01)
    assert float(changed[hit].std()) == pytest.approx(2.0, rel=0.05)
    assert torch.equal(mutate(changed, 0.0, 2.0, chance()), changed)


@pytest.mark.parametrize("seed", range(5))
def test_shuffling_keeps_every_column_and_every_unmarked_gene(seed):
    g = chance(seed)
    n, p = 2 + seed, 3 * seed + 1
    rows, marks = torch.randn(n, p, generator=g), torch.rand(n, p, generator=g) < 0.6
    found = shuffled(rows, marks, g)
    assert torch.equal(found.sort(0).values, rows.sort(0).values)
    assert torch.equal(found[~marks], rows[~marks])
