"""Ridge readout: run the fixed reservoir once, then find the readout in closed form.

    X (n, m) what the readout reads at m steps, Y (o, m) what it should say, both less their means over the steps
    V = Y Xᵀ (X Xᵀ + λ I)⁻¹
    d = ȳ − V x̄

An update draws one batch, with the teacher's word going back, leaves out the first ``washout`` steps of each sequence
and steps that do not count, and solves for V in float64; the offset d is not held back. A further update starts again
from a fresh batch. For λ → 0 these are the normal equations. Cost O(m n² + n³). Hoerl & Kennard, *Ridge regression:
biased estimation for nonorthogonal problems*, 1970; Jaeger, *The “echo state” approach*, 2001.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from rnn_core.learners.base import Diverged, Learner, LearnerSettings
from rnn_core.networks.base import taught
from rnn_core.records import Batch, Card, Needs, setting
from rnn_core.tasks.base import RegressionTask
from rnn_core.unroll import unroll

RUNAWAY = 1e9


class ReadoutSettings(LearnerSettings):
    """What is left out."""

    updates: int = setting(1, "Updates until it stops; each solves afresh, for a batch of its own.", ge=1,
                           le=1_000_000, main=True)
    washout: int = setting(0, "Steps at the start of each sequence that are neither learnt from nor scored.", ge=0,
                           le=1000)


class ReadoutLearner(Learner):
    """A rule that learns nothing but the linear readout V, d of a cell whose recurrent weights are frozen."""

    Settings = ReadoutSettings

    @classmethod
    def check(cls, cell: type[Any], task: type[Any]) -> None:
        if not cell.frozen:
            raise ValueError(f"{cls.card.title} learns nothing but the readout, so it needs recurrent weights that are "
                             f"frozen; those of a {cell.card.title} are not.")
        if getattr(task, "loss", None) is not RegressionTask.loss:
            raise ValueError(f"{cls.card.title} lowers squared errors of numbers; {task.card.title} asks for chances "
                             "of classes.")

    def judged(self, batch: Batch) -> Batch:
        """The sequences without their washout; whole ones where it would leave nothing."""
        used = batch.counted.clone()
        used[:, :self.settings.washout] = False
        return batch._replace(scored=used) if bool(used.any()) else batch

    @torch.no_grad()
    def collected(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """X (m, n) what the readout reads and Y (m, o) what it should say, at the steps that count, in float64."""
        cell, steps = self.network.cells[0], batch.x.shape[1]
        if not bool(batch.counted[:, self.settings.washout:].any()):
            raise Diverged(f"a washout of {self.settings.washout} steps leaves nothing of sequences of {steps}")
        x = batch.x.to(cell.like)
        given = taught(cell, x, self.task.teacher(batch).to(x))
        h = cell.echoes(given) if batch.mask is None else None
        if h is None:
            h = unroll(cell, given, mask=batch.mask).states.h
        used = self.judged(batch).counted
        X = cell.features(x, h)[used].double()
        if not float(X.abs().max()) < RUNAWAY:
            raise Diverged(f"the reservoir explodes: with a spectral radius of {cell.settings.spectral_radius:g} its "
                           f"states leave ±10⁹; choose one below 1, or tanh units")
        return X, batch.target[used].double()

    def numbers(self) -> dict[str, Any]:
        return {"settings": self.settings.model_dump()}

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        self.settings = self.Settings(**numbers["settings"])


class RidgeSettings(ReadoutSettings):
    """How strongly large weights are held back, and what is left out."""

    ridge: float = setting(1e-6, "How strongly large weights are held back; 0 holds nothing back.", symbol="λ", ge=0.0,
                           le=1000.0, main=True)


class Ridge(ReadoutLearner):
    """Ridge readout: only what reads the reservoir is learnt, in one step of algebra."""

    card = Card(title="Ridge readout", short="Ridge", row="B13", year=1970,
                reference="Hoerl & Kennard, Ridge regression, 1970; Jaeger, The echo state approach, 2001",
                summary="The best linear readout in one step of algebra, held back a little from large weights.",
                equations={"V": "V = Y Xᵀ (X Xᵀ + λ I)⁻¹"}, symbols={"V": "prediction"},
                use="What is already there in a random network, if only one could read it?")
    Settings = RidgeSettings
    needs = Needs(waits="sequence", keeps="sequence", blames="sequence", local=False,
                  reads="how all that the readout hears goes together, over all steps")
    commands = ("updates", "ridge")

    def update(self) -> Iterator[tuple[float, float] | None]:
        cell = self.network.cells[0]
        batch = self.task.sample(self.settings.batch_size, self.streams.data).to(cell.like.device)
        X, Y = self.collected(batch)
        V, d = solved(X, Y, self.settings.ridge)
        with torch.no_grad():
            cell.V.copy_(V)
            cell.d.copy_(d)
        yield float((X @ V.T + d - Y).pow(2).mean()), 0.0


def solved(X: Tensor, Y: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    """V (o, n) and d (o) for X (m, n) and Y (m, o), by scikit-learn's Ridge."""
    from sklearn.linear_model import Ridge as Solver

    fitted = Solver(alpha=ridge, solver="cholesky" if ridge else "svd").fit(X.cpu().numpy(), Y.cpu().numpy())
    V = torch.from_numpy(fitted.coef_.reshape(Y.shape[1], -1))
    return V.to(X), torch.as_tensor(fitted.intercept_).reshape(-1).to(X)
