"""A12, the multiple-timescale network: its equations, Elman's network where nothing leaks, and what is not wired."""
from __future__ import annotations

import statistics
from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, gradients, long, near, quick, same

INPUTS, UNITS, SLOW = 3, 6, 2
SEEDS, UPDATES = (0, 1, 2, 11, 12, 13), 800


@quick
def equals_its_equations() -> Iterator[Finding]:
    """u and y, written out here with a full weight matrix in which the slow units' input weights are 0."""
    for tau_fast, tau_slow, activation in ((2.0, 30.0, "tanh"), (5.0, 70.0, "sigmoid"), (1.0, 1.0, "tanh")):
        cell = _random(tau_fast=tau_fast, tau_slow=tau_slow, activation=activation)
        x = torch.randn(3, 9, INPUTS, dtype=torch.float64)
        tau = torch.tensor([tau_fast] * (UNITS - SLOW) + [tau_slow] * SLOW, dtype=torch.float64)
        y = _leaky(cell, x, tau, torch.tanh if activation == "tanh" else torch.sigmoid)
        trace, name = rc.unroll(cell, x), f"τ = {tau_fast:g} and {tau_slow:g}, {activation}"
        yield same(f"{name}: fast units", trace.probes["f"], y[..., :-SLOW], 1e-12)
        yield same(f"{name}: slow units", trace.probes["s"], y[..., -SLOW:], 1e-12)
        yield same(f"{name}: the readout sees the fast ones alone", trace.outputs, y[..., :-SLOW], 1e-12)


@quick
def is_elman_when_nothing_leaks() -> Iterator[Finding]:
    """With τ = 1 everywhere it is Elman's network, outputs and gradients."""
    cell = _random(tau_fast=1.0, tau_slow=1.0)
    plain = rc.make_cell("elman", INPUTS, hidden_size=UNITS).double()
    with torch.no_grad():
        for p in (plain.W, plain.R, plain.b):
            p.zero_()
        plain.W[:-SLOW], plain.R[:], plain.b[:] = cell.W, cell.R, cell.b
    x = torch.randn(3, 9, INPUTS, dtype=torch.float64)
    ours, theirs = rc.unroll(cell, x), rc.unroll(plain, x)
    yield same("fast units", ours.outputs, theirs.outputs[..., :-SLOW], 1e-12)
    yield same("slow units", ours.probes["s"], theirs.probes["h"][..., -SLOW:], 1e-12)
    W, R, b = gradients(theirs.outputs[..., :-SLOW].pow(3).sum(), [plain.W, plain.R, plain.b])
    yield same("gradients", gradients(ours.outputs.pow(3).sum(), [cell.W, cell.R, cell.b]), [W[:-SLOW], R, b], 1e-10)


@quick
def slow_units_hear_through_the_fast_ones() -> Iterator[Finding]:
    """An input reaches the fast units at once and the slow ones a step later."""
    cell = _random()
    x = torch.randn(1, 3, INPUTS, dtype=torch.float64, requires_grad=True)
    state = cell.initial_state(1)
    outputs, slow = [], []
    for now in x.unbind(1):
        out, state, _ = cell.step(now, state)
        outputs.append(out)
        slow.append(state.u[:, -SLOW:])
    felt = [gradients(v.sum(), [x])[0][0, 0].abs().max() for v in (outputs[0], slow[0], slow[1])]
    yield equal("∂(slow units now)/∂(input now)", 0.0, float(felt[1]))
    yield above("∂(fast units now)/∂(input now)", 1e-6, float(felt[0]))
    yield above("∂(slow units a step later)/∂(input)", 1e-6, float(felt[2]))


@quick
def leaking_before_and_after_bending_differ() -> Iterator[Finding]:
    """The potential leaks, not the activation: the same weights with the leak behind φ, as in an echo state network."""
    cell = _random(tau_fast=4.0, tau_slow=4.0)
    x = torch.randn(3, 9, INPUTS, dtype=torch.float64)
    W = torch.cat([cell.W, torch.zeros(SLOW, INPUTS, dtype=torch.float64)])
    h = torch.zeros(3, UNITS, dtype=torch.float64)
    for now in x.unbind(1):
        h = 0.75 * h + 0.25 * torch.tanh(now @ W.T + h @ cell.R.T + cell.b)
    gap = (rc.unroll(cell, x).outputs[:, -1] - h[:, :-SLOW]).abs().max()
    yield above("difference after nine steps", 0.01, float(gap.detach()))


@quick
def counts() -> Iterator[Finding]:
    """Only weights that are there are counted: n_f I + H² + H."""
    cell = rc.make_cell("mtrnn", 10, hidden_size=20, slow_share=0.25)
    yield equal("free numbers at I = 10, H = 20, five of them slow", 15 * 10 + 20 * 20 + 20, cell.weight_count)


@long
def who_keeps_the_plan() -> Iterator[Finding]:
    """Chains of movements: units are exchanged between two chains that differ in their last piece, a piece before it.

    What the net says at the seam then follows the chain whose slow units it was given, in each of six nets; the time of
    the exchange was chosen on the first three, the last three are fresh. With τ = 2 everywhere the same wiring learns
    as well, but in some nets the plan then lies with the units that hear the input, in others with those that do not.
    """
    found = {}
    for tau_slow in (10.0, 2.0):
        for seed in SEEDS:
            spec = rc.Experiment.of("mtrnn", "primitives", piece=12, hidden_size=30, slow_share=0.4, tau_fast=2.0,
                                    tau_slow=tau_slow, learning_rate=0.02, updates=UPDATES, batch_size=16, seed=seed)
            run = rc.train(spec, quiet=True)
            batch = run.task.sample(300, torch.Generator().manual_seed(1))
            error = run.task.metric(run.network(batch.x).detach(), batch)
            fast = run.network.cells[0].groups[0]
            taus = rc.time_constants(run.network.trace(batch.x).main).measured
            found.setdefault(tau_slow, []).append((error, float(taus[fast:].median() / taus[:fast].median()),
                                                   _followed(run, slice(fast, None)), _followed(run, slice(fast))))
            baseline = run.task.baseline().value
    for tau_slow, name in ((10.0, "τ = 2 and 10"), (2.0, "τ = 2 everywhere")):
        error, ratio, slow, quick_ones = zip(*found[tau_slow], strict=True)
        yield below(f"{name}, {UPDATES} updates: squared error beside persistence, best of six seeds", 0.01,
                    min(error) / baseline)
        yield below(f"{name}: the same, median", 0.01, statistics.median(error) / baseline)
        if tau_slow > 2:
            yield above(f"{name}: measured decay of slow units beside fast ones, least of six seeds", 2.0, min(ratio))
            yield above(f"{name}: follows the chain of the slow units (0 its own, 1 theirs), least", 0.5, min(slow))
            yield below(f"{name}: follows the chain of the fast units, most", 0.5, max(quick_ones))
        else:
            yield below(f"{name}: follows the chain of the units that hear no input, least", 0.5, min(slow))
            yield above(f"{name}: follows the chain of the units that hear it, most", 0.5, max(quick_ones))
    errors = [statistics.median(v[0] for v in found[tau]) for tau in (10.0, 2.0)]
    yield near("error with slow units beside that without: on chains this short slowness gains nothing", 1.0,
               errors[0] / errors[1], 0.5)


@torch.no_grad()
def _followed(run: rc.Run, units: slice) -> float:
    """How far the answer at the last seam moves to another chain, as these units of it are put in a piece before."""
    task, network = run.task, run.network
    size, piece = torch.linspace(0.8, 1.2, 9), task.settings.piece
    pairs = [("AAB", "AAC"), ("BBA", "BBC"), ("CCA", "CCB")]
    order = [task.story(task.made(torch.tensor([k]), torch.ones(1)), 0).expected for k in range(12)]
    own, other = (task.made(torch.tensor([order.index(pair[k]) for pair in pairs + [p[::-1] for p in pairs]
                                          ]).repeat_interleave(9), size.repeat(6)) for k in (0, 1))
    u, theirs = (network.trace(batch.x).main.entering.u[:, piece].clone() for batch in (own, other))
    u[:, units] = theirs[:, units]
    state = type(network.cells[0].initial_state(1))(u)
    said = network.trace(own.x[:, piece:2 * piece + 1], state=state).outputs[:, -1, 0]
    here, there = own.target[:, 2 * piece, 0], other.target[:, 2 * piece, 0]
    return float(((said - here) / (there - here)).median())


def _random(**settings: float | str) -> torch.nn.Module:
    """A cell in float64 with all weights random."""
    cell = rc.make_cell("mtrnn", INPUTS, hidden_size=UNITS, slow_share=SLOW / UNITS, **settings).double()
    with torch.no_grad():
        for p in cell.parameters():
            p.normal_()
    return cell


@torch.no_grad()
def _leaky(cell: torch.nn.Module, x: Tensor, tau: Tensor, bend: object) -> Tensor:
    """y (b, t, n): the leaky potential form with all weights, those that are not wired at 0."""
    W = torch.cat([cell.W, torch.zeros(SLOW, x.shape[-1], dtype=x.dtype)])
    u, said = torch.zeros(len(x), len(tau), dtype=x.dtype), []
    for now in x.unbind(1):
        u = (1 - 1 / tau) * u + (bend(u) @ cell.R.T + now @ W.T + cell.b) / tau
        said.append(bend(u))
    return torch.stack(said, 1)
