"""Trees of tensors: mapping, folding time, splitting, cleaning, flattening."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from rnn_core.records import trees
from tests.cells.cases import identical


class Pair(NamedTuple):
    """A state with a clock."""

    h: Tensor
    clock: Tensor


@pytest.fixture
def tree():
    """A nested tree, every tensor (2, 3, …), with a hole in it."""
    return {"a": (Pair(torch.randn(2, 3, 4), torch.arange(6).view(2, 3)), None), "b": [torch.randn(2, 3, 1, 2)]}


def test_mapping_is_pytorchs_own_where_nothing_is_missing(tree):
    tree["a"] = tree["a"][:1]
    mapped = trees.tmap(torch.add, tree, tree)
    expected = pytree.tree_map(torch.add, tree, tree)
    assert pytree.tree_structure(mapped) == pytree.tree_structure(expected)
    assert type(mapped["a"][0]) is Pair
    identical(mapped, expected)


def test_nothing_stays_nothing(tree):
    assert trees.tmap(torch.neg, None) is None
    assert trees.tmap(torch.neg, tree)["a"][1] is None
    assert len(trees.leaves(tree)) == 3


@pytest.mark.parametrize("leaf", [3, "x", {1, 2}, 1.5])
def test_a_tree_holds_tensors_only(leaf):
    with pytest.raises(TypeError, match="A tree is made of tensors"):
        trees.tmap(torch.neg, (torch.zeros(1), leaf))


def test_trees_of_different_shape_do_not_meet():
    with pytest.raises(ValueError):
        trees.tmap(torch.add, (torch.zeros(1), torch.zeros(1)), (torch.zeros(1),))


def test_folding_and_unfolding(tree):
    folded = trees.fold(tree)
    assert [v.shape[0] for v in trees.leaves(folded)] == [6, 6, 6]
    identical(trees.unfold(folded, 2, 3), tree)


def test_splitting_and_stacking(tree):
    steps = trees.split(tree)
    assert len(steps) == 3 and steps[1]["a"][1] is None
    torch.testing.assert_close(steps[1]["a"][0].h, tree["a"][0].h[:, 1])
    identical(trees.stack(steps), tree)


def test_flipping_twice_changes_nothing(tree):
    identical(trees.flip(trees.flip(tree)), tree)
    torch.testing.assert_close(trees.flip(tree)["b"][0][:, 0], tree["b"][0][:, 2])


def test_cleaning_leaves_no_trace_of_what_stood_there(tree):
    mask = torch.tensor([[True, True, False], [False, True, False]])
    tree["a"][0].h[~mask] = torch.nan
    cleaned = trees.clean(tree, mask)
    for v in trees.leaves(cleaned):
        assert not v[~mask].any() and v.isfinite().all()
    identical(trees.clean(cleaned, mask), cleaned)


def test_holding_keeps_the_old_where_the_mask_is_false(tree):
    new, old = trees.tmap(torch.ones_like, tree), tree
    held = trees.hold(torch.tensor([True, False]), new, old)
    for n, o, h in zip(*map(trees.leaves, (new, old, held)), strict=True):
        identical([h[0], h[1]], [n[0], o[1]])


def test_names_are_paths(tree):
    assert [name for name, _ in trees.paths(tree)] == ["a.0.h", "a.0.clock", "b.0"]


def test_a_state_as_a_vector_and_back():
    state = (Pair(torch.randn(5, 2, 3), torch.arange(5)), Pair(torch.randn(5, 4), torch.arange(5) + 1))
    matrix, back = trees.vector(state)
    assert matrix.shape == (5, 10)
    identical(back(matrix), state)
    doubled = back(2 * matrix)
    identical([doubled[0].h, doubled[1].clock], [2 * state[0].h, state[1].clock])
