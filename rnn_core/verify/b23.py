"""B23, keeping the recurrent gradient in bounds: Ω and its gradient, and what it does to a net that forgets."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, in_double, long, quick, same

SEEDS, LAG, UPDATES = (0, 1, 2), 30, 1000
RATE = 1e-3


@quick
def gradient_against_finite_differences() -> Iterator[Finding]:
    """A step of the learner less one of plain descent is −η α ∂⁺Ω/∂θ: beside central differences of an Ω written here.

    Ω is rebuilt from Jacobians taken unit by unit, with entering states and λ frozen, at weights pushed one by one.
    """
    for architecture, wiring in (("elman", "single"), ("lstm", "single"), ("gru", "single"), ("mtrnn", "single"),
                                 ("elman", "stack"), ("gru", "bidirectional")):
        plain, held = (_trained(_spec(architecture, wiring, alpha)).network for alpha in (0.0, 0.7))
        told = [(a - b) / (-RATE * 0.7) for a, b in zip(held.parameters(), plain.parameters(), strict=True)]
        network, batch, loss = _fresh(architecture, wiring)
        frozen, rough = _frozen(network, batch, loss), [torch.zeros_like(p) for p in network.parameters()]
        for p, grad in zip(network.parameters(), rough, strict=True):
            flat = p.data.view(-1)
            for k in range(p.numel()):
                value, ends = float(flat[k]), []
                for push in (1e-5, -1e-5):
                    flat[k] = value + push
                    ends.append(_omega(frozen))
                flat[k] = value
                grad.view(-1)[k] = (ends[0] - ends[1]) / 2e-5
        scale = max(1.0, max(float(g.abs().max()) for g in rough))
        yield same(f"{architecture}, {wiring}: {sum(p.numel() for p in network.parameters())} derivatives of Ω, ragged",
                   [g / scale for g in told], [g / scale for g in rough], 1e-6)


@quick
def closed_form_for_a_plain_net() -> Iterator[Finding]:
    """A linear net has one Jacobian R, and a net whose R is a rotation keeps every length: Ω is 0, and so its pull."""
    for angle in (0.0, 0.7, 2.0):
        held, rotation = _linear(angle, 1.0, 5.0), _linear(angle, 1.0, 0.0)
        yield same(f"R a rotation by {angle:g}: pull on R", held, rotation, 1e-12)
    for scale in (0.5, 0.9, 1.3):
        pull = (_linear(0.7, scale, 5.0) - _linear(0.7, scale, 0.0)) / (-RATE * 5.0)
        R = scale * _rotation(0.7)
        yield same(f"R a rotation times {scale:g}, T = 7: dΩ/d scale is 6 · 2 (scale − 1)",
                   (pull * R).sum() / scale, torch.tensor(12 * (scale - 1), dtype=torch.float64), 1e-12)


@quick
def none_is_plain() -> Iterator[Finding]:
    """With a weight of 0 the learner is backpropagation through time, weight by weight."""
    for architecture in ("elman", "lstm"):
        runs = []
        for learner, more in (("bptt", {}), ("regularised", {"regulariser": 0.0})):
            spec = rc.Experiment.of(architecture, "adding", learner, hidden_size=5, length=12, updates=20, **more)
            runs.append(list(_trained(spec).network.parameters()))
        yield same(f"{architecture}: all weights after 20 updates", runs[0], runs[1], 1e-11)


@quick
def what_it_does_not_fit() -> Iterator[Finding]:
    """A reservoir is refused in one sentence."""
    try:
        rc.Experiment.of("echo_state", "adding", "regularised")
        said = ""
    except ValueError as error:
        said = str(error)
    yield equal("sentences that say why an echo state network is refused", 1, said.count("."))


@long
def keeps_the_gradient_alive() -> Iterator[Finding]:
    """A tanh net with short memory, gain ½, recalling over 30 steps: how long the error is when it reaches the start.

    Plain descent of the same net, on the same sequences, must lose it and fail; chance is a quarter.
    """
    found = {}
    for alpha in (0.0, 1.0):
        runs = [_recalling(seed, alpha) for seed in SEEDS]
        found[alpha] = [_measured(run) for run in runs]
    for k, seed in enumerate(SEEDS):
        yield below(f"seed {seed}: error at the first step over that at the last, plain", 0.1, found[0.0][k][0])
        yield above(f"seed {seed}: the same with Ω", 0.3, found[1.0][k][0])
        yield below(f"seed {seed}: share right, plain", 0.5, found[0.0][k][1])
        yield above(f"seed {seed}: share right with Ω", 0.9, found[1.0][k][1])


def _recalling(seed: int, alpha: float) -> rc.Run:
    """A net that was taught to recall."""
    return rc.train(rc.Experiment.of("elman", "delayed_recall", "regularised", lag=LAG, hidden_size=16, gain=0.5,
                                     updates=UPDATES, regulariser=alpha, seed=seed), quiet=True)


def _measured(run: rc.Run) -> tuple[float, float]:
    """The error at the first step as a part of that at the last, and the share of held-out answers that is right."""
    norms = rc.gradient_norms(run, rows=32).median
    return float(norms[0] / norms[-1]), float(run.history["metric"].dropna().iloc[-1])


def _trained(spec: rc.Experiment) -> rc.Run:
    """A run that is carried out in double precision."""
    with in_double():
        run = rc.Run(spec)
        for _ in run.training():
            pass
    return run


def _spec(architecture: str, wiring: str, regulariser: float) -> rc.Experiment:
    """One update of plain descent on ragged sequences."""
    return rc.Experiment.of(architecture, "adding", "regularised", wiring=wiring, hidden_size=2, length=6, ragged=True,
                            batch_size=3, updates=1, optimiser="sgd", learning_rate=RATE, clip=0.0,
                            regulariser=regulariser)


def _fresh(architecture: str, wiring: str) -> tuple[Any, rc.Batch, Any]:
    """The network of such a run before its update, the batch that it will draw, and the loss."""
    with in_double():
        run = rc.Run(_spec(architecture, wiring, 0.0))
        return run.network, run.task.sample(3, run.streams.data), run.task.loss


def _frozen(network: Any, batch: rc.Batch, loss: Any) -> list[tuple[rc.Trace, Tensor]]:
    """Each pass with its entering states, and (b, t, s) its costates, whose scale does not matter to Ω."""
    found = rc.costates(network, batch, loss)
    return [(one, torch.cat([v.flatten(2) for v in _leaves(tree)], 2))
            for one, tree in zip(found.trace.passes, found.passes, strict=True)]


def _leaves(tree: Any) -> list[Tensor]:
    """The tensors of a nested state."""
    return [tree] if isinstance(tree, Tensor) else [v for part in tree for v in _leaves(part)]


def _omega(passes: list[tuple[rc.Trace, Tensor]]) -> float:
    """Ω by Jacobian matrices at the entering states that were frozen, in the order of visiting."""
    total = 0.0
    for one, costates in passes:
        A, later = one.in_time(rc.step_jacobians(one).A.detach()), one.in_time(costates)
        there = torch.ones(later.shape[:2], dtype=torch.bool) if one.mask is None else one.in_time(one.mask)
        for k in range(len(later)):
            for t in range(one.length - 1):
                v = later[k, t + 1]
                if there[k, t] and float(v.norm()) > 0:
                    total += float(((A[k, t].T @ v).norm() / v.norm() - 1) ** 2) / len(later)
    return total


def _rotation(angle: float) -> Tensor:
    """A rotation of the plane."""
    turn = torch.tensor(angle).double()
    return torch.stack([torch.stack([turn.cos(), -turn.sin()]), torch.stack([turn.sin(), turn.cos()])])


def _linear(angle: float, scale: float, regulariser: float) -> Tensor:
    """R of a linear net with two units after one update, when it was a scaled rotation before."""
    with in_double():
        run = rc.Run(rc.Experiment.of("elman", "adding", "regularised", activation="linear", hidden_size=2, length=7,
                                      updates=1, optimiser="sgd", learning_rate=RATE, clip=0.0, batch_size=4,
                                      regulariser=regulariser))
        with torch.no_grad():
            run.network.cells[0].R.copy_(scale * _rotation(angle))
        for _ in run.training():
            pass
    return run.network.cells[0].R.detach()
