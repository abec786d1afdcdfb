"""B5, causal recursive backpropagation: with a long wait it is backpropagation through time, with a short one near."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, gradients, in_double, quick, same

SEEDS, LENGTH = (0, 1, 2), 12
CELLS = {"infinite_impulse": {"taps": 2, "feedback_taps": 2}, "finite_impulse": {"taps": 3}}


@quick
def a_long_wait_is_backpropagation_through_time() -> Iterator[Finding]:
    """Q ≥ T, weights frozen along the sequence: the gradient is autograd's through the unrolled net; random sizes."""
    draw = torch.Generator().manual_seed(0)
    for architecture, settings in CELLS.items():
        for layers in (1, 2, 3):
            n, t = (int(torch.randint(low, high, (1,), generator=draw)) for low, high in ((1, 6), (8, 13)))
            ours, theirs = _both(architecture, layers, t, hidden_size=n, length=t, ragged=layers == 2, **settings)
            ragged = ", ragged" * (layers == 2)
            told = f"{architecture}, layers {layers}, T = {t}, n = {n}{ragged}"
            yield same(f"{told}: every gradient", ours, theirs, 1e-10)
    ours, theirs = _both("infinite_impulse", 3, 9, hidden_size=2, length=9, residual=True)
    yield same("infinite_impulse with residual layers: every gradient", ours, theirs, 1e-10)


@quick
def one_layer_needs_no_wait() -> Iterator[Finding]:
    """With one layer the derivatives that each synapse carries along are all there is, whatever Q."""
    for architecture, settings in CELLS.items():
        for wait in (0, 3):
            ours, theirs = _both(architecture, 1, wait, hidden_size=4, length=LENGTH, **settings)
            yield same(f"{architecture}, Q = {wait}: every gradient", ours, theirs, 1e-10)


@quick
def the_gap_falls_with_q() -> Iterator[Finding]:
    """Two layers: the part of the gradient that a wait of Q leaves out, three seeds; 0 once Q reaches T − 1."""
    for seed in SEEDS:
        gaps = []
        for wait in (0, 1, 2, 4, 8, LENGTH - 1):
            ours, theirs = _both("infinite_impulse", 2, wait, seed=seed, hidden_size=4, length=LENGTH)
            mine, true = (torch.cat([g.flatten() for g in gs]) for gs in (ours, theirs))
            gaps.append(float((mine - true).norm() / true.norm()))
        yield above(f"seed {seed}: gap at Q = 0", 1e-3, gaps[0])
        yield below(f"seed {seed}: largest gap over the one before, as Q goes 0, 1, 2, 4, 8", 1.0, max(
            b / a for a, b in zip(gaps[:5], gaps[1:5], strict=False)))
        yield below(f"seed {seed}: gap at Q = 8 over that at Q = 0", 0.5, gaps[4] / gaps[0])
        yield below(f"seed {seed}: gap at Q = {LENGTH - 1}", 1e-10, gaps[5])


@quick
def what_it_does_not_fit() -> Iterator[Finding]:
    """A cell without filters, and a network that is wired another way, are refused in one sentence each."""
    for architecture, wiring in (("elman", "single"), ("lstm", "stack"), ("infinite_impulse", "bidirectional")):
        try:
            rc.Run(rc.Experiment.of(architecture, "adding", "causal_recursive", wiring=wiring))
            said = ""
        except ValueError as error:
            said = str(error)
        yield equal(f"{architecture}, {wiring}: sentences that say why", 1, said.count("."))


def _both(architecture: str, layers: int, wait: int, **settings: Any) -> tuple[list[Tensor], list[Tensor]]:
    """Every gradient by one update of the learner with rate 1, and by autograd on the batch that it drew."""
    wired = {"wiring": "stack", "layers": layers} if layers > 1 else {}
    spec = rc.Experiment.of(architecture, "adding", "causal_recursive", wait=wait, updates=1, batch_size=3, clip=0.0,
                            optimiser="sgd", learning_rate=1.0, **wired, **settings)
    with in_double():
        run = rc.Run(spec)
        stream = torch.Generator()
        stream.set_state(run.streams.data.get_state())
        batch, parameters = run.task.sample(3, stream), list(run.network.parameters())
        theirs = gradients(run.task.loss(run.network.trace(batch.x, mask=batch.mask).outputs, batch), parameters)
        before = [p.detach().clone() for p in parameters]
        for _ in run.training():
            pass
    return [b - p.detach() for b, p in zip(before, parameters, strict=True)], theirs
