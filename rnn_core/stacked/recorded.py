"""A function that is written down once, as the calls it makes on torch, and then read off without its Python."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx

from rnn_core.records.trees import leaves, tmap


class Recorded:
    """A function of trees of tensors, on weights by name that ``wear`` puts in place, without gradients.

    The calls on torch that it makes are recorded for each set of shapes that it meets; what it does must follow from
    shapes alone, not from values. With gradients it runs as it is written.
    """

    def __init__(self, function: Callable[..., Any], wear: Callable[[dict[str, Tensor]], None]) -> None:
        self.function, self.wear = function, wear
        self.known: dict[Any, tuple[Callable[..., list[Tensor]], Any]] = {}

    def __call__(self, weights: dict[str, Tensor], *given: Any) -> Any:
        if torch.is_grad_enabled():
            return self.function(*given)
        values = leaves(given)
        kind = tuple([v.shape for v in values] + [v.dtype for v in values])
        if kind not in self.known:
            self.known[kind] = self._record(weights, values, given)
        play, answer = self.known[kind]
        found = iter(play(*weights.values(), *values))
        return tmap(lambda _: next(found), answer)

    def _record(self, weights: dict[str, Tensor], values: list[Tensor], given: Any) -> tuple[Callable[..., Any], Any]:
        answers: list[Any] = []

        def flat(*numbers: Tensor) -> list[Tensor]:
            self.wear(dict(zip(weights, numbers)))
            rest = iter(numbers[len(weights):])
            answers.append(self.function(*tmap(lambda _: next(rest), given)))
            return leaves(answers[-1])

        try:
            play = make_fx(flat)(*weights.values(), *values).forward
        finally:
            self.wear(weights)
        return play, tmap(lambda v: torch.empty(0), answers[-1])
