"""A task: a sampler, a loss, a metric, a computed baseline, and one example in human terms."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional

from rnn_core.records import Baseline, Batch, Card, Settings, Story


class Task:
    """One toy task; all its randomness comes from the generator that is passed in.

    ``input_size`` I and ``output_size`` O are what a network needs to fit; ``runs_along`` the topology it is made for.
    ``metric_name`` and ``metric_better`` say how the metric is read, ``metric_best`` how high it can be where higher is
    better; ``data_hash`` is the SHA-256 of real data or "". ``plays`` is true where the network acts and a world
    answers, as in ``rnn_core/tasks/control.py``.
    ``takes_data`` says in which form a visitor may give data, "text" or "numbers", else ""; such a task is made with
    the SHA-256 under which they were kept, or "" for its own example. ``words`` names the classes, where targets are
    classes; ``writes`` is true where a network can go on (``babble``).
    ``reach`` names the setting that says over how many steps something must be remembered, "" where none does;
    ``grows`` the one that makes the same task longer or deeper than training ever saw, by default ``reach``.
    """

    card: ClassVar[Card]
    Settings: ClassVar[type[Settings]] = Settings
    runs_along: ClassVar[str] = "sequence"
    metric_name: ClassVar[str]
    metric_better: ClassVar[Literal["lower", "higher"]]
    metric_best: float = 1.0
    loss_name: ClassVar[str]
    writes: ClassVar[bool] = False
    plays: ClassVar[bool] = False
    takes_data: ClassVar[str] = ""
    reach: ClassVar[str] = ""
    grows: ClassVar[str] = ""
    data_hash: str = ""
    words: Sequence[str] | None = None
    input_size: int
    output_size: int

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings if settings is not None else self.Settings()

    @classmethod
    def check_wiring(cls, wiring: type[Any]) -> None:
        """Raise ValueError, in one sentence, for a wiring that this task cannot be put to."""

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        """Draw sequences to learn from."""
        raise NotImplementedError

    def held_out(self, count: int, generator: torch.Generator) -> Batch:
        """Draw sequences that training never sees; by default fresh ones."""
        return self.sample(count, generator)

    def further(self) -> dict[str, Settings]:
        """Settings of the same task beyond what training sees: "2 × the length", "10 × the length"; {} where none."""
        name = self.grows or self.reach
        if not name:
            return {}
        now, rule = getattr(self.settings, name), type(self.settings).model_fields[name].metadata
        most = next(limit.le for limit in rule if hasattr(limit, "le"))
        return {f"{times} × the {name.replace('_', ' ')}": self.settings.model_copy(update={name: times * now})
                for times in (2, 10) if times * now <= most}

    def loss(self, y: Tensor, batch: Batch) -> Tensor:
        """What training lowers: a scalar, from outputs y (b, t, o)."""
        raise NotImplementedError

    def metric(self, y: Tensor, batch: Batch) -> float:
        """What a person would ask for."""
        raise NotImplementedError

    @torch.no_grad()
    def measured(self, network: Any, batch: Batch) -> tuple[float, float]:
        """Loss and metric of a network on these sequences."""
        y = network(batch.x, mask=batch.mask)
        return float(self.loss(y, batch)), self.metric(y, batch)

    def baseline(self) -> Baseline:
        """What can be had without memory, computed from the task itself."""
        raise NotImplementedError

    def exponent(self) -> float | None:
        """The largest Lyapunov exponent, a step, of the system behind a chaotic series; None for any other task."""
        return None

    def teacher(self, batch: Batch) -> Tensor | None:
        """(b, t, o) what a teacher would say aloud, NaN where silent; None if there is nothing to say."""
        return None

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        """One sequence in human terms, with the network's answer when outputs y (b, t, o) are given."""
        raise NotImplementedError


class RegressionTask(Task):
    """Targets are numbers (b, t, o); the loss is the mean squared error over the steps that count."""

    metric_name, metric_better, loss_name = "mean squared error", "lower", "mean squared error"

    def loss(self, y: Tensor, batch: Batch) -> Tensor:
        counted = batch.counted
        return functional.mse_loss(y[counted], batch.target[counted].to(y.dtype))

    def metric(self, y: Tensor, batch: Batch) -> float:
        return float(self.loss(y, batch))

    def teacher(self, batch: Batch) -> Tensor:
        return batch.target


class ClassificationTask(Task):
    """Targets are classes (b, t); the loss is the cross-entropy in nats over the steps that count."""

    metric_name, metric_better, loss_name = "accuracy", "higher", "cross-entropy in nats"

    def loss(self, y: Tensor, batch: Batch) -> Tensor:
        counted = batch.counted
        return functional.cross_entropy(y[counted], batch.target[counted])

    def metric(self, y: Tensor, batch: Batch) -> float:
        counted = batch.counted
        return float((y[counted].argmax(-1) == batch.target[counted]).float().mean())

    def teacher(self, batch: Batch) -> Tensor:
        return functional.one_hot(batch.target.clamp(min=0), self.output_size).float()
