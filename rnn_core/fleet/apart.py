"""One model after the other, each exactly as a run of its own."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor

from rnn_core.learners.base import Diverged, Learner

Step = tuple[float, float] | None


class Apart:
    """The updates of several learners in turn."""

    def __init__(self, learners: Sequence[Learner]) -> None:
        self.learners = learners

    def update(self, alive: list[bool]) -> Iterator[list[Step | str] | None]:
        """Update those that are alive, yielding None on the way; ends with (loss, norm), None, or why it diverged."""
        done: list[Step | str] = []
        for learner, lives in zip(self.learners, alive, strict=True):
            one: Step | str = None
            try:
                for step in learner.update() if lives else ():
                    one = one if step is None else step
                    yield None
            except Diverged as trouble:
                one = str(trouble)
            done.append(one)
        yield done

    def settle(self) -> None:
        """The networks hold the weights already."""

    def tensors(self) -> dict[str, Tensor]:
        """Weights and what the learners keep."""
        kept = {}
        for k, learner in enumerate(self.learners):
            kept |= {f"{k}.network.{name}": v for name, v in learner.network.state_dict().items()}
            kept |= {f"{k}.learner.{name}": v for name, v in learner.tensors().items()}
        return kept

    def numbers(self) -> list[dict[str, Any]]:
        """The learners' plain numbers."""
        return [learner.numbers() for learner in self.learners]

    def restore(self, tensors: dict[str, Tensor], numbers: list[dict[str, Any]]) -> None:
        """Go on from what ``tensors`` and ``numbers`` gave."""
        for k, (learner, own) in enumerate(zip(self.learners, numbers, strict=True)):
            def part(name: str, k: int = k) -> dict[str, Tensor]:
                start = f"{k}.{name}."
                return {key.removeprefix(start): v for key, v in tensors.items() if key.startswith(start)}
            learner.network.load_state_dict(part("network"))
            learner.restore(part("learner"), own)
