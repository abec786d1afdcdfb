"""An evolution strategy: try the network with its weights shaken at random, and go where the shaken ones do better.

    J(θ) = E[L(θ + σ ε)], ε ~ N(0, I)                                  the loss, smoothed
    in pairs   g = 1/(2mσ) Σ_{i ≤ m} (u(θ + σ ε_i) − u(θ − σ ε_i)) ε_i
    one sided  g = 1/(2mσ) Σ_{i ≤ 2m} (u(θ + σ ε_i) − ū) ε_i

u is the loss, or with shaping its rank among the generation, from −½ for the best to ½ for the worst, so that one wild
network cannot lead all others. With u = L the mean of g is ∇J(θ). An optimiser steps downhill along g. Cost of an
update: 2m + 1 forward passes in one call; nothing is sent back. Rechenberg, *Evolutionsstrategie*, 1973; Wierstra et
al., *Natural evolution strategies*, 2008; Salimans et al., *Evolution strategies as a scalable alternative to
reinforcement learning*, 2017.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from rnn_core.learners.base import GradientLearner, GradientSettings
from rnn_core.learners.evolving import room_for, score
from rnn_core.networks.base import Network
from rnn_core.records import Batch, Card, Streams, setting
from rnn_core.stacked import Crowd, Rows


class EvolutionStrategySettings(GradientSettings):
    """How many are shaken, how strongly, and what is heard of them."""

    learning_rate: float = setting(0.05, "Size of a step.", symbol="η", ge=1e-6, le=10.0, log=True, main=True)
    shaken: int = setting(50, "Pairs of networks that are tried in an update.", symbol="m", ge=1, le=1000, main=True)
    shake: float = setting(0.1, "How strongly weights are shaken: standard deviation of a Gaussian.", symbol="σ",
                           ge=1e-4, le=10.0, log=True, main=True)
    mirrored: bool = setting(True, "Try each shake and its opposite; what both share then drops out.")
    ranks: bool = setting(True, "Hear which networks do better, not by how much.")


class EvolutionStrategy(GradientLearner):
    """Evolution strategy: a gradient without a way back, estimated from many shaken copies of the network."""

    card = Card(title="Evolution strategy", row="B16", year=1973,
                reference="Rechenberg, Evolutionsstrategie, 1973; Salimans et al., Evolution strategies as a scalable "
                          "alternative to reinforcement learning, 2017",
                summary="Shake all weights at random many times, see which shakes help, and step that way.",
                equations={"J": "J = E[L(θ + σ ε)]",
                           "g": "g = (1/(2 m σ)) Σ_i (u(θ + σ ε_i) − u(θ − σ ε_i)) ε_i"},
                symbols={"J": "prediction", "g": "gradient"},
                use="Where the score has no slope, such as a reward; its noise grows with the number of weights.")
    Settings = EvolutionStrategySettings
    any_score = True
    commands = (*GradientLearner.commands, "shake")

    def __init__(self, network: Network, task: Any, settings: EvolutionStrategySettings, streams: Streams) -> None:
        super().__init__(network, task, settings, streams)
        self.rows = Rows(network)
        self._crowd: Crowd | None = None

    @torch.no_grad()
    def pieces(self, batch: Batch, teacher: Tensor | None) -> Iterator[float]:
        room_for(2 * self.settings.shaken, self.rows.width)
        theta = self.rows.of(self.network)
        noise = self.noise().to(theta)
        if self._crowd is None:
            self._crowd = Crowd(self.network, batch)
        for losses in score(self._crowd, torch.cat([theta.unsqueeze(0), theta + self.settings.shake * noise]), batch,
                            self.task):
            if losses is None:
                yield 0.0
        gradient = self.estimate(noise, losses[1:])
        for p, part, shape in zip(self.parameters, gradient.split(self.rows.sizes), self.rows.shapes, strict=True):
            own = part.view(shape)
            p.grad = own.clone() if p.grad is None else p.grad.add_(own)
        yield float(losses[0])

    def noise(self) -> Tensor:
        """ε (2m, p): with pairs the second half is the opposite of the first."""
        m, own = self.settings.shaken, self.streams.noise
        if self.settings.mirrored:
            half = torch.randn(m, self.rows.width, generator=own)
            return torch.cat([half, -half])
        return torch.randn(2 * m, self.rows.width, generator=own)

    def estimate(self, noise: Tensor, losses: Tensor) -> Tensor:
        """g (p,) from shakes ε (2m, p) and the losses (2m,) of the networks that were shaken so.

        A network whose loss is no finite number counts as the worst by rank; without ranks it makes g useless, and
        training diverges.
        """
        u = shaped(losses) if self.settings.ranks else losses
        if not self.settings.mirrored:
            u = u - u.mean()
        return u @ noise / (len(losses) * self.settings.shake)


def shaped(losses: Tensor) -> Tensor:
    """Ranks (n,) from −½ for the smallest loss to ½ for the largest; equal losses share the mean of their ranks."""
    known = losses.nan_to_num(torch.inf, torch.inf, torch.inf)
    below = (known.unsqueeze(0) < known.unsqueeze(1)).sum(1).to(losses.dtype)
    equal = (known.unsqueeze(0) == known.unsqueeze(1)).sum(1).to(losses.dtype)
    return (below + (equal - 1) / 2) / max(len(losses) - 1, 1) - 0.5
