"""A learner: a rule that changes a network, one update at a time, and can be stopped and taken up again anywhere."""
from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from rnn_core.networks.base import Network
from rnn_core.records import Batch, Card, Needs, Population, Rule, Settings, Streams, setting
from rnn_core.tasks.base import ClassificationTask, RegressionTask

RUNAWAY = 1e6
#: Bytes of a weight, and of a number that goes along with it.
NUMBER = 4


class LearnerSettings(Settings):
    """What every learner can be asked for."""

    updates: int = setting(1000, "Updates until it stops.", ge=1, le=1_000_000, main=True)
    batch_size: int = setting(32, "Sequences an update learns from.", symbol="B", ge=1, le=1024)


class Diverged(ArithmeticError):
    """The loss left the range of meaningful numbers; the last finite weights were kept."""


class Learner:
    """One learning rule on one network and task.

    ``update`` is a generator that performs one update: it may yield None inside a long one, so that others on the same
    machine can breathe, and ends by yielding (loss, gradient norm). ``commands`` names the settings that may change in
    mid-run; ``settings`` always holds those in force. ``tensors`` and ``numbers`` are all that a checkpoint must keep
    beside the weights and the random streams. ``any_score`` is true where a rule hears nothing but how well networks
    do, so that it needs no slope. ``needs`` is the rule's line in the locality ledger, None for what is no
    rule about steps.
    """

    card: ClassVar[Card]
    needs: ClassVar[Needs | None] = None
    any_score: ClassVar[bool] = False
    Settings: ClassVar[type[Settings]] = LearnerSettings
    commands: ClassVar[tuple[str, ...]] = ("updates",)

    def __init__(self, network: Network, task: Any, settings: Settings, streams: Streams) -> None:
        self.network, self.task, self.settings, self.streams = network, task, settings, streams

    @property
    def stopped(self) -> str:
        """Why this rule is done before its last update, in one sentence; "" while it is not."""
        return ""

    @classmethod
    def check(cls, cell: type[Any], task: type[Any]) -> None:
        """Raise ValueError, in one sentence, for an architecture and a task that this rule has nothing for."""

    @classmethod
    def check_wiring(cls, wiring: type[Network]) -> None:
        """Raise ValueError, in one sentence, for a wiring that this rule cannot teach."""

    def update(self) -> Iterator[tuple[float, float] | None]:
        """Perform one update; raises Diverged when the numbers run away."""
        raise NotImplementedError

    @classmethod
    def rule(cls, network: Network, task: Any, settings: Settings) -> Rule | None:
        """This rule on one network, for the analyses; None where it has no gradient."""
        return None

    @classmethod
    def bytes_kept(cls, make: Callable[[], Network], settings: Settings) -> int:
        """Bytes that the rule keeps at its peak beside weights, moments and states; ``make`` builds the network.

        0 for a rule that keeps nothing else; such a rule leaves ``make`` alone, which takes time.
        """
        return 0

    def change(self, name: str, value: float) -> None:
        """Change one setting in mid-run; raises ValueError, in one sentence, for a name or value it cannot have."""
        if name not in self.commands:
            raise ValueError(f"“{name}” cannot be changed in mid-run; {', '.join(self.commands)} can.")
        kind = type(getattr(self.settings, name))
        try:
            self.settings = type(self.settings)(**{**self.settings.model_dump(), name: kind(value)})
        except (OverflowError, ValueError):
            raise ValueError(f"{value:g} is outside the range of {name.replace('_', ' ')}.") from None

    def judged(self, batch: Batch) -> Batch:
        """Held-out sequences with the steps on which this rule is judged; by default all that the task counts."""
        return batch

    def told(self) -> Population | None:
        """The networks that this rule keeps, for the analyses; None where it keeps one."""
        return None

    def tensors(self) -> dict[str, Tensor]:
        """Tensors to keep, such as an optimiser's moments."""
        return {}

    def numbers(self) -> dict[str, Any]:
        """Plain numbers to keep."""
        return {}

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        """Go on from what ``tensors`` and ``numbers`` gave."""


class GradientSettings(LearnerSettings):
    """How far and in which way each update steps."""

    optimiser: Literal["adam", "sgd", "momentum", "rmsprop"] = setting("adam", "What turns a gradient into a step.")
    learning_rate: float = setting(0.005, "Size of a step.", symbol="η", ge=1e-6, le=10.0, log=True, main=True)
    momentum: float = setting(0.9, "How much of the last step is kept; used by momentum only.", symbol="μ", ge=0.0,
                              le=0.999)
    clip: float = setting(1.0, "Longest gradient that is let through; 0 lets all through.", ge=0.0, le=1000.0)
    teacher_forcing: float = setting(
        1.0, "How often the target replaces a fed-back output; for nets that hear themselves.", ge=0.0, le=1.0,
        step=0.05)


class GradientLearner(Learner):
    """A rule that needs a differentiable step: it finds a gradient, and an optimiser steps downhill.

    A rule writes ``pieces``. All pieces add up to the gradient of the batch, and one step follows; where ``online`` is
    true a step follows each piece.
    """

    Settings = GradientSettings
    commands = ("learning_rate", "clip", "updates", "teacher_forcing")
    online: bool = False

    def __init__(self, network: Network, task: Any, settings: GradientSettings, streams: Streams) -> None:
        super().__init__(network, task, settings, streams)
        self.parameters = [p for p in network.parameters() if p.requires_grad]
        self.backup = [p.detach().clone() for p in self.parameters]
        self.first_loss: float | None = None
        self.optimiser = self._optimiser()

    def pieces(self, batch: Batch, teacher: Tensor | None) -> Iterator[float]:
        """Add the gradient of a piece of the batch to every weight's ``grad`` and yield the piece's share of the loss.

        The shares add up to the loss of the batch; between two pieces others may breathe.
        """
        raise NotImplementedError

    def gradient(self, batch: Batch, teacher: Tensor | None = None) -> tuple[float, list[Tensor]]:
        """Loss and gradient of a batch by this rule, weights and moments untouched; zeros where nothing is felt."""
        self.optimiser.zero_grad(set_to_none=True)
        loss = sum(self.pieces(batch, teacher))
        found = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters]
        self.optimiser.zero_grad(set_to_none=True)
        return loss, found

    @classmethod
    def rule(cls, network: Network, task: Any, settings: GradientSettings) -> Rule | None:
        if cls.needs is None:
            return None
        names = [name for name, p in network.named_parameters() if p.requires_grad]

        def learner(changed: dict[str, Any]) -> GradientLearner:
            return cls(network, task, cls.Settings(**{**settings.model_dump(), **changed}), Streams.of(0))

        def gradient(batch: Batch, **changed: Any) -> tuple[float, dict[str, Tensor]]:
            loss, found = learner(changed).gradient(batch)
            return loss, dict(zip(names, found, strict=True))

        def pieces(batch: Batch, **changed: Any) -> Iterator[dict[str, Tensor]]:
            own = learner(changed)
            own.optimiser.zero_grad(set_to_none=True)
            for _ in own.pieces(batch, None):
                yield {n: torch.zeros_like(p) if p.grad is None else p.grad.clone()
                       for n, p in zip(names, own.parameters, strict=True)}

        return Rule(cls.card.title, cls.needs_on(network), settings.model_dump(), gradient, pieces,
                    short=cls.card.label)

    @classmethod
    def needs_on(cls, network: Network) -> Needs:
        """The line in the ledger for one network, where that is another than the rule's."""
        return cls.needs

    def _optimiser(self) -> torch.optim.Optimizer:
        rate, kind = self.settings.learning_rate, self.settings.optimiser
        if kind == "adam":
            return torch.optim.Adam(self.parameters, lr=rate, fused=True)
        if kind == "rmsprop":
            return torch.optim.RMSprop(self.parameters, lr=rate, foreach=True)
        return torch.optim.SGD(self.parameters, lr=rate, momentum=self.settings.momentum if kind == "momentum" else 0.0)

    def change(self, name: str, value: float) -> None:
        super().change(name, value)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.learning_rate

    def update(self) -> Iterator[tuple[float, float] | None]:
        batch = self.task.sample(self.settings.batch_size, self.streams.data).to(self.parameters[0].device)
        loss, norms = 0.0, [0.0]
        self.optimiser.zero_grad(set_to_none=True)
        for k, share in enumerate(self.pieces(batch, self.teacher(batch))):
            if k:
                yield None
            loss += share
            if self.online:
                norms.append(self._step(loss))
                self.optimiser.zero_grad(set_to_none=True)
        if not self.online:
            norms.append(self._step(loss))
        self.first_loss = loss if self.first_loss is None else self.first_loss
        yield loss, max(norms)

    def _step(self, loss: float) -> float:
        """Clip what is in ``grad`` and step; returns the length before clipping, raises Diverged."""
        limit = self.settings.clip if self.settings.clip > 0 else math.inf
        norm = float(torch.nn.utils.clip_grad_norm_(self.parameters, limit))
        if why := trouble(loss, norm, loss if self.first_loss is None else self.first_loss):
            self._go_back()
            raise Diverged(why)
        with torch.no_grad():
            torch._foreach_copy_(self.backup, self.parameters)
        self.optimiser.step()
        if not bool(torch.stack(torch._foreach_norm(self.parameters)).isfinite().all()):
            self._go_back()
            raise Diverged("a weight became infinite")
        return norm

    @torch.no_grad()
    def _go_back(self) -> None:
        if not all(bool(p.isfinite().all()) for p in self.parameters):
            torch._foreach_copy_(self.parameters, self.backup)

    def teacher(self, batch: Batch) -> Tensor | None:
        """What the teacher says: each step with probability ``teacher_forcing``, drawn from the noise stream."""
        return taught_by(self, batch)

    def tensors(self) -> dict[str, Tensor]:
        state = self.optimiser.state_dict()["state"]
        return {f"{k}.{name}": v for k, slot in state.items() for name, v in slot.items() if isinstance(v, Tensor)}

    def numbers(self) -> dict[str, Any]:
        return {"settings": self.settings.model_dump(), "first_loss": self.first_loss}

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        self.settings, self.first_loss = self.Settings(**numbers["settings"]), numbers["first_loss"]
        self.optimiser = self._optimiser()
        state: dict[int, dict[str, Tensor]] = {}
        for key, v in tensors.items():
            k, name = key.split(".", 1)
            if v.dim() and v.shape != self.parameters[int(k)].shape:
                raise ValueError(f"The optimiser's {name} has the shape of another weight.")
            state.setdefault(int(k), {})[name] = v
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": state})
        with torch.no_grad():
            torch._foreach_copy_(self.backup, self.parameters)


class ForwardLearner(Learner):
    """A rule that goes through the sequence once, forwards, and hears the error of each step as it comes.

    It needs a differentiable step, a network that reads from the first step to the last, and a loss that is a mean over
    steps: the share of a piece is then its own mean, times how many of the counted steps lie in it.
    """

    @classmethod
    def check(cls, cell: type[Any], task: type[Any]) -> None:
        if getattr(task, "loss", None) not in (RegressionTask.loss, ClassificationTask.loss):
            raise ValueError(f"{cls.card.title} hears the error of each step as it comes, and the loss of "
                             f"{task.card.title} is no mean over steps.")

    @classmethod
    def check_wiring(cls, wiring: type[Network]) -> None:
        if wiring.sees_ahead:
            raise ValueError(f"{cls.card.title} goes forward through the sequence, and a network wired as "
                             f"“{wiring.card.title}” reads it from its end too.")

    def share(self, y: Tensor, piece: Batch, counted: int) -> Tensor:
        """The share of the loss that a piece with outputs y (b, n, o) has, of a batch with so many counted steps."""
        own = int(piece.counted.sum())
        return self.task.loss(y, piece) * (own / counted) if own else y.new_zeros(())


class StepwiseSettings(GradientSettings):
    """When a rule that goes through the sequence piece by piece steps."""

    online: bool = setting(False, "Step after every piece, while the sequence still runs, not once at its end.")


class StepwiseLearner(ForwardLearner, GradientLearner):
    """A rule that goes forwards and has a part of the gradient at every piece."""

    Settings = StepwiseSettings

    @property
    def online(self) -> bool:
        """Whether a step follows every piece."""
        return self.settings.online

    def update(self) -> Iterator[tuple[float, float] | None]:
        try:
            yield from super().update()
        except MemoryError as error:
            raise Diverged(str(error)) from None


def taught_by(learner: Any, batch: Batch) -> Tensor | None:
    """What a learner's teacher says (b, t, o): NaN where silent; None for networks that do not hear themselves.

    Each step is told with the probability that the setting ``teacher_forcing`` names, drawn from the noise stream.
    """
    said = learner.task.teacher(batch) if learner.network.feeds_back else None
    if said is None:
        return None
    heard = torch.rand(said.shape[:2], generator=learner.streams.noise) < learner.settings.teacher_forcing
    return torch.where(heard.unsqueeze(-1).to(said.device), said, torch.full_like(said, torch.nan))


def send_back(loss: Tensor) -> float:
    """Add the gradient of a loss, where it has any, to every ``grad``; returns its value."""
    if loss.requires_grad:
        loss.backward()
    return loss.item()


def trouble(loss: float, norm: float, first: float) -> str:
    """What is wrong with a loss and the length of its gradient; "" when nothing is."""
    if not math.isfinite(loss):
        return f"the loss became {loss}"
    if not math.isfinite(norm):
        return f"the gradient became {norm}"
    return f"the loss grew from {first:.3g} to {loss:.3g}" if loss > RUNAWAY * max(1.0, first) else ""
