"""B3, real-time recurrent learning: its gradient is BPTT's, and P is what small changes of the weights do."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, near, quick, same
from rnn_core.verify.rules import UNITS, T, a_run, drawn, exact, learns_beside_bptt

NETS = {"A1 fully_recurrent": {}, "A2 elman": {}, "A7 lstm": {}, "A8 gru": {}, "A3 jordan": {}, "A4 indrnn": {},
        "A11 ctrnn": {}, "A20 hidden_markov": {}, "A5 elman": {"wiring": "stack", "layers": 3},
        "A13 gru": {"wiring": "clocked", "period": 2}}
SEEDS = (0, 1, 2)


@quick
def equals_bptt() -> Iterator[Finding]:
    """∂L/∂θ of every weight, readout included, beside the unrolled graph; ragged sequences, teachers, stacks."""
    for title, how in NETS.items():
        run = a_run(title.split()[1], "rtrl", ragged=True, **how)
        batch, teacher = drawn(run)
        loss, found = run.learner.gradient(batch, teacher)
        wanted, gradient = exact(run, batch, teacher)
        title += "".join(f", {name} {value}" for name, value in how.items())
        yield same(f"{title}: gradient", found, gradient, 1e-10)
        yield near(f"{title}: loss", float(wanted), loss, 1e-10)


@quick
def influence_by_hand() -> Iterator[Finding]:
    """P_t = D_t (R P_{t−1} + ∂a_t/∂θ) of an Elman network, weight by weight and unit by unit, in loops."""
    run = a_run("elman", "rtrl")
    batch, _ = drawn(run)
    cell, trace = run.network.cells[0], run.network.trace(batch.x).main
    told = rc.influence(trace)
    h, steps = trace.states.h, T
    by_hand = torch.zeros(len(batch.x), steps, UNITS, UNITS, UNITS).double()
    for t in range(steps):
        before = trace.entering.h[:, t]
        slope = 1 - h[:, t] ** 2
        for i in range(UNITS):
            for j in range(UNITS):
                change = torch.zeros(len(batch.x), UNITS).double()
                if t:
                    change = by_hand[:, t - 1, :, i, j] @ cell.R.detach().T
                change[:, i] += before[:, j]
                by_hand[:, t, :, i, j] = slope * change
    names = [name for name, _ in cell.named_parameters()]
    yield same("P_T of every recurrent weight", told.last["R"], by_hand[:, -1], 1e-12)
    yield same("‖P_t‖ of R at every step", told.norms[:, :, names.index("R")], by_hand.flatten(2).norm(dim=2), 1e-12)


@quick
def influence_by_small_changes() -> Iterator[Finding]:
    """Central differences of the last state in every single weight."""
    for architecture in ("lstm", "gru", "fully_recurrent"):
        run = a_run(architecture, "rtrl", hidden_size=2)
        batch, _ = drawn(run)
        cell = run.network.cells[0]
        told = rc.influence(run.network.trace(batch.x).main)
        for name, p in cell.named_parameters():
            rough = torch.zeros_like(told.last[name]).flatten(2)
            with torch.no_grad():
                for k in range(p.numel()):
                    value, ends = p.view(-1)[k].item(), []
                    for step in (1e-5, -1e-5):
                        p.view(-1)[k] = value + step
                        ends.append(_flat(rc.unroll(cell, batch.x).final))
                    p.view(-1)[k] = value
                    rough[:, :, k] = (ends[0] - ends[1]) / 2e-5
            yield same(f"{architecture}: P_T of {name}", told.last[name].flatten(2), rough, 1e-7)


@quick
def there_at_every_step() -> Iterator[Finding]:
    """After step t the gradient so far is BPTT's of the errors up to t; later steps, even NaN, are not read."""
    run = a_run("gru", "rtrl", online=True)
    batch, _ = drawn(run)
    spoiled = batch._replace(x=batch.x.clone(), target=batch.target.clone())
    spoiled.x[:, 7:], spoiled.target[:, 7:] = torch.nan, torch.nan
    run.learner.optimiser.zero_grad()
    pieces = run.learner.pieces(spoiled, None)
    for t in range(7):
        next(pieces)
        part = rc.Batch(batch.x[:, :t + 1], batch.target[:, :t + 1])
        yield same(f"after step {t + 1} of {T}", [p.grad for p in run.learner.parameters],
                   [g * (t + 1) / T for g in exact(run, part)[1]], 1e-10)


@quick
def memory_does_not_grow() -> Iterator[Finding]:
    """Numbers alive at once during one gradient, sequences of 32 and of 128 steps: RTRL the same, BPTT more."""
    found = rc.rule_costs(rc.Run(rc.Experiment.of("elman", "adding", hidden_size=4)), lengths=(32, 128), units=())
    for rule, limit in (("rtrl", 1.05), ("hybrid", 1.05)):
        few, many = found.along("length", rule)["numbers kept"]
        yield below(f"{rule}: four times the steps, times the numbers", limit, many / few)
    few, many = found.along("length", "bptt")["numbers kept"]
    yield above("bptt: four times the steps, times the numbers", 3.0, many / few)


@long
def learns_as_bptt_does() -> Iterator[Finding]:
    """Temporal XOR, three seeds, 300 updates in float32: the same losses as BPTT to 10⁻³, below guessing's."""
    yield from learns_beside_bptt("rtrl", "rtrl's", SEEDS)


@quick
def refuses_in_one_sentence() -> Iterator[Finding]:
    """What cannot be is told before or at the first update, never half done."""
    try:
        rc.Experiment.of("lstm", "adding", "rtrl", wiring="bidirectional")
        said = ""
    except ValueError as error:
        said = str(error)
    yield equal("a network that reads from both ends is refused", True, "reads it from its end too" in said)
    run = rc.Run(rc.Experiment.of("lstm", "adding", "rtrl", hidden_size=128))
    list(run.training())
    yield equal("too large a P ends the run, not the machine", True, "choose fewer units" in run.reason)


def _flat(state: Any) -> Tensor:
    return torch.cat([v.flatten(1) for v in state], 1)
