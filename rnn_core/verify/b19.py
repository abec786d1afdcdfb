"""B19, gradient clipping: a gradient that is too long is shortened, and keeps its direction."""
from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, gradients, near, quick, same

RATE = 0.5


@quick
def equals_torch() -> Iterator[Finding]:
    """The analysis beside torch.nn.utils.clip_grad_norm_ on the same gradient, above the limit and below it."""
    for architecture in ("elman", "lstm"):
        run = rc.Run(rc.Experiment.of(architecture, "temporal_xor", hidden_size=6, gain=1.5))
        for limit in (0.01, 100.0):
            found = rc.clipping(run, limit=limit, rows=16)
            batch = run.held_out.rows(slice(0, 16))
            run.network.zero_grad()
            run.task.loss(run.network(batch.x), batch).backward()
            norm = float(torch.nn.utils.clip_grad_norm_(run.network.parameters(), limit))
            theirs = torch.cat([p.grad.flatten() for p in run.network.parameters()]).double()
            yield near(f"{architecture}, limit {limit:g}: length before", norm, found.norm, 1e-5 * norm)
            yield same(f"{architecture}, limit {limit:g}: every entry after", found.after, theirs,
                       1e-5 * min(norm, limit))
    yield same("below the limit nothing changes", found.after, found.before, 0.0)


@quick
def the_direction_is_kept() -> Iterator[Finding]:
    """The clipped gradient is as long as the limit and turned by nothing; cut entry by entry it turns."""
    run = rc.Run(rc.Experiment.of("lstm", "adding", hidden_size=8))
    whole = rc.clipping(run, limit=1e6, rows=32)
    for share in (0.5, 0.01):
        limit = share * whole.norm
        found = rc.clipping(run, limit=limit, rows=32)
        yield near(f"length after, at {share:g} of what it was", limit, float(found.after.norm()), 1e-9 * limit)
        yield same(f"every entry, at {share:g} of what it was", found.after, share * whole.before, 1e-9 * limit)
        yield below(f"degrees it is turned by, at {share:g}", 1e-5, found.turned[0])
        yield near(f"length when cut entry by entry, at {share:g}", limit, float(found.cut.norm()), 1e-6 * limit)
        yield above(f"degrees it is turned by when cut entry by entry, at {share:g}", 1.0, found.turned[1])


@quick
def the_learner_does_it() -> Iterator[Finding]:
    """A step of plain descent moves against the gradient, by rate × min(limit, its length): at any limit."""
    free = _step(0.0)
    g, norm = -free / RATE, float(free.norm()) / RATE
    yield equal("a limit of 0 lets all through: the step equals one with a limit far off", "yes",
                "yes" if bool((free == _step(1000.0)).all()) else "no")
    yield same("the step is the gradient written by autograd here", g, _gradient(), 1e-5 * norm)
    for share in (0.5, 0.1, 0.01):
        step = _step(share * norm)
        yield near(f"length of the step ÷ rate, at {share:g} of the gradient", share * norm, float(step.norm()) / RATE,
                   1e-3 * share * norm)
        along = float(step @ free / (step.norm() * free.norm()))
        yield near(f"cosine between the steps with and without, at {share:g}", 1.0, along, 1e-6)


def _run(clip: float) -> rc.Run:
    return rc.Run(rc.Experiment.of("elman", "temporal_xor", hidden_size=6, batch_size=8, optimiser="sgd",
                                   learning_rate=RATE, clip=clip, updates=1))


def _weights(run: rc.Run) -> Tensor:
    return torch.cat([p.detach().flatten() for p in run.network.parameters()]).double()


def _step(clip: float) -> Tensor:
    """What one update with this limit adds to the weights."""
    run = _run(clip)
    before = _weights(run)
    for _ in run.training():
        pass
    return _weights(run) - before


def _gradient() -> Tensor:
    """The gradient of that update's batch, by autograd."""
    run = _run(0.0)
    batch = run.task.sample(8, run.streams.data)
    found = gradients(run.task.loss(run.network(batch.x), batch), list(run.network.parameters()))
    return torch.cat([g.flatten() for g in found]).double()
