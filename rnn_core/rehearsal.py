"""A rehearsal: the next update of a run, carried out on a copy, so that it can be looked at before it happens."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from rnn_core.records import Batch
from rnn_core.run import Run


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """What the update after ``update`` does.

    ``batch`` is what it learns from; ``loss_before`` and ``loss_after`` are the network's loss on it; ``norm`` is the
    length of the whole gradient as the learner tells it, ``clipped`` the share of that length which was let through (1
    where nothing was cut, None where the learner leaves no gradients). By each weight's full name: ``weights`` before
    the update, their ``changes`` ΔW, and the ``gradients`` that the learner followed, where it leaves any.
    """

    update: int
    batch: Batch = field(repr=False)
    loss_before: float
    loss_after: float
    norm: float
    clipped: float | None
    weights: dict[str, Tensor] = field(repr=False)
    changes: dict[str, Tensor] = field(repr=False)
    gradients: dict[str, Tensor] = field(repr=False)

    def moved(self, name: str) -> float:
        """‖ΔW‖ / ‖W‖ of one weight; infinite where W was 0 and no longer is."""
        change, weight = float(self.changes[name].norm()), float(self.weights[name].norm())
        return change / weight if weight else float("inf") if change else 0.0


class _Overheard:
    """A task that remembers the last batch it gave out."""

    def __init__(self, task: Any) -> None:
        self._task, self.given = task, None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def sample(self, *args: Any, **options: Any) -> Batch:
        """As the task's own."""
        self.given = self._task.sample(*args, **options)
        return self.given


def rehearse(run: Run) -> Rehearsal:
    """The next update of this run, carried out on a copy: the run itself stays as it is, bit for bit.

    Works for every learner whose updates read from its task. Raises ValueError, in one sentence, for a run that is
    seen at an earlier moment, that diverged, or that would diverge in this update.
    """
    if run.network is not run.learner.network:
        raise ValueError("The tape keeps weights, not the learner's own memory: only the newest moment has a next "
                         "update to rehearse.")
    if run.status == "diverged":
        raise ValueError("This run diverged, so it has no next update.")
    twin = Run.resume(run.spec, run.checkpoint(), run.log)
    twin._replay_log()
    task = twin.learner.task = _Overheard(twin.task)
    weights = {k: p.detach().clone() for k, p in twin.network.named_parameters() if p.requires_grad}
    try:
        *_, (_, norm) = twin.learner.update()
    except ArithmeticError as trouble:
        raise ValueError(f"The next update would not come to an end: {trouble}.") from None
    if task.given is None:
        raise ValueError("This learner does not read whole batches of its task, so its update cannot be rehearsed.")
    batch = task.given.to(run.spec.device)
    after = {k: p for k, p in twin.network.named_parameters() if k in weights}
    gradients = {k: p.grad.clone() for k, p in after.items() if p.grad is not None}
    length = float(torch.stack([g.norm() for g in gradients.values()]).norm()) if gradients else None
    clipped = None if length is None else min(1.0, length / norm) if norm > 0 else 1.0
    changes = {k: p.detach() - weights[k] for k, p in after.items()}
    loss_after = _loss(twin, batch)
    twin.network.load_state_dict({**twin.network.state_dict(), **weights})
    return Rehearsal(run.update, batch, _loss(twin, batch), loss_after, norm, clipped, weights, changes, gradients)


@torch.no_grad()
def _loss(run: Run, batch: Batch) -> float:
    return float(run.task.loss(run.network(batch.x, mask=batch.mask), batch))
