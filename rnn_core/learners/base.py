"""A learner: a rule that changes a network, one update at a time, and can be stopped and taken up again anywhere."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from torch import Tensor

from rnn_core.networks.base import Network
from rnn_core.records import Card, Settings, Streams, setting


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
    beside the weights and the random streams.
    """

    card: ClassVar[Card]
    Settings: ClassVar[type[Settings]] = LearnerSettings
    commands: ClassVar[tuple[str, ...]] = ("updates",)

    def __init__(self, network: Network, task: Any, settings: Settings, streams: Streams) -> None:
        self.network, self.task, self.settings, self.streams = network, task, settings, streams

    @classmethod
    def check(cls, cell: type[Any], task: type[Any]) -> None:
        """Raise ValueError, in one sentence, for an architecture and a task that this rule has nothing for."""

    def update(self) -> Iterator[tuple[float, float] | None]:
        """Perform one update; raises Diverged when the numbers run away."""
        raise NotImplementedError

    def change(self, name: str, value: float) -> None:
        """Change one setting in mid-run; raises ValueError, in one sentence, for a name or value it cannot have."""
        if name not in self.commands:
            raise ValueError(f"“{name}” cannot be changed in mid-run; {', '.join(self.commands)} can.")
        kind = type(getattr(self.settings, name))
        try:
            self.settings = type(self.settings)(**{**self.settings.model_dump(), name: kind(value)})
        except (OverflowError, ValueError):
            raise ValueError(f"{value:g} is outside the range of {name.replace('_', ' ')}.") from None

    def tensors(self) -> dict[str, Tensor]:
        """Tensors to keep, such as an optimiser's moments."""
        return {}

    def numbers(self) -> dict[str, Any]:
        """Plain numbers to keep."""
        return {}

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        """Go on from what ``tensors`` and ``numbers`` gave."""
