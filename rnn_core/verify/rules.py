"""What the checks of learning rules share: a run in float64, sequences with a target at every step, and BPTT."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, below, gradients

T, UNITS = 13, 5


def a_run(architecture: str, learner: str, **settings: Any) -> rc.Run:
    """A fresh run on adding, its network in float64."""
    run = rc.Run(rc.Experiment.of(architecture, "adding", learner, **{"hidden_size": UNITS, "length": T, **settings}))
    run.network.double()
    return run


def drawn(run: rc.Run) -> tuple[rc.Batch, Tensor | None]:
    """Four sequences with errors at every step that exists; a teacher who speaks at half of the steps, if heard."""
    g = torch.Generator().manual_seed(0)
    batch = run.task.sample(4, g)
    batch = rc.Batch(batch.x.double(), torch.randn(*batch.target.shape, generator=g).double(), batch.mask)
    if not run.network.feeds_back:
        return batch, None
    silent = torch.rand(*batch.target.shape, generator=g) < 0.5
    return batch, batch.target.masked_fill(silent, torch.nan)


def exact(run: rc.Run, batch: rc.Batch, teacher: Tensor | None = None) -> tuple[Tensor, list[Tensor]]:
    """Loss and gradient of the whole unrolled graph, by autograd."""
    loss = run.task.loss(run.network.trace(batch.x, mask=batch.mask, teacher=teacher).outputs, batch)
    return loss.detach(), gradients(loss, run.learner.parameters)


def learns_beside_bptt(rule: str, words: str, seeds: tuple[int, ...]) -> Iterator[Finding]:
    """Temporal XOR, 300 updates in float32 for each seed: the loss of a rule beside BPTT's, and below guessing's."""
    for seed in seeds:
        held = {}
        for name in ("bptt", rule):
            run = rc.train(rc.Experiment.of("elman", "temporal_xor", name, hidden_size=8, length=30, updates=300,
                                            learning_rate=0.01, seed=seed), quiet=True)
            held[name] = run.measure()[0]
        yield below(f"seed {seed}: {words} loss less bptt's", 1e-3, abs(held[rule] - held["bptt"]))
        yield below(f"seed {seed}: {words} loss, less than guessing", 0.95 * run.task.baseline().loss, held[rule])
