"""k networks of one kind that act side by side, each in worlds of its own: one call a step."""
from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from rnn_core.networks.base import Network
from rnn_core.records.trees import tmap
from rnn_core.stacked.crowd import Crowd
from rnn_core.stacked.forward import OnStacked

Step = Callable[[Tensor, Any], tuple[Tensor, Any]]


def acting(crowd: Crowd, weights: Tensor) -> Step:
    """A step of k networks with these weights (k, p): observations (k·n, i), the first network's n worlds first, and
    a state, None at first → outputs (k·n, o) and the next state.

    On the road of ``crowd``; networks that have to go one by one do so at every step.
    """
    k, parts = len(weights), crowd.rows.parts(weights)
    if isinstance(crowd.forward, OnStacked):
        crowd.forward.wear(parts)
        own = partial(crowd.forward.step, models=k)
    elif crowd.forward is not None:
        own = _by_vmap(crowd.single, parts, k)
    else:
        own = _one_by_one(crowd, weights)

    @torch.no_grad()
    def step(x: Tensor, state: Any) -> tuple[Tensor, Any]:
        y, after = own(x.to(weights).unflatten(0, (k, -1)), state)
        return y.flatten(0, 1), after

    return step


class _Once(nn.Module):
    """One step of a network as a module that can be called with other weights."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        trace = self.network.trace(x.unsqueeze(1), state=state)
        return trace.outputs[:, 0], trace.main.final


def _by_vmap(network: Network, parts: dict[str, Tensor], k: int) -> Step:
    once, named = _Once(network), {f"network.{name}": v for name, v in parts.items()}

    def one(weights: dict[str, Tensor], x: Tensor, state: Any) -> tuple[Tensor, Any]:
        return torch.func.functional_call(once, weights, (x, state))

    def step(x: Tensor, state: Any) -> tuple[Tensor, Any]:
        if state is None:
            first = network.cells[0].initial_state(x.shape[1])
            state = tmap(lambda v: v.expand(k, *v.shape), first)
        return torch.vmap(one)(named, x, state)

    return step


def _one_by_one(crowd: Crowd, weights: Tensor) -> Step:
    once = _Once(crowd.single)

    def step(x: Tensor, state: Any) -> tuple[Tensor, Any]:
        outputs, after = [], []
        for j, row in enumerate(weights):
            crowd.rows.settle(row, crowd.single)
            y, new = once(x[j], None if state is None else state[j])
            outputs.append(y)
            after.append(new)
        return torch.stack(outputs), after

    return step
