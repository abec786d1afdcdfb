"""Backpropagation through time with a gradient that is held in bounds.

    Ω = Σ_t (‖A_{t+1}ᵀ λ_{t+1}‖ / ‖λ_{t+1}‖ − 1)²,   λ_{t+1} = ∂L/∂s_{t+1},  A_{t+1} = ∂s_{t+1}/∂s_t
    g = ∂L/∂θ + α ∂⁺Ω/∂θ

Ω is 0 when the error signal is as long after each step back as before it. As in the paper, ∂⁺ holds the λ and
the states that enter the steps fixed: the weights are felt by the Jacobians alone, so a net whose steps pass nothing
on learns as by plain backpropagation. Steps where no error arrives count nothing, nor do steps beyond a sequence's
end. Ω is a sum over steps and a mean over sequences. ``regulariser`` 0 is plain backpropagation through time. Pascanu,
Mikolov & Bengio, *On the difficulty of training recurrent neural networks*, 2013.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from rnn_core.learners.bptt import BPTT, BPTTSettings
from rnn_core.records import Batch, Card, Needs, Trace, setting
from rnn_core.records.trees import fold, leaves, stack, tmap, vector


class RegularisedSettings(BPTTSettings):
    """How far and in which way each update steps, and how firmly the error signal is held at its length."""

    regulariser: float = setting(1.0, "Weight of Ω, which asks that the error signal keeps its length from step to "
                                      "step; 0 is plain backpropagation through time.", symbol="α", ge=0.0, le=100.0,
                                 main=True)


class Regularised(BPTT):
    """Backpropagation through time that also asks the weights to pass the error on, neither shorter nor longer."""

    card = Card(title="Regularised backpropagation", short="Regularised BPTT", row="B23", year=2013,
                reference="Pascanu, Mikolov & Bengio, On the difficulty of training recurrent neural networks, 2013",
                summary="Descend the loss, and at the same time keep the error signal at its length from step to step.",
                equations={"Ω": "Ω = Σ_t (‖A_{t+1}ᵀ λ_{t+1}‖ / ‖λ_{t+1}‖ − 1)²", "g": "g = ∂L/∂θ + α ∂⁺Ω/∂θ"},
                symbols={"Ω": "gradient", "g": "gradient"},
                use="Plain nets over long lags, where the error would fade on its way back.")
    Settings = RegularisedSettings
    needs = Needs(waits="sequence", keeps="sequence", blames="sequence", local=True,
                  reads="for each step the state where it begins, the error where it ends, and how long the whole "
                        "error is before and after, which all are told")
    commands = (*BPTT.commands, "regulariser")

    @classmethod
    def check(cls, cell: type[Any], task: type[Any]) -> None:
        if cell.frozen:
            raise ValueError(f"A {cell.card.title} has frozen recurrent weights, which no rule can teach to pass the "
                             "error on.")

    def pieces(self, batch: Batch, teacher: Tensor | None) -> Iterator[float]:
        trace = self.network.trace(batch.x, mask=batch.mask, teacher=teacher, record=True)
        loss = self.task.loss(trace.outputs, batch)
        costates, gradient = self._differentiated(loss, trace)
        if self.settings.regulariser:
            omega = sum(penalty(one, found) for one, found in zip(trace.passes, costates))
            if omega.requires_grad:
                extra = torch.autograd.grad(self.settings.regulariser * omega, self.parameters, allow_unused=True)
                gradient = [g if more is None else g + more for g, more in zip(gradient, extra)]
        for p, g in zip(self.parameters, gradient):
            p.grad = g
        yield loss.item()

    def _differentiated(self, loss: Tensor, trace: Any) -> tuple[list[list[Any]], list[Tensor]]:
        """λ, for each pass a tree (b, …) at every step, and ∂L/∂θ."""
        nodes = [v for one in trace.passes for v in leaves(one.nodes) if v.requires_grad]
        got = torch.autograd.grad(loss, [*nodes, *self.parameters], allow_unused=True)
        found = {id(v): g for v, g in zip(nodes, got) if g is not None}
        costates = [[tmap(lambda v: found.get(id(v), torch.zeros_like(v)), node) for node in one.nodes]
                    for one in trace.passes]
        return costates, [torch.zeros_like(p) if g is None else g for p, g in zip(self.parameters, got[len(nodes):])]


def penalty(one: Trace, costates: list[Any]) -> Tensor:
    """Ω of a pass: the mean over sequences of its sum over steps, the states and ``costates`` held fixed.

    ``costates`` are trees (b, …) like the state, one as it enters each step in the order of visiting.
    """
    x = None if one.x is None else fold(one.in_time(tmap(Tensor.detach, one.x)))
    before = fold(stack([tmap(Tensor.detach, node) for node in one.nodes]))
    flat, back = vector(before)
    flat = flat.detach().requires_grad_()
    after = vector(one.cell.step(x, back(flat))[1])[0]
    later = vector(fold(stack([*costates[1:], tmap(torch.zeros_like, costates[-1])])))[0]
    passed = (after * later).sum()
    arrived = torch.zeros_like(flat)
    if passed.requires_grad:
        arrived, = torch.autograd.grad(passed, flat, create_graph=True, materialize_grads=True)
    length = later.norm(dim=1)
    felt = length > torch.finfo(length.dtype).tiny ** 0.5
    if one.mask is not None:
        felt &= one.in_time(one.mask).flatten()
    unit = arrived / torch.where(felt, length, torch.ones_like(length)).unsqueeze(1)
    ratio = (unit.pow(2).sum(1) + torch.finfo(length.dtype).tiny).sqrt()
    return torch.where(felt, (ratio - 1) ** 2, torch.zeros_like(ratio)).sum() / one.batch_size
