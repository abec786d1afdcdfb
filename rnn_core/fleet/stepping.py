"""The optimisers of BPTT on the weights (k, p) of k models, each with its own learning rate."""
from __future__ import annotations

import torch
from torch import Tensor

BETAS, ALPHA, EPS = (0.9, 0.999), 0.99, 1e-8
MOMENTS = {"adam": ("mean", "square"), "rmsprop": ("square",), "momentum": ("velocity",), "sgd": ()}


class Stepper:
    """One optimiser for all models; a row with rate 0 and gradient 0 stays as it is.

    ``moments`` are named tensors (k, p), ``steps`` counts the updates so far.
    """

    def __init__(self, kind: str, weights: Tensor, momentum: float) -> None:
        self.kind, self.momentum, self.steps = kind, momentum, 0
        self.moments = {name: torch.zeros_like(weights) for name in MOMENTS[kind]}

    @torch.no_grad()
    def step(self, weights: Tensor, gradient: Tensor, rates: Tensor) -> None:
        """Move weights (k, p) by gradient (k, p) and rates (k, 1), in place."""
        self.steps += 1
        if self.kind == "adam":
            mean, square = self.moments["mean"], self.moments["square"]
            mean.lerp_(gradient, 1 - BETAS[0])
            square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
            size = (square.sqrt() / (1 - BETAS[1] ** self.steps) ** 0.5).add_(EPS)
            weights.addcmul_(mean / size, rates / (1 - BETAS[0] ** self.steps), value=-1)
        elif self.kind == "rmsprop":
            square = self.moments["square"]
            square.mul_(ALPHA).addcmul_(gradient, gradient, value=1 - ALPHA)
            weights.addcmul_(gradient / square.sqrt().add_(EPS), rates, value=-1)
        else:
            if self.kind == "momentum":
                gradient = self.moments["velocity"].mul_(self.momentum).add_(gradient)
            weights.addcmul_(gradient, rates, value=-1)
