"""What does the loss say to each state?

λ_t = dL/ds_t: the derivative of the loss with respect to the state as it enters step t + 1, fields independent of one
another. It obeys λ_t = A_{t+1}ᵀ λ_{t+1} + C_{t+1}ᵀ ∂ℓ_{t+1}/∂out_{t+1}. The total derivative of an exposed output adds
its own ∂ℓ_t/∂out_t and is another thing.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Batch, Card, NetworkTrace, Result
from rnn_core.records.trees import leaves, paths, stack, tmap

CARD = Card(title="Costates", row="B7", year=1986,
            reference="Pontryagin; LeCun, A theoretical framework for backpropagation, 1988",
            summary="The derivative of each sequence's loss with respect to every state of every step.",
            equations={"λ": "λ_t = A_{t+1}ᵀ λ_{t+1} + C_{t+1}ᵀ ∂ℓ_{t+1}/∂out_{t+1}"}, symbols={"λ": "gradient"})


@dataclass(frozen=True, eq=False)
class Costates(Result):
    """``passes``: for each pass a tree like its state, every field (b, t, …), in sequence time; ``outputs`` (b, t, o)
    is dL/dy_t; ``trace`` is what was differentiated."""

    passes: tuple[Any, ...]
    outputs: Tensor
    trace: NetworkTrace

    def frame(self) -> pd.DataFrame:
        """Norm of every field's costate, one row a pass, field, sequence and step."""
        parts = []
        for one, tree in zip(self.trace.passes, self.passes):
            for name, value in paths(tree):
                if not value.is_floating_point():
                    continue
                b, t = value.shape[:2]
                parts.append(pd.DataFrame({
                    "pass": one.name, "field": name, "sequence": torch.arange(b).repeat_interleave(t),
                    "t": torch.arange(t).repeat(b), "norm": value.flatten(2).norm(dim=-1).flatten().cpu()}))
        return pd.concat(parts, ignore_index=True)

    @property
    def says(self) -> str:
        return "how strongly, and in which direction, each state of each step would change this loss."

    @property
    def says_not(self) -> str:
        return "how important a step is: a small gradient can come from a saturated unit that matters greatly."


def costates(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor]) -> Costates:
    """Costates of every pass, each sequence by its own loss, so that they do not depend on how many there are."""
    with torch.enable_grad():
        trace = network.trace(batch.x, mask=batch.mask, record=True)
        total = sum(loss(trace.outputs[k:k + 1], batch.rows(slice(k, k + 1))) for k in range(len(trace.outputs)))
        nodes = [node for one in trace.passes for node in one.nodes]
        wanted = [v for v in leaves(nodes) if v.requires_grad]
        got = torch.autograd.grad(total, [*wanted, trace.outputs], allow_unused=True)
    found = {id(v): g for v, g in zip(wanted, got) if g is not None}
    passes = tuple(one.in_time(stack([tmap(lambda v: found.get(id(v), torch.zeros_like(v)), n) for n in one.nodes]))
                   for one in trace.passes)
    outputs = torch.zeros_like(trace.outputs) if got[-1] is None else got[-1]
    return Costates(tmap(Tensor.detach, passes), outputs.detach(), trace)
