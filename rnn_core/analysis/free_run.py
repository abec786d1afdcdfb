"""How long does a network that hears only itself stay with the truth?

    ŷ_t = f(x_0 … x_{s−1}, ŷ_s … ŷ_{t−1})    after s values that are heard it goes on by itself
    e_t = ‖ŷ_t − y_t‖ / √⟨‖y − ȳ‖²⟩          error in units of the truth's deviation
    horizon: how many steps e_t stays below 0.4;  in Lyapunov times: horizon × λ

λ is the largest exponent, a step, of the system behind the series, where its task knows one: a time in which a small
error grows by e. Where a task's target is not its next input the network cannot go on by itself; then it is told every
input, and e_t after the first s steps is the error of plain answers. Pathak, Hunt, Girvan, Lu & Ott, *Model-free
prediction of large spatiotemporally chaotic systems from data*, 2018; Jaeger & Haas, *Harnessing nonlinearity*, 2004.
"""
from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Batch, Card, Result

CARD = Card(title="Running free", row="D17", year=2018,
            reference="Pathak et al., Model-free prediction of large spatiotemporally chaotic systems, 2018; Jaeger & "
                      "Haas, Harnessing nonlinearity, 2004",
            summary="A network goes on with a series by itself, beside the truth, until the two part.",
            equations={"e": "e_t = ‖ŷ_t − y_t‖ / √⟨‖y − ȳ‖²⟩"}, symbols={"e": "prediction"})
APART = 0.4


@dataclass(frozen=True, eq=False)
class FreeRun(Result):
    """``said`` and ``truth`` (b, t, o) after ``heard`` steps, ``last`` (b, 1, o) the truth just before.

    ``free`` is false where every input was told. ``exponent`` is λ a step, or None.
    """

    said: Tensor
    truth: Tensor
    last: Tensor
    heard: int
    free: bool
    exponent: float | None

    @cached_property
    def scale(self) -> Tensor:
        """(o,) the deviation of each number of the truth."""
        flat = self.truth.flatten(0, 1)
        return (flat - flat.mean(0)).pow(2).mean(0).sqrt()

    @property
    def errors(self) -> Tensor:
        """(b, t) e_t."""
        return self._errors(self.said)

    @property
    def horizons(self) -> Tensor:
        """(b,) for how many steps e_t stays below 0.4."""
        return _until(self.errors)

    @property
    def staying(self) -> Tensor:
        """(b,) the same for saying the last value again and again."""
        return _until(self._errors(self.last.expand_as(self.truth)))

    @property
    def mse(self) -> Tensor:
        """(b,) mean squared error over all steps and numbers."""
        return (self.said - self.truth).pow(2).mean((1, 2))

    @property
    def nrmse(self) -> float:
        """Root of the mean squared error over the deviation of the truth, all sequences together."""
        return float((self.said - self.truth).pow(2).mean().sqrt() / self.scale.pow(2).mean().sqrt())

    def frame(self) -> pd.DataFrame:
        """One row a step: the truth, what was said, and the error."""
        b, t, o = self.truth.shape
        table = {"sequence": torch.arange(b).repeat_interleave(t), "t": torch.arange(t).add(self.heard).repeat(b)}
        for k in range(o):
            table |= {f"truth {k}": self.truth[..., k].flatten(), f"said {k}": self.said[..., k].flatten()}
        return pd.DataFrame(table | {"error": self.errors.flatten()})

    @property
    def says(self) -> str:
        if not bool(self.said[:, 0].isfinite().all()):
            return "there is nothing to compare here: this network has left the finite numbers."
        t = self.truth.shape[1]
        over = f"Over all {t} steps: mean squared error {float(self.mse.median()):.3g}, {self.nrmse:.3g} deviations"
        if not bool(self.said.isfinite().all()):
            over = "After that it runs away from all bounds"
        if not self.free:
            return f"told every input after the first {self.heard}. {over}."
        horizon, staying = (int(v.median()) for v in (self.horizons, self.staying))
        long = f", {horizon * self.exponent:.2g} Lyapunov times" if self.exponent else ""
        held = f"all {t} steps" if horizon >= t else f"{horizon} steps"
        return (f"left alone after {self.heard} values it stays within {APART:g} deviations of the truth for {held}"
                f"{long}; saying the last value again would for {staying}. {over}.")

    @property
    def says_not(self) -> str:
        if not self.free:
            return "that it could go on by itself: the target of this task is not its next input."
        return (f"how long it would be elsewhere: {len(self.truth)} {'start' if len(self.truth) == 1 else 'starts'} of "
                "one network; in a chaotic system any error grows, and what parted from the truth may still have its "
                "shape.")

    def _errors(self, said: Tensor) -> Tensor:
        return (said - self.truth).norm(dim=-1) / self.scale.norm()


def free_run(network: Any, batch: Batch, task: Any = None, *, heard: int | None = None) -> FreeRun:
    """What a network says after ``heard`` values, by default half of them, in double precision.

    Raises ValueError, in one sentence, for targets that are no numbers, or where nothing is left to say.
    """
    if not batch.target.is_floating_point():
        raise ValueError("This task asks for chances of classes, not for numbers that could be compared.")
    steps = batch.target.shape[1]
    heard = max(1, steps // 2) if heard is None else heard
    if not 1 <= heard < steps:
        raise ValueError(f"From 1 to {steps - 1} values can be heard of sequences of {steps}; it was {heard}.")
    wide, target = copy.deepcopy(network).double(), batch.target.double()
    x = batch.x.double() if isinstance(batch.x, Tensor) and batch.x.is_floating_point() else batch.x
    free = isinstance(x, Tensor) and batch.mask is None and x.shape == target.shape and bool(
        torch.equal(x[:, 1:], target[:, :-1]))
    with torch.no_grad():
        if free:
            said = wide.generate(x[:, :heard], lambda y: y.unsqueeze(1), steps - heard + 1)
        else:
            said = wide(x, mask=batch.mask)[:, heard - 1:]
    said, truth = said.cpu(), target[:, heard - 1:].cpu()
    rate = None if task is None or not free else task.exponent()
    last = x[:, heard - 1:heard] if free else target[:, heard - 2:heard - 1]
    return FreeRun(said, truth, last.cpu(), heard, free, rate)


def _until(errors: Tensor) -> Tensor:
    """(b,) for how many steps errors (b, t) stay below 0.4 from the first on."""
    return (errors < APART).long().cumprod(1).sum(1)
