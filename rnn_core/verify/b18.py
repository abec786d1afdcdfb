"""B18, losses: cross-entropy for choices, squared error for quantities, one for each step."""
from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, gradients, near, quick, same

B = 5


@quick
def a_uniform_guess() -> Iterator[Finding]:
    """Equal scores for K choices cost ln K, whatever is right; and K choices are log₂ K bits."""
    for name in ("delayed_recall", "next_character"):
        task, batch = _drawn(name)
        K = task.output_size
        y = torch.full((*batch.target.shape, K), 0.7, dtype=torch.float64)
        yield near(f"{name}: loss of a uniform guess among {K}, ln {K}", math.log(K), float(task.loss(y, batch)), 1e-12)
    yield near(f"next_character: the same in bits, log₂ {K}", math.log2(K), task.metric(y, batch), 1e-12)


@quick
def guess_less_truth() -> Iterator[Finding]:
    """The gradient of the cross-entropy is (p − q)/N with p the softmax and q one-hot, beside autograd."""
    for name in ("delayed_recall", "next_character"):
        task, batch = _drawn(name)
        y = _scores(batch, task.output_size)
        (ours,) = gradients(task.loss(y, batch), [y])
        p = y.detach().exp() / y.detach().exp().sum(-1, keepdim=True)
        q = torch.nn.functional.one_hot(batch.target.clamp(min=0), task.output_size).double()
        by_hand = torch.where(batch.counted.unsqueeze(-1), (p - q) / batch.counted.sum(), 0.0)
        yield same(f"{name}: dL/dy", ours, by_hand, 1e-12)
        yield near(f"{name}: what the entries of one answer's gradient add up to", 0.0,
                   float(ours.sum(-1).abs().max()), 1e-12)
    told = rc.temperature(rc.Experiment.of("elman", "delayed_recall"), scores=(2.0, 1.0, -1.0), temperature=1.0)
    p = torch.tensor([math.exp(v) for v in (2.0, 1.0, -1.0)], dtype=torch.float64)
    yield same("softmax of 2, 1, −1 by exponentials written out here", told.tempered, p / p.sum(), 1e-12)


@quick
def cross_entropy() -> Iterator[Finding]:
    """−y_k + ln Σ e^y, the mean over the steps that count, beside torch.nn.CrossEntropyLoss."""
    task, batch = _drawn("delayed_recall")
    y = _scores(batch, task.output_size).detach()
    each = -y.gather(-1, batch.target.clamp(min=0).unsqueeze(-1))[..., 0] + y.exp().sum(-1).log()
    yield near("mean of −y_k + ln Σ e^y", float(each[batch.counted].mean()), float(task.loss(y, batch)), 1e-12)
    theirs = torch.nn.CrossEntropyLoss()(y[batch.counted], batch.target[batch.counted])
    yield near("torch.nn.CrossEntropyLoss", float(theirs), float(task.loss(y, batch)), 1e-12)


@quick
def squared_error() -> Iterator[Finding]:
    """Mean of (y − target)², its gradient 2 (y − target)/N, beside torch.nn.MSELoss; uncounted steps are not felt."""
    for name, settings in (("adding", {"ragged": True}), ("temporal_xor", {})):
        task, batch = _drawn(name, **settings)
        y, counted = _scores(batch, task.output_size), batch.counted
        gap = (y.detach() - batch.target)[counted]
        loss, target = float(task.loss(y.detach(), batch)), batch.target.double()[counted]
        yield near(f"{name}: mean of squares", float((gap * gap).mean()), loss, 1e-12)
        yield near(f"{name}: torch.nn.MSELoss", float(torch.nn.MSELoss()(y.detach()[counted], target)), loss, 1e-12)
        (ours,) = gradients(task.loss(y, batch), [y])
        by_hand = torch.zeros_like(ours)
        by_hand[counted] = 2 * gap / gap.numel()
        yield same(f"{name}: dL/dy", ours, by_hand, 1e-12)


@quick
def a_loss_for_each_step() -> Iterator[Finding]:
    """The parts of the steps add up to the loss, and each is the loss of its step alone."""
    for name in ("temporal_xor", "delayed_recall", "next_character", "adding"):
        run = rc.Run(rc.Experiment.of("gru", name, hidden_size=4))
        found = rc.step_losses(run, rows=B)
        batch = run.held_out.rows(slice(0, B))
        y = run.network(batch.x, mask=batch.mask).detach()
        yield near(f"{name}: sum over the steps", float(run.task.loss(y, batch)), float(found.parts.nan_to_num().sum()),
                   1e-5)
        counted = batch.counted
        alone = [float(run.task.loss(y[:, t:t + 1], _only(batch, t))) * int(counted[:, t].sum()) / int(counted.sum())
                 for t in range(y.shape[1]) if counted[:, t].any()]
        asked = [t for t in range(y.shape[1]) if counted[:, t].any()]
        yield same(f"{name}: each of {len(asked)} steps alone", found.parts[asked].double(),
                   torch.tensor(alone, dtype=torch.float64), 1e-5)


def _only(batch: rc.Batch, t: int) -> rc.Batch:
    """One step of a batch."""
    part = slice(t, t + 1)
    return rc.Batch(None, batch.target[:, part], None if batch.mask is None else batch.mask[:, part],
                    None if batch.scored is None else batch.scored[:, part])


def _drawn(name: str, **settings: Any) -> tuple[Any, rc.Batch]:
    """A task and a few of its sequences."""
    run = rc.Run(rc.Experiment.of("elman", name, hidden_size=2, **settings))
    return run.task, run.held_out.rows(slice(0, B))


def _scores(batch: rc.Batch, size: int) -> Tensor:
    """Any outputs."""
    made = torch.Generator().manual_seed(1)
    return torch.randn(*batch.target.shape[:2], size, generator=made, dtype=torch.float64).requires_grad_()
