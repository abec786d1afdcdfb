"""What does an optimiser make of a small gradient?

One update from the same weights with the same gradient g = Σ_t g_t, by each rule afresh: SGD and momentum go −η g, but
Adam's first step is −η g/(|g| + ε) and RMSProp's −η g/(√.01 |g| + ε), whatever the size of g. So under Adam a weight
whose gradient has all but vanished moves as far as any other. What it cannot mend is the proportion: of the step of
one weight, step t of the sequence owns the part g_t/g, under every rule, so early steps that vanish from g still have
no say. Robbins & Monro 1951; Polyak 1964; Tieleman & Hinton 2012; Kingma & Ba 2015.
"""
from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Batch, Card, Result, Trace
from rnn_core.records.trees import hold, leaves, rows, split, tmap

CARD = Card(title="What the optimiser makes of it", row="B17", year=2015,
            reference="Kingma & Ba 2015; Tieleman & Hinton 2012; Polyak 1964; Robbins & Monro 1951",
            summary="For one update: the gradient of every weight, and the step that each optimiser takes.",
            equations={"SGD": "Δ = −η g", "Adam": "Δ = −η g/(|g| + ε) in the first update"}, symbols={"g": "gradient"})
RULES: dict[str, Callable[[list[Tensor], float], torch.optim.Optimizer]] = {
    "SGD": lambda p, rate: torch.optim.SGD(p, lr=rate),
    "momentum": lambda p, rate: torch.optim.SGD(p, lr=rate, momentum=0.9),
    "RMSProp": lambda p, rate: torch.optim.RMSprop(p, lr=rate),
    "Adam": lambda p, rate: torch.optim.Adam(p, lr=rate),
}


@dataclass(frozen=True, eq=False)
class OptimiserSteps(Result):
    """Of p recurrent weights: ``gradient`` (p,), and by rule ``moves`` (p,), their steps with learning rate ``rate``.

    ``owed`` by rule (t,): how far, as a length over all weights, the part of the move that step t owns goes. The parts
    are vectors; added up they are the move.
    """

    gradient: Tensor
    moves: dict[str, Tensor]
    owed: dict[str, Tensor]
    rate: float

    def frame(self) -> pd.DataFrame:
        """One row a step of the sequence: how far its part of the move goes under each rule."""
        steps = len(next(iter(self.owed.values())))
        return pd.DataFrame({"t": range(steps), **{rule: v.cpu() for rule, v in self.owed.items()}})

    def spread(self, rule: str) -> float:
        """How many times farther a rule moves the weight at the 90th percentile than the one at the 10th; NaN if none
        moves."""
        sizes = self.moves[rule].abs()
        sizes = sizes[sizes.isfinite() & (sizes > 0)]
        if len(sizes) < 2:
            return float("nan")
        low, high = sizes.quantile(sizes.new_tensor([0.1, 0.9])).tolist()
        return high / low

    @property
    def says(self) -> str:
        if not bool(self.gradient.isfinite().all()):
            return "this network has left the finite numbers, and no optimiser can follow that gradient."
        plain, adam = self.spread("SGD"), self.spread("Adam")
        if plain != plain:
            return "no recurrent weight of this network feels its loss, so no optimiser moves any."
        return (f"in this one update SGD moves some recurrent weights {plain:.3g} times as far as others, as their "
                f"gradients ask; with Adam that factor is {adam:.3g}.")

    @property
    def says_not(self) -> str:
        return ("that Adam cures vanishing: it lifts small gradients and large ones to the same size, but within each "
                "the early steps own as little as before; and later updates remember earlier ones.")


def optimiser_steps(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor], rate: float = 0.005,
                    which: int = 0) -> OptimiserSteps:
    """One update by every rule on copies of the weights of one pass's cell (``which``), in double precision.

    The network itself is not touched, gradients are not clipped, and every optimiser starts afresh.
    """
    network, batch = copy.deepcopy(network).double(), Batch(*tmap(doubled, tuple(batch)))
    with torch.enable_grad():
        trace = network.trace(batch.x, mask=batch.mask, record=True)
        one = trace.passes[which]
        weights = [p for p in one.cell.parameters() if p.requires_grad]
        felt = [v for v in (*leaves(one.nodes), one.outputs) if v.requires_grad]
        got = torch.autograd.grad(loss(trace.outputs, batch), [*felt, *weights], allow_unused=True)
        found = {id(v): g for v, g in zip([*felt, *weights], got) if g is not None}
    gradients = [found.get(id(p), torch.zeros_like(p)).detach() for p in weights]
    gradient = torch.cat([g.flatten() for g in gradients])
    moves = {name: _move(make, weights, gradients, rate) for name, make in RULES.items()}
    felt_at_all = torch.where(gradient == 0, torch.ones_like(gradient), gradient)
    scale = torch.stack([move / felt_at_all for move in moves.values()])
    with torch.enable_grad():
        parts = _parts(one, weights, lambda v: found.get(id(v), torch.zeros_like(v)))
        owed = one.in_time(torch.stack([(scale * part).norm(dim=1) for part in parts], 1))
    return OptimiserSteps(gradient, moves, dict(zip(moves, owed)), rate)


def doubled(v: Tensor) -> Tensor:
    """The same numbers in double precision; integers and truths stay what they are."""
    return v.double() if v.is_floating_point() else v


def _parts(one: Trace, weights: list[Tensor], arrived: Callable[[Tensor], Tensor]) -> Iterator[Tensor]:
    """g_t (p,) of every step, in the order of visiting: what the loss asks of the weights as used there alone."""
    out_gradients = one.in_time(arrived(one.outputs)).unbind(1)
    costates = [*(tmap(arrived, node) for node in one.nodes[1:]), tmap(torch.zeros_like, one.nodes[-1])]
    inputs = split(one.in_time(tmap(Tensor.detach, one.x)))
    masks = [None] * one.length if one.mask is None else one.in_time(one.mask).unbind(1)
    for x, node, there, g_out, costate in zip(inputs, one.nodes, masks, out_gradients, costates):
        state = tmap(Tensor.detach, node)
        out, new, _ = one.cell.step(x, state)
        if there is not None:
            new, out = hold(there, new, state), torch.where(rows(there, out), out, torch.zeros_like(out))
        pairs = [(v, g) for v, g in zip([out, *leaves(new)], [g_out, *leaves(costate)]) if v.requires_grad]
        got = torch.autograd.grad([v for v, _ in pairs], weights, [g for _, g in pairs], allow_unused=True)
        yield torch.cat([(torch.zeros_like(w) if g is None else g).flatten() for w, g in zip(weights, got)])


def _move(make: Callable[[list[Tensor], float], torch.optim.Optimizer], weights: list[Tensor],
          gradients: list[Tensor], rate: float) -> Tensor:
    """(p,) how far one update of a fresh optimiser moves every weight."""
    copies = [p.detach().clone().requires_grad_() for p in weights]
    for p, g in zip(copies, gradients):
        p.grad = g.clone()
    make(copies, rate).step()
    return torch.cat([(new - old).detach().flatten() for new, old in zip(copies, weights)])
