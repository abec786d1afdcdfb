"""B15, teacher forcing: the first step is the same for all, later ones are not, and a teacher who slips prepares."""
from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, near, quick, same

HEARERS, LAG, SEEDS, UPDATES = ("jordan", "recurrent_output", "fully_recurrent"), 5, (0, 1, 2), 600


@quick
def first_step() -> Iterator[Finding]:
    """Nothing has gone back before the first step: forced and free are bitwise the same there, and part later."""
    for architecture in HEARERS:
        network, batch, task = _setting(architecture)
        told = rc.exposure(network, batch, task)
        yield equal(f"{architecture}: gap of the loss at the first step", 0.0, float(told.gap[0]))
        yield equal(f"{architecture}: distance of the answers at the first step", 0.0, float(told.apart[0]))
        yield above(f"{architecture}: their least distance at any later step", 1e-3, float(told.apart[1:].min()))


@quick
def losses_by_hand() -> Iterator[Finding]:
    """Cross-entropy of every step, forced and free, from the equations of two nets written out here."""
    for architecture in HEARERS[:2]:
        network, batch, task = _setting(architecture)
        told = rc.exposure(network, batch, task)
        for name, share, ours in (("forced", 1.0, told.forced), ("free", 0.0, told.free)):
            theirs = _losses(_by_hand(architecture, network.cells[0], batch, share), batch)
            yield same(f"{architecture}: loss of every step, {name}", ours, theirs, 1e-12)
        gap = _losses(_by_hand(architecture, network.cells[0], batch, 0.0), batch)
        gap -= _losses(_by_hand(architecture, network.cells[0], batch, 1.0), batch)
        yield same(f"{architecture}: the gap of every step", told.gap, gap, 1e-12)


@quick
def ends_of_scheduled_sampling() -> Iterator[Finding]:
    """With p = 1 the learner's loss is the forced one and with p = 0 the free one, on the batch that it drew."""
    for architecture in HEARERS[:2]:
        for p, name in ((1.0, "forced"), (0.0, "free")):
            run = rc.Run(_spec(architecture, 0, teacher_forcing=p, updates=1))
            stream = torch.Generator()
            stream.set_state(run.streams.data.get_state())
            batch = run.task.sample(run.spec.batch_size, stream)
            expected = _losses(_by_hand(architecture, run.network.cells[0], batch, p), batch).mean()
            for _ in run.training():
                pass
            yield near(f"{architecture}, p = {p:g}: loss of the first update is the {name} one", float(expected),
                       float(run.history["loss"].iloc[-1]), 1e-6)


@quick
def in_between() -> Iterator[Finding]:
    """With p in between, the teacher speaks at a share p of all steps, and silence at a step is silence in it all."""
    for p in (0.25, 0.5, 0.75):
        for seed in SEEDS:
            run = rc.Run(_spec("jordan", seed, teacher_forcing=p, lag=20))
            said = run.learner.teacher(run.task.sample(1000, torch.Generator().manual_seed(seed)))
            silent = said.isnan()
            yield near(f"p = {p:g}, seed {seed}: share of 21,000 steps with a teacher", p,
                       1 - float(silent.any(-1).float().mean()), 0.015)
            yield equal(f"p = {p:g}, seed {seed}: steps at which only part of an answer is said", 0,
                        int((silent.any(-1) != silent.all(-1)).sum()))


@long
def a_teacher_who_slips_prepares() -> Iterator[Finding]:
    """A recurrent output layer stores a bit: always forced it fails alone, with p = ½ it does not; three seeds."""
    gaps = {p: [_trained("recurrent_output", seed, p)[0] for seed in SEEDS] for p in (1.0, 0.5, 0.0)}
    words = f"{UPDATES} updates with p ="
    guess = rc.Run(_spec("recurrent_output", 0)).task.baseline().loss
    yield near("loss of guessing, ln 2 / 6", torch.tensor(2.0).log().item() / (LAG + 1), guess, 1e-6)
    ratios = [told.totals[1] / told.totals[0] for told in gaps[1.0]]
    yield below(f"{words} 1: loss forced, worst of three seeds", guess / 10, max(t.totals[0] for t in gaps[1.0]))
    yield above(f"{words} 1: loss free / forced, least of three seeds", 5, min(ratios))
    yield above(f"{words} 1: loss free / forced, median", 20, statistics.median(ratios))
    for p, limit in ((0.5, 0.002), (0.0, 0.001)):
        yield below(f"{words} {p:g}: loss free, worst of three seeds", limit, max(t.totals[1] for t in gaps[p]))
    yield below(f"{words} 0.5: loss forced, worst of three seeds", 0.002, max(t.totals[0] for t in gaps[0.5]))
    yield above(f"{words} 0: loss forced, which it never met, best of three seeds", 0.01,
                min(t.totals[0] for t in gaps[0.0]))


@long
def who_must_remember_by_speaking() -> Iterator[Finding]:
    """Jordan's net can keep a bit only in its own answers: it learns to when nobody speaks for it; three seeds."""
    for p in (1.0, 0.0):
        right = [_trained("jordan", seed, p)[1] for seed in SEEDS]
        words = f"Jordan, {UPDATES} updates with p = {p:g}: accuracy at the question, free"
        if p:
            yield below(f"{words}, best of three seeds", 0.6, max(right))
        else:
            yield above(f"{words}, best of three seeds", 1.0, max(right))
            yield above(f"{words}, median", 1.0, statistics.median(right))


def _spec(architecture: str, seed: int, **settings: Any) -> rc.Experiment:
    return rc.Experiment.of(architecture, "delayed_recall", symbols=2, seed=seed,
                            **{"lag": LAG, "hidden_size": 8, "learning_rate": 0.02, **settings})


def _setting(architecture: str) -> tuple[Any, rc.Batch, Any]:
    """A fresh network in float64, sequences and their task."""
    run = rc.Run(_spec(architecture, 0))
    batch = run.task.sample(16, torch.Generator().manual_seed(0))
    return run.network.double(), batch._replace(x=batch.x.double()), run.task


def _trained(architecture: str, seed: int, p: float) -> tuple[Any, float]:
    """What exposure finds after training, and the accuracy of a free run."""
    run = rc.train(_spec(architecture, seed, teacher_forcing=p, updates=UPDATES), quiet=True)
    batch = run.held_out
    return rc.exposure(run, rows=128), run.task.metric(run.network(batch.x).detach(), batch)


@torch.no_grad()
def _by_hand(architecture: str, cell: Any, batch: rc.Batch, share: float) -> Tensor:
    """Outputs (b, t, o) of a loop in which the target goes back (share 1) or the answer (share 0)."""
    x = batch.x
    one_hot = torch.eye(len(cell.V), dtype=x.dtype)[batch.target]
    heard, s = (torch.zeros(len(x), len(cell.V), dtype=x.dtype) for _ in range(2))
    h, said = torch.zeros(len(x), len(cell.b), dtype=x.dtype), []
    for t in range(x.shape[1]):
        if architecture == "jordan":
            s = cell.settings.context_decay * s + heard
            y = torch.tanh(x[:, t] @ cell.W.T + s @ cell.U.T + cell.b) @ cell.V.T + cell.d
        else:
            h = torch.tanh(x[:, t] @ cell.W.T + h @ cell.R.T + cell.b)
            y = h @ cell.V.T + heard @ cell.U.T + cell.d
        heard = one_hot[:, t] if share else y
        said.append(y)
    return torch.stack(said, 1)


def _losses(y: Tensor, batch: rc.Batch) -> Tensor:
    """(t,) −log of the probability of the target, in the mean over sequences."""
    probability = (y.exp() / y.exp().sum(-1, keepdim=True)).gather(-1, batch.target.unsqueeze(-1))
    return -probability.squeeze(-1).log().mean(0)
