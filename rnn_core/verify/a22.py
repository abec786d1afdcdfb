"""A22, the recursive net: a left chain is an Elman network, and composing level by level is recursion."""
from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, equal, gradients, quick, same

INPUTS, UNITS, LEAVES = 3, 4, 9


@quick
def left_chain() -> Iterator[Finding]:
    """A tree that only branches to the left is an Elman network with R = W₁ and W = W₂ L."""
    cell = _random()
    words = torch.randn(LEAVES, INPUTS, dtype=torch.float64)
    chain = torch.tensor([[0, 1], *([LEAVES + k, k + 2] for k in range(LEAVES - 2))])
    nodes = rc.unroll_tree(cell, words, chain).p
    elman = rc.make_cell("elman", INPUTS, hidden_size=UNITS).double()
    W_1, W_2 = cell.W.detach().chunk(2, 1)
    elman.load_state_dict({"W": W_2 @ cell.L.detach(), "R": W_1, "b": cell.b.detach()})
    first = type(elman.initial_state(1))((cell.L @ words[0]).unsqueeze(0))
    trace = rc.unroll(elman, words[1:].unsqueeze(0), first)
    yield same("inner nodes of a left chain, beside the states of an Elman network", nodes[LEAVES:], trace.outputs[0],
               1e-12)
    along = rc.unroll(cell, words[1:].unsqueeze(0), type(cell.initial_state(1))(first.h))
    yield same("the recursive net unrolled along the sequence, beside the same", along.outputs, trace.outputs, 1e-12)


@quick
def levels_are_recursion() -> Iterator[Finding]:
    """On random trees the level-batched road equals a recursion written out here, values and gradients."""
    stream = torch.Generator().manual_seed(3)
    cell = _random()
    for leaves in (2, LEAVES, 30):
        words = torch.randn(leaves, INPUTS, dtype=torch.float64, requires_grad=True)
        tree = _random_tree(leaves, stream)
        batched = rc.unroll_tree(cell, words, tree).p
        recursive = torch.stack([_vector(cell, words, tree, k) for k in range(2 * leaves - 1)])
        wanted = [words, *cell.parameters()]
        yield same(f"all nodes of a random tree with {leaves} leaves", batched, recursive, 1e-12)
        yield same(f"gradients of the root of {leaves} leaves, for words and weights",
                   *(gradients(road[-1].sum(), wanted) for road in (batched, recursive)), 1e-10)


@quick
def counts() -> Iterator[Finding]:
    """The composition has d(2d + 1) parameters; the word vectors add dI."""
    cell = rc.make_cell("recursive", 10, hidden_size=20)
    yield equal("parameters at I = 10, d = 20", 20 * (2 * 20 + 1) + 20 * 10, sum(p.numel() for p in cell.parameters()))


@torch.no_grad()
def _random() -> torch.nn.Module:
    """A recursive net in float64 with all weights random."""
    cell = rc.make_cell("recursive", INPUTS, hidden_size=UNITS).double()
    for p in cell.parameters():
        p.normal_()
    return cell


def _random_tree(leaves: int, stream: torch.Generator) -> Tensor:
    """Children (leaves − 1, 2) of a tree grown by joining two random roots at a time."""
    roots, children = list(range(leaves)), []
    while len(roots) > 1:
        pair = [roots.pop(int(torch.randint(len(roots), (1,), generator=stream))) for _ in range(2)]
        children.append(pair)
        roots.append(leaves + len(children) - 1)
    return torch.tensor(children)


def _vector(cell: torch.nn.Module, words: Tensor, tree: Tensor, node: int) -> Tensor:
    """p = tanh(W₁ c₁ + W₂ c₂ + b), by calling itself for both children."""
    if node < len(words):
        return cell.L @ words[node]
    left, right = (_vector(cell, words, tree, int(child)) for child in tree[node - len(words)])
    W_1, W_2 = cell.W.chunk(2, 1)
    return torch.tanh(W_1 @ left + W_2 @ right + cell.b)
