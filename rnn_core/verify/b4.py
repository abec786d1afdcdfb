"""B4, the hybrid of BPTT and RTRL in blocks: its gradient is that of both, with an uneven last block too."""
from __future__ import annotations

from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, below, equal, long, near, quick, same
from rnn_core.verify.rules import T, a_run, drawn, exact, learns_beside_bptt

NETS = {"A1 fully_recurrent": {}, "A2 elman": {}, "A7 lstm": {}, "A8 gru": {}, "A3 jordan": {},
        "A5 gru": {"wiring": "stack", "layers": 2}, "A13 lstm": {"wiring": "clocked", "period": 2}}
SEEDS = (0, 1, 2)


@quick
def equals_both() -> Iterator[Finding]:
    """Blocks of 1, 4 (13 = 3 × 4 + 1), 6, T and more steps, beside the unrolled graph and beside RTRL; ragged too."""
    for title, how in NETS.items():
        architecture, how = title.split()[1], {"ragged": True, **how}
        run, other = a_run(architecture, "hybrid", **how), a_run(architecture, "rtrl", **how)
        batch, teacher = drawn(run)
        wanted, rtrl = exact(run, batch, teacher)[1], other.learner.gradient(batch, teacher)[1]
        for n in (1, 4, 6, T, T + 7):
            run.learner.settings = run.learner.settings.model_copy(update={"block": n})
            found = run.learner.gradient(batch, teacher)[1]
            yield same(f"{title}, blocks of {n}: BPTT", found, wanted, 1e-10)
            yield same(f"{title}, blocks of {n}: RTRL", found, rtrl, 1e-10)


@quick
def a_block_at_a_time() -> Iterator[Finding]:
    """After each block the gradient so far is BPTT's of the errors so far; later steps, even NaN, are not read."""
    run = a_run("lstm", "hybrid", block=4)
    batch, _ = drawn(run)
    spoiled = batch._replace(x=batch.x.clone(), target=batch.target.clone())
    spoiled.x[:, 8:], spoiled.target[:, 8:] = torch.nan, torch.nan
    run.learner.optimiser.zero_grad()
    pieces = run.learner.pieces(spoiled, None)
    for last in (4, 8):
        next(pieces)
        part = rc.Batch(batch.x[:, :last], batch.target[:, :last])
        yield same(f"after step {last} of {T}", [p.grad for p in run.learner.parameters],
                   [g * last / T for g in exact(run, part)[1]], 1e-10)


@quick
def costs_less_than_rtrl() -> Iterator[Finding]:
    """Multiplications of 64 steps, counted: with n = H the hybrid's grow more slowly with H than RTRL's."""
    found = rc.rule_costs(rc.Run(rc.Experiment.of("elman", "adding", hidden_size=4)), lengths=(), units=(8, 16, 32),
                          steps=64)
    slopes = {rule: found.exponent("units", rule, "multiplications") for rule in ("rtrl", "hybrid")}
    yield near("hybrid: multiplications of a step grow with H to the power", 3.0, slopes["hybrid"], 0.25)
    yield near("RTRL: multiplications of a step grow with H to the power", 4.0, slopes["rtrl"], 0.3)
    most = {rule: max(found.along("units", rule)["multiplications"]) for rule in slopes}
    yield below("H = 32: multiplications of the hybrid over RTRL's", 0.5, most["hybrid"] / most["rtrl"])


@long
def learns_as_bptt_does() -> Iterator[Finding]:
    """Temporal XOR, three seeds, 300 updates in float32: the same losses as BPTT to 10⁻³, below guessing's."""
    yield from learns_beside_bptt("hybrid", "the hybrid's", SEEDS)


@quick
def refuses_in_one_sentence() -> Iterator[Finding]:
    """A network that reads from both ends has no forward influence."""
    try:
        rc.Experiment.of("gru", "adding", "hybrid", wiring="bidirectional")
        said = ""
    except ValueError as error:
        said = str(error)
    yield equal("a network that reads from both ends is refused", True, "reads it from its end too" in said)
