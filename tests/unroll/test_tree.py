"""Trees: levels at once equal recursion, a chain to the left is an Elman network, a child must come first."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from tests.cells.cases import one_sentence, same


@pytest.fixture
def cell(float64):
    """A recursive network with a bias that is felt."""
    cell = rc.make_cell("recursive", 3, hidden_size=4)
    with torch.no_grad():
        cell.b.normal_()
    return cell


def random_forest(leaves: int, nodes: int, seed: int) -> torch.Tensor:
    """Children of inner nodes, any two that come before."""
    g = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randint(0, leaves + k, (2,), generator=g) for k in range(nodes)])


@pytest.mark.parametrize("seed", range(4))
def test_levels_equal_recursion(cell, seed):
    x, children = torch.randn(5, 3), random_forest(5, 9, seed)

    def node(k: int) -> torch.Tensor:
        if k < 5:
            return cell.L @ x[k]
        left, right = (node(int(c)) for c in children[k - 5])
        return torch.tanh(cell.W @ torch.cat([left, right]) + cell.b)

    tree, recursion = rc.unroll_tree(cell, x, children).p, torch.stack([node(k) for k in range(14)])
    same(tree, recursion)
    weights = torch.randn(14, 4)
    same(*([*torch.autograd.grad((v * weights).sum(), list(cell.parameters()))] for v in (tree, recursion)))


def test_a_chain_to_the_left_is_an_elman_network(cell):
    x = torch.randn(6, 3)
    chain = torch.tensor([[0, 1], [6, 2], [7, 3], [8, 4], [9, 5]])
    tree = rc.unroll_tree(cell, x, chain).p[6:]
    elman = rc.make_cell("elman", 3, hidden_size=4)
    with torch.no_grad():
        elman.W.copy_(cell.W[:, 4:] @ cell.L)
        elman.R.copy_(cell.W[:, :4])
        elman.b.copy_(cell.b)
        first = type(elman.initial_state(1))(cell.leaf(x[:1]).p)
        same(rc.unroll(elman, x[1:].unsqueeze(0), first).outputs[0], tree)
        along = rc.unroll(cell, x[1:].unsqueeze(0), cell.leaf(x[:1]))
        same(along.outputs[0], tree)


def test_leaves_alone(cell):
    x = torch.randn(2, 3)
    same(rc.unroll_tree(cell, x, torch.zeros(0, 2, dtype=torch.long)).p, x @ cell.L.T)


@pytest.mark.parametrize("children", [[[0, 2]], [[0, 3]], [[-1, 0]], [[0, 1], [0, 4]]])
def test_a_child_comes_before_its_parent(cell, children):
    with pytest.raises(ValueError, match="does not come before") as caught:
        rc.unroll_tree(cell, torch.randn(2, 3), torch.tensor(children))
    one_sentence(str(caught.value))
