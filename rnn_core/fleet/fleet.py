"""Fleets: K experiments that differ only in seed, learning rate or clipping, trained side by side."""
from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from rnn_core import catalogue
from rnn_core.cells.base import Cell
from rnn_core.experiment import Experiment
from rnn_core.fleet.apart import Apart, Step
from rnn_core.fleet.together import Together
from rnn_core.learners.base import Learner
from rnn_core.learners.bptt import BPTT
from rnn_core.networks.base import Network
from rnn_core.records import Batch, Streams
from rnn_core.run import HELD_OUT
from rnn_core.stacked import Forward, by_stacking, by_vmap

MAY_DIFFER = ("seed", "learning_rate", "clip")
TRIED = 3, 6
CLOSE = 1e-3
DRAWN = ("data", "order", "noise")


class Fleet:
    """Several models of one kind, trained side by side.

    ``road`` is "stacked" (the cell's own code on weights (k, …)), "vmap" or "one by one", and ``why`` says in one
    sentence what decided it: always the record and the cell's code, never the machine. On every road a model draws
    from the streams of its own seed as a Run does and diverges alone; its losses are those of its Run up to rounding
    (relative 1e-4 over the first updates). ``alive`` and ``reasons`` hold one entry a model. Raises ValueError, in one
    sentence, for experiments that differ in more than seed, learning rate and clipping.
    """

    def __init__(self, specs: Sequence[Experiment]) -> None:
        self.specs = list(specs)
        if not self.specs:
            raise ValueError("A fleet needs at least one experiment.")
        alike = [{k: v for k, v in spec.flat().items() if k not in MAY_DIFFER} for spec in self.specs]
        if any(one != alike[0] for one in alike):
            raise ValueError("The experiments of a fleet may differ in seed, learning rate and clipping only.")
        first = self.specs[0]
        self.task, self.update = first.make_task(), 0
        self.streams = [Streams.of(spec.seed) for spec in self.specs]
        kind = catalogue.learner_classes()[first.learner]
        self.learners = [kind(spec.make_network(s.weights), self.task, spec.learner_settings, s)
                         for spec, s in zip(self.specs, self.streams)]
        self.alive, self.reasons = [True] * len(self.specs), [""] * len(self.specs)
        self.road, self.why, forward = road_of(self.learners)
        self._work = Apart(self.learners) if forward is None else Together(self.learners, forward)
        self._settled = True

    @property
    def parameter_count(self) -> int:
        """Trainable numbers of one model."""
        return self.learners[0].network.parameter_count

    @cached_property
    def held_out(self) -> list[Batch]:
        """For each model the sequences that its training never sees, those of its Run."""
        return [self.task.held_out(HELD_OUT, Streams.of(spec.seed).held_out).to(spec.device) for spec in self.specs]

    def advance(self) -> Iterator[list[Step] | None]:
        """One update of every model that is alive: yields None on the way, ends with (loss, norm) or None for each."""
        if not any(self.alive):
            yield [None] * len(self.alive)
            return
        for done in self._work.update(self.alive):
            if done is None:
                yield None
                continue
            self.update += 1
            self._settled = False
            for k, one in enumerate(done):
                if isinstance(one, str):
                    self.alive[k], self.reasons[k] = False, f"Diverged at update {self.update}: {one}."
            yield [None if isinstance(one, str) else one for one in done]

    def network(self, k: int) -> Network:
        """Model k as it is now."""
        if not self._settled:
            self._work.settle()
            self._settled = True
        return self.learners[k].network

    def measure(self) -> Iterator[tuple[float, float] | None]:
        """Held-out loss and metric of each model in turn; None for one that diverged."""
        for k, (lives, batch) in enumerate(zip(self.alive, self.held_out)):
            if lives:
                yield self.task.measured(self.network(k), self.learners[k].judged(batch))
            else:
                yield None

    def tensors(self) -> dict[str, Tensor]:
        """All tensors that a checkpoint must keep: weights, moments, random streams."""
        streams = {f"stream.{k}.{name}": s.state()[name] for k, s in enumerate(self.streams) for name in DRAWN}
        return {**{f"work.{k}": v for k, v in self._work.tensors().items()}, **streams}

    def numbers(self) -> dict[str, Any]:
        """All plain numbers that a checkpoint must keep."""
        return {"update": self.update, "alive": self.alive, "reasons": self.reasons, "road": self.road,
                "work": self._work.numbers()}

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        """Go on from what ``tensors`` and ``numbers`` gave; raises ValueError where they do not fit."""
        if numbers["road"] != self.road or len(numbers["alive"]) != len(self.specs):
            raise ValueError("This fleet was trained in another way.")
        work = {k.removeprefix("work."): v for k, v in tensors.items() if k.startswith("work.")}
        self._work.restore(work, json.loads(json.dumps(numbers["work"])))
        for k, s in enumerate(self.streams):
            s.restore(s.state() | {name: tensors[f"stream.{k}.{name}"] for name in DRAWN})
        self.update, self.alive = int(numbers["update"]), [bool(v) for v in numbers["alive"]]
        self.reasons, self._settled = [str(v) for v in numbers["reasons"]], False




def road_of(learners: Sequence[Learner]) -> tuple[str, str, Forward | None]:
    """The road for these learners, why, and how outputs are computed on it; None where models go one by one.

    Whatever a stranger's cell raises on one road, the next is tried.
    """
    first, reason = learners[0], ""
    title = first.network.cells[0].card.title
    if type(first) is not BPTT:
        return "one by one", f"{type(first).card.title} trains one network at a time.", None
    if any(module.kernel_wins for module in first.network.modules() if isinstance(module, Cell)):
        return "one by one", f"torch has a kernel for {title} that is faster than many models in one call.", None
    for road, make in (("stacked", by_stacking), ("vmap", by_vmap)):
        try:
            forward = make(first.network)
            if forward is not None and _agrees(Together(learners[:2], forward)):
                return road, f"{title} runs on the weights of many models in one call.", forward
        except Exception as error:
            reason = " ".join(str(error).split())[:120] or type(error).__name__
    return "one by one", f"{title} gives other numbers on many models in one call{reason and ': ' + reason}.", None


def _agrees(work: Together) -> bool:
    """Whether outputs and gradients of a few steps are those of the networks on their own."""
    own = work.learners
    batch = own[0].task.sample(TRIED[0], torch.Generator().manual_seed(0)).to(work.weights.device)
    teacher = own[0].task.teacher(batch) if own[0].network.feeds_back else None
    x, mask, teacher = (None if v is None else v[:, :TRIED[1]] for v in (batch.x, batch.mask, teacher))
    single = [one.network.trace(x, mask=mask, teacher=teacher).outputs for one in own]
    weighed = torch.linspace(0.5, 1.5, single[0].numel()).view_as(single[0]).to(single[0])
    each = [torch.autograd.grad((y * weighed).sum(), [one.network.get_parameter(n) for n in work.names])
            for y, one in zip(single, own)]
    wanted = torch.stack([torch.cat([g.flatten() for g in grads]) for grads in each])
    many = work.forward(work.parts(), *(None if v is None else torch.stack([v] * len(own)) for v in (x, mask, teacher)))
    found, = torch.autograd.grad((many * weighed).sum(), work.weights)
    return _near(many, torch.stack(single)) and _near(found, wanted)


def _near(found: Tensor, wanted: Tensor) -> bool:
    return bool((found - wanted).abs().max() <= CLOSE * wanted.abs().max())
