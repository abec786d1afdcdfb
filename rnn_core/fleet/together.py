"""All models in one call: weights (k, p) as the leaf of one graph, losses summed, everything else a model's own."""
from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from rnn_core.fleet.apart import Step
from rnn_core.fleet.stepping import Stepper
from rnn_core.learners.base import trouble
from rnn_core.learners.bptt import BPTT
from rnn_core.records import Batch
from rnn_core.stacked import Forward


class Together:
    """One update for several BPTT learners; gradient length, clipping, rate, moments and divergence are a model's own.

    ``weights`` (k, p) holds the trained numbers, one row a model. A model that diverges keeps its last finite weights
    and its place, so that the others' numbers do not change by a bit.
    """

    def __init__(self, learners: Sequence[BPTT], forward: Forward) -> None:
        self.learners, self.forward = learners, forward
        first = learners[0]
        named = [dict(one.network.named_parameters()) for one in learners]
        self.names = [name for name, p in named[0].items() if p.requires_grad]
        self.shapes = [named[0][name].shape for name in self.names]
        self.sizes = [shape.numel() for shape in self.shapes]
        self.frozen = {name: torch.stack([own[name].detach() for own in named])
                       for name, p in named[0].items() if not p.requires_grad}
        self.weights = torch.stack([torch.cat([own[name].detach().flatten() for name in self.names]) for own in named])
        self.weights.requires_grad_()
        self.rates = self._column([one.settings.learning_rate for one in learners])
        self.limits = self._column([one.settings.clip if one.settings.clip > 0 else math.inf for one in learners])
        self.stepper = Stepper(first.settings.optimiser, self.weights.detach(), first.settings.momentum)
        self.first: list[float | None] = [None] * len(learners)

    def _column(self, values: list[float] | list[bool]) -> Tensor:
        kind = torch.bool if isinstance(values[0], bool) else self.weights.dtype
        return torch.tensor(values, dtype=kind, device=self.weights.device).unsqueeze(1)

    def parts(self) -> dict[str, Tensor]:
        """The weights by name, each (k, …), as parts of the one leaf."""
        cut = self.weights.split(self.sizes, 1)
        return self.frozen | {name: v.view(-1, *shape) for name, v, shape in zip(self.names, cut, self.shapes)}

    def update(self, alive: list[bool]) -> Iterator[list[Step | str] | None]:
        """Update those that are alive; ends with (loss, norm), None, or why it diverged, for each model."""
        batches, teachers = self._draw(alive)
        x, mask, teacher = (_stack(v) for v in ([b.x for b in batches], [b.mask for b in batches], teachers))
        y = self.forward(self.parts(), x, mask, teacher).unbind(0)
        losses = [self.learners[0].task.loss(y[k], batches[k]) for k, lives in enumerate(alive) if lives]
        gradient, = torch.autograd.grad(torch.stack(losses).sum(), self.weights)
        with torch.no_grad():
            yield self._step(alive, iter(torch.stack(losses).tolist()), gradient)

    def _draw(self, alive: list[bool]) -> tuple[list[Batch], list[Tensor | None]]:
        """Each model's own sequences; one that stopped gets another's, to no effect."""
        device, batches, teachers = self.weights.device, [], []
        for one, lives in zip(self.learners, alive, strict=True):
            if lives:
                batch = one.task.sample(one.settings.batch_size, one.streams.data).to(device)
                batches.append(batch)
                teachers.append(one.teacher(batch))
            else:
                batches.append(None)
                teachers.append(None)
        spare = alive.index(True)
        return ([b if lives else batches[spare] for b, lives in zip(batches, alive)],
                [t if lives else teachers[spare] for t, lives in zip(teachers, alive)])

    def _step(self, alive: list[bool], losses: Iterator[float], gradient: Tensor) -> list[Step | str]:
        lengths = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
        done: list[Step | str] = [None] * len(alive)
        for k, norm in enumerate(lengths.flatten().tolist()):
            if alive[k]:
                loss = next(losses)
                self.first[k] = loss if self.first[k] is None else self.first[k]
                done[k] = trouble(loss, norm, self.first[k]) or (loss, norm)
        going = self._column([isinstance(one, tuple) for one in done])
        clipped = gradient * (self.limits / (lengths + 1e-6)).clamp(max=1.0)
        before = self.weights.detach().clone()
        self.stepper.step(self.weights.detach(), torch.where(going, clipped, 0.0), torch.where(going, self.rates, 0.0))
        finite = torch.linalg.vector_norm(self.weights.detach(), dim=1).isfinite()
        if not bool(finite.all()):
            self.weights.detach().copy_(torch.where(finite.unsqueeze(1), self.weights.detach(), before))
            done = [one if isinstance(one, str) or ok else "a weight became infinite"
                    for one, ok in zip(done, finite.tolist())]
        return done

    @torch.no_grad()
    def settle(self) -> None:
        """Write each model's weights into its own network."""
        for name, v in self.parts().items():
            for k, one in enumerate(self.learners):
                one.network.get_parameter(name).copy_(v[k])

    def tensors(self) -> dict[str, Tensor]:
        """Weights and moments, each (k, p)."""
        return {"weights": self.weights.detach(), **{f"moment.{k}": v for k, v in self.stepper.moments.items()}}

    def numbers(self) -> dict[str, Any]:
        """Steps so far, and the first loss of each model."""
        return {"steps": self.stepper.steps, "first": self.first}

    @torch.no_grad()
    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        """Go on from what ``tensors`` and ``numbers`` gave."""
        kept = self.tensors()
        if kept.keys() != tensors.keys() or any(kept[name].shape != v.shape for name, v in tensors.items()):
            raise ValueError("The weights of these models have another shape.")
        for name, v in tensors.items():
            kept[name].copy_(v)
        self.stepper.steps, self.first = int(numbers["steps"]), list(numbers["first"])


def _stack(values: list[Tensor | None]) -> Tensor | None:
    return None if values[0] is None else torch.stack(values)
