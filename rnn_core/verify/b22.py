"""B22, Kalman training: recursive least squares on a linear model, and few sequences that teach much."""
from __future__ import annotations

from collections.abc import Generator, Iterator
from statistics import median
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, quick, same
from rnn_core.verify.rules import T, a_run, drawn

NETS = ("elman", "lstm", "gru", "rmlp", "jordan")
SEEDS = (11, 12, 13)
PRIOR, NOISE = 3.0, 0.5


@quick
def is_recursive_least_squares() -> Iterator[Finding]:
    """A linear readout of a fixed network, one error after another: θ and P beside the textbook's recursion."""
    for architecture, streams in (("echo_state", 1), ("elman", 1), ("elman", 3)):
        run, batch, X = _linear(architecture, streams)
        theta, P = _theta(run), PRIOR * torch.eye(X.shape[2]).double()
        for t in range(X.shape[1]):
            for x, d in zip(X[:, t], batch.target[:, t, 0], strict=True):
                k = P @ x / (x @ P @ x + NOISE)
                theta, P = theta + k * (d - x @ theta), P - torch.outer(k, x @ P)
        _learn(run, batch)
        told = f"{architecture}, {streams} sequence{'s' * (streams > 1)} at once"
        yield same(f"{told}: θ", _theta(run), theta, 1e-10)
        yield same(f"{told}: P", run.learner.tensors()["P"][0], P, 1e-10)


@quick
def is_ridge_in_the_end() -> Iterator[Finding]:
    """Q = 0: after all errors θ is the ridge solution with prior P₀⁻¹ about the first θ, in one step of algebra."""
    for architecture, streams in (("echo_state", 1), ("elman", 4)):
        run, batch, X = _linear(architecture, streams)
        rows, d, before = X.flatten(0, 1), batch.target.flatten(), _theta(run)
        precision = rows.T @ rows / NOISE + torch.eye(rows.shape[1]).double() / PRIOR
        by_hand = before + torch.linalg.solve(precision, rows.T @ (d - rows @ before) / NOISE)
        _learn(run, batch)
        yield same(f"{architecture}: θ", _theta(run), by_hand, 1e-10)
        yield same(f"{architecture}: P", run.learner.tensors()["P"][0], torch.linalg.inv(precision), 1e-10)


@quick
def jacobians_are_those_of_the_unrolled_graph() -> Iterator[Finding]:
    """∂y_t/∂θ of every step by influence, and by looking back over all steps, beside autograd; ragged, teachers."""
    for architecture in NETS:
        for back in (0, T):
            run = a_run(architecture, "kalman", ragged=True, look_back=back)
            batch, teacher = drawn(run)
            y = run.network.trace(batch.x, mask=batch.mask, teacher=teacher).outputs
            found = torch.stack([H for _, H in run.learner.observations(batch, teacher)], 1)
            there = batch.counted
            wanted = torch.stack([_flat_gradient(v, run.learner.parameters) for v in y[there].flatten()])
            yield same(f"{architecture}, {'looking back' if back else 'influence'}", found[there].flatten(0, 1),
                       wanted, 1e-10)


@quick
def a_window_cuts_off() -> Iterator[Finding]:
    """Looking back one step, an output blames nothing that lies before it; two steps, one step more."""
    for back in (1, 2):
        run = a_run("elman", "kalman", look_back=back, length=8, hidden_size=3)
        batch, _ = drawn(run)
        found = torch.stack([H for _, H in run.learner.observations(batch, None)], 1)[:, -1]
        trace = run.network.trace(batch.x).main
        entering = type(trace.final)(trace.entering.h[:, -back].detach())
        y = run.network.trace(batch.x[:, -back:], state=entering).outputs[:, -1]
        wanted = torch.stack([_flat_gradient(v, run.learner.parameters) for v in y.flatten()])
        yield same(f"n = {back}: ∂y_T/∂θ", found.flatten(0, 1), wanted, 1e-10)


@quick
def coupled_by_units() -> Iterator[Finding]:
    """One correction of an Elman network: every unit's block beside the formula, and the blocks of units apart."""
    run = a_run("elman", "kalman", hidden_size=3, coupling="units", prior_variance=PRIOR, error_variance=NOISE,
                drift_variance=0.01, length=4)
    batch, _ = drawn(run)
    first = batch.steps(0, 1)
    before = [p.detach().clone() for p in run.learner.parameters]
    (y, H), = run.learner.observations(first, None)
    for _ in run.learner.follow(first, None):
        pass
    error, H = (first.target[:, 0] - y).flatten(), H.flatten(0, 1)
    whole = PRIOR * H @ H.T + NOISE * torch.eye(len(H)).double()
    change = PRIOR * H.T @ torch.linalg.solve(whole, error)
    moved = torch.cat([(p.detach() - b).flatten() for p, b in zip(run.learner.parameters, before, strict=True)])
    yield same("θ after one correction", moved, change, 1e-12)
    places = _units(run)
    P = run.learner.tensors()["P"]
    for k, own in enumerate(places):
        block = PRIOR * torch.eye(len(own)).double() - PRIOR**2 * H[:, own].T @ torch.linalg.solve(whole, H[:, own])
        block += 0.01 * torch.eye(len(own)).double()
        yield same(f"block {k + 1} of {len(places)}, {len(own)} weights", P[k, :len(own), :len(own)], block, 1e-12)


@quick
def stays_positive_definite() -> Iterator[Finding]:
    """2,000 corrections with P₀ = 10⁶ and R = 10⁻⁶: P is symmetric, and its smallest eigenvalue is above 0."""
    for coupling in ("all", "units"):
        run = rc.Run(rc.Experiment.of("elman", "adding", "kalman", hidden_size=3, length=100, batch_size=2, updates=20,
                                      prior_variance=1e6, error_variance=1e-6, drift_variance=0.0, coupling=coupling))
        for _ in run.training():
            pass
        P = run.learner.tensors()["P"]
        yield equal(f"{coupling}: status", "done", run.status)
        yield equal(f"{coupling}: largest difference between P and Pᵀ", 0.0, float((P - P.mT).abs().max()))
        real = [P[k, :len(own), :len(own)] for k, own in enumerate(_units(run))] if coupling == "units" else [P[0]]
        least = min(float(torch.linalg.eigvalsh(block).min()) for block in real)
        yield Finding(f"{coupling}: smallest eigenvalue of P", "> 0", f"{least:.3g}", least > 0)


@long
def few_sequences_teach_a_plant() -> Iterator[Finding]:
    """A recurrent multilayer perceptron and a plant, 60 sequences of 60 pushes: Kalman beside the best rate of BPTT."""
    few = {"hidden_size": 6, "length": 60, "updates": 60, "batch_size": 1}
    yield from _beside_bptt("rmlp", "plant", few, {"error_variance": 0.1, "drift_variance": 1e-6}, 0.05)


@long
def few_strings_teach_counting() -> Iterator[Finding]:
    """An LSTM and aⁿbⁿ, 200 strings with n ≤ 10, one by one: Kalman beside BPTT's best rate; n = 11 … 20 held out."""
    few = {"hidden_size": 3, "updates": 200, "batch_size": 1}
    runs = yield from _beside_bptt("lstm", "counting", few, {}, 0.5)
    yield above("Kalman: median share of held-out strings with every prefix right", 0.9, median(runs["kalman"]))
    yield below("BPTT: the same", 0.5, median(runs["bptt"]))


@quick
def refuses_in_one_sentence() -> Iterator[Finding]:
    """What cannot be is told before or at the first update, never half done."""
    try:
        rc.Experiment.of("lstm", "adding", "kalman", wiring="bidirectional")
        said = ""
    except ValueError as error:
        said = str(error)
    yield equal("a network that reads from both ends is refused", True, "reads it from its end too" in said)
    run = rc.Run(rc.Experiment.of("lstm", "adding", "kalman", hidden_size=64, length=5))
    list(run.training())
    yield equal("too large a P ends the run, not the machine", True, "couple the weights by units" in run.reason)


def _beside_bptt(architecture: str, task: str, few: dict[str, Any], own: dict[str, Any],
                 share: float) -> Generator[Finding, None, dict[str, list[float]]]:
    """Held-out losses on three fresh seeds: Kalman's, and for each the best that BPTT reached with one of four rates.

    Returns the metrics of the runs.
    """
    found: dict[str, list[tuple[float, float]]] = {"kalman": [], "bptt": []}
    base = rc.Experiment.of(architecture, task, "kalman", **few).make_task().baseline().loss
    for seed in SEEDS:
        found["kalman"].append(_held(rc.Experiment.of(architecture, task, "kalman", seed=seed, **few, **own)))
        found["bptt"].append(min(_held(rc.Experiment.of(architecture, task, "bptt", seed=seed, learning_rate=rate,
                                                        **few)) for rate in (0.003, 0.01, 0.03, 0.1)))
    losses = {rule: [loss for loss, _ in pairs] for rule, pairs in found.items()}
    for rule, each in losses.items():
        yield Finding(f"{rule}: held-out loss, best and median of three seeds", "printed",
                      f"{min(each):.3g}, {median(each):.3g}", True)
    yield below("Kalman: median held-out loss over the baseline's", share, median(losses["kalman"]) / base)
    yield above("BPTT with as many sequences: median loss over Kalman's", 1.5,
                median(losses["bptt"]) / median(losses["kalman"]))
    return {rule: [metric for _, metric in pairs] for rule, pairs in found.items()}


def _held(spec: rc.Experiment) -> tuple[float, float]:
    return rc.train(spec, quiet=True).measure()


def _linear(architecture: str, streams: int) -> tuple[rc.Run, rc.Batch, Tensor]:
    """A run whose readout alone learns, sequences, and what the readout reads, a constant 1 last: (b, t, n + 1)."""
    run = a_run(architecture, "kalman", length=30, batch_size=streams, prior_variance=PRIOR, error_variance=NOISE,
                drift_variance=0.0)
    network = run.network
    if architecture != "echo_state":
        network.cells[0].requires_grad_(False)
        run.learner = type(run.learner)(network, run.task, run.learner.settings, run.streams)
    g = torch.Generator().manual_seed(1)
    batch = rc.Batch(torch.randn(streams, 30, 2, generator=g).double(), torch.randn(streams, 30, 1,
                                                                                    generator=g).double())
    h = rc.unroll(network.cells[0], batch.x).states.h.detach()
    read = torch.cat([batch.x, h], 2) if architecture == "echo_state" else h
    return run, batch, torch.cat([read, torch.ones(streams, 30, 1).double()], 2)


def _learn(run: rc.Run, batch: rc.Batch) -> None:
    for _ in run.learner.follow(batch, None):
        pass


def _theta(run: rc.Run) -> Tensor:
    return torch.cat([p.detach().flatten() for p in run.learner.parameters])


def _flat_gradient(value: Tensor, parameters: list[Tensor]) -> Tensor:
    """∂value/∂θ (p)."""
    got = torch.autograd.grad(value, parameters, allow_unused=True, retain_graph=True)
    parts = [torch.zeros_like(p) if g is None else g for g, p in zip(got, parameters, strict=True)]
    return torch.cat([part.flatten() for part in parts])


def _units(run: rc.Run) -> list[Tensor]:
    """For each unit of an Elman network, then each output, the places in θ of the weights that lead into it."""
    cell, readout = run.network.cells[0], run.network.readout
    n = len(cell.W)
    o = len(readout.V)
    named = [name for name, _ in cell.named_parameters()]
    start, places = 0, {}
    for name in named:
        p = getattr(cell, name)
        places[name] = start + torch.arange(p.numel()).view(n, -1)
        start += p.numel()
    units = [torch.cat([places[name][k] for name in named]) for k in range(n)]
    V, d = (start + torch.arange(o * n)).view(o, n), start + o * n + torch.arange(o).view(o, 1)
    return units + [torch.cat([V[k], d[k]]) for k in range(o)]
