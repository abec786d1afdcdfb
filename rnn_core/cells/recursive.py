"""Recursive network: two children become one parent, up a tree.

    p = tanh(W_1 c_1 + W_2 c_2 + b),   leaves c = L x

W = [W_1 W_2] (n, 2n), b (n), L (n, i) holds the word vectors. Along a sequence it is the left-branching tree: the state
is the left child and the next word the right one, which is an Elman network with R = W_1 and W = W_2 L. Pollack, 1990;
Socher, 2011.
"""
from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, RecurrentSettings, weight
from rnn_core.records import Card


class RecursiveState(NamedTuple):
    """p (b, n): the vector of a node."""

    p: Tensor


class Recursive(Cell):
    """Recursive network: the same small net composes two children into their parent at every node of a tree."""

    card = Card(
        title="Recursive net", row="A22", year=1990,
        reference="Pollack, Recursive distributed representations, 1990; Socher et al., 2011",
        summary="One composition applied at every node of a tree, from the leaves to the root.",
        equations={"a": "a = W_1 c_1 + W_2 c_2 + b", "p": "p = tanh(a)"},
        symbols={"a": "candidate", "p": "hidden"}, parameters="H*(2*H+1)+H*I",
        use="Sentences with a parse, formulas, anything nested.")
    runs_along = ("sequence", "tree")

    def __init__(self, input_size: int, settings: RecurrentSettings | None = None,
                 output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        n = self.settings.hidden_size
        self.W, self.b, self.L = weight(n, 2 * n), weight(n), weight(n, input_size)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        super().initialise(generator)
        self.W.mul_(self.settings.gain)

    def initial_state(self, batch_size: int) -> RecursiveState:
        return RecursiveState(self.zeros(batch_size, self.settings.hidden_size))

    def leaf(self, x: Tensor) -> RecursiveState:
        """(…, i) → the vector of a leaf."""
        return RecursiveState(linear(x, self.L))

    def compose(self, x: Tensor | None, predecessors: tuple[Any, ...]) -> tuple[Tensor, Any, dict[str, Tensor]]:
        """The parent of two children; inner nodes have no input of their own, so x is None."""
        c_1, c_2 = (child.p for child in predecessors)
        a = linear(torch.cat([c_1, c_2], 1), self.W, self.b)
        p = torch.tanh(a)
        return p, RecursiveState(p), {"a": a, "p": p}

    def project(self, x: Tensor) -> RecursiveState:
        return self.leaf(x)

    def advance(self, drive: RecursiveState, state: RecursiveState) -> tuple[Tensor, RecursiveState, dict[str, Tensor]]:
        return self.compose(None, (state, drive))
