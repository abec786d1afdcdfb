"""Which input, how long ago, moved this answer?

    S_k = ∂y_t[j]/∂x_k      one output j at one step t, every step k and every input

S_k is signed: by how much the answer rises with each input. Its norm ‖S_k‖₂ tells how strongly step k is felt at all.
Simonyan, Vedaldi & Zisserman, *Deep inside convolutional networks*, 2014.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Batch, Card, Result
from rnn_core.records.trees import leaves, tmap

CARD = Card(title="Saliency", row="D19", year=2014,
            reference="Simonyan, Vedaldi & Zisserman, Deep inside convolutional networks, ICLR workshop 2014",
            summary="The derivative of one answer with respect to every input of every step.",
            equations={"S": "S_k = ∂y_t[j]/∂x_k"}, symbols={"S": "gradient"})
FEW = 8


@dataclass(frozen=True, eq=False)
class Saliency(Result):
    """``signed`` (b, t, i): ∂y_t[j]/∂x_k; ``x`` (b, t, i) what was read; both NaN at steps that do not exist.

    ``steps`` (b,) are the t and ``outputs`` (b,) the j that were asked about, ``answers`` (b,) the y_t[j].
    """

    signed: Tensor
    x: Tensor
    steps: Tensor
    outputs: Tensor
    answers: Tensor

    @property
    def absolute(self) -> Tensor:
        """(b, t) ‖∂y_t[j]/∂x_k‖₂."""
        return self.signed.norm(dim=-1)

    @property
    def strongest(self) -> Tensor:
        """(b,) the step that moves each answer most; −1 where none does."""
        size = self.absolute.nan_to_num(0.0, 0.0)
        return torch.where(size.amax(1) > 0, size.argmax(1), -torch.ones_like(self.steps))

    def frame(self) -> pd.DataFrame:
        """One row a sequence and step: its norm, and with few inputs the derivative of each."""
        b, t, i = self.signed.shape
        table = {"sequence": torch.arange(b).repeat_interleave(t), "t": torch.arange(t).repeat(b),
                 "asked at": self.steps.cpu().repeat_interleave(t), "norm": self.absolute.flatten().cpu()}
        if i <= FEW:
            table |= {f"by input {k}": self.signed[..., k].flatten().cpu() for k in range(i)}
        return pd.DataFrame(table)

    @property
    def says(self) -> str:
        if not self.signed[~self.x.isnan()].isfinite().all():
            return "there is no derivative to tell here: this network has left the finite numbers."
        moved = self.strongest >= 0
        if not moved.any():
            return "no small change of any input moves these answers."
        if len(self.steps) == 1:
            return f"a small change moves this answer most strongly when it is made at step {int(self.strongest[0])}."
        back = float((self.steps - self.strongest)[moved].abs().float().median())
        return (f"a small change moves the answers of these {len(self.steps)} sequences most strongly {back:.0f} "
                f"steps away from the answer, in the median.")

    @property
    def says_not(self) -> str:
        return ("that an input with a small derivative did not matter: where a unit is saturated, or where a whole "
                "change of symbol counts, a small change tells little.")


def answer_steps(batch: Batch) -> Tensor:
    """(b,) the step of each sequence's final answer: the last that counts, the last that exists where none counts."""
    every = torch.ones(batch.target.shape[:2], dtype=torch.bool, device=batch.target.device)
    there = every if batch.mask is None else batch.mask
    counted = torch.where(batch.counted.any(1, keepdim=True), batch.counted, there)
    return (counted * torch.arange(1, counted.shape[1] + 1, device=counted.device)).argmax(1)


def saliency(network: Any, batch: Batch, *, step: int | None = None, output: int | None = None) -> Saliency:
    """Derivatives of one output at one step with respect to all inputs at all steps, each sequence for itself.

    ``step`` is by default that of the final answer; ``output`` the one that is largest there, which for classes is what
    the network says. Raises ValueError, in one sentence, for a step or output that is not there, and for inputs that
    are symbols, not numbers.
    """
    first = leaves(batch.x)[0]
    if not first.is_floating_point():
        raise ValueError("These inputs are symbols and not numbers: no answer has a derivative with respect to them.")
    b, t = first.shape[:2]
    if step is not None and not 0 <= step < t:
        raise ValueError(f"There are steps 0 to {t - 1}; {step} is not among them.")
    steps = answer_steps(batch) if step is None else torch.full((b,), step, device=first.device)
    with torch.enable_grad():
        x = first.detach().clone().requires_grad_()
        places = iter([x, *leaves(batch.x)[1:]])
        y = network.trace(tmap(lambda v: next(places), batch.x), mask=batch.mask).outputs
        if output is not None and not 0 <= output < y.shape[-1]:
            raise ValueError(f"There are outputs 0 to {y.shape[-1] - 1}; {output} is not among them.")
        asked = y[torch.arange(b, device=y.device), steps]                                            # (b, o)
        outputs = asked.argmax(1) if output is None else torch.full((b,), output, device=y.device)
        answers = asked.gather(1, outputs.unsqueeze(1))[:, 0]
        found = torch.autograd.grad(answers.sum(), x, allow_unused=True)[0] if answers.requires_grad else None
    signed = (torch.zeros_like(x) if found is None else found).detach().reshape(b, t, -1)
    shown = x.detach().reshape(b, t, -1)
    if batch.mask is not None:
        gone = ~batch.mask.unsqueeze(-1)
        signed, shown = signed.masked_fill(gone, torch.nan), shown.masked_fill(gone, torch.nan)
    return Saliency(signed, shown, steps, outputs, answers.detach())
