"""A21, evolved layouts: switches give the known variants of the LSTM, and evolution keeps what it has found."""
from __future__ import annotations

import statistics
from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, in_double, long, quick, same

SEEDS = (11, 12, 13)
VARIANTS = ("forget", "1997", "peepholes", "coupled", "no input gate", "no forget gate", "no output gate",
            "linear input", "linear output")
REBER = {"grammar": "continual", "stream": 50}


@quick
def switches_give_the_variants() -> Iterator[Finding]:
    """Outputs and gradients beside the LSTM of each variant with the same weights, in float64."""
    with in_double():
        for name in VARIANTS:
            ours = rc.make_cell("gate_layout", 3, hidden_size=5, layout=name)
            theirs = rc.make_cell("lstm", 3, hidden_size=5, variant=name)
            n, form = 5, theirs.form
            torch.nn.init.normal_(ours.b)
            with torch.no_grad():
                for letter in "WRb":
                    blocks = dict(zip("ifgo", getattr(ours, letter)[:4 * n].chunk(4), strict=True))
                    getattr(theirs, letter).copy_(torch.cat([blocks[k] for k in form.blocks]))
                if form.peepholes:
                    own = dict(zip("ifo", ours.b[4 * n:].chunk(3), strict=True))
                    theirs.p.copy_(torch.stack([own[k] for k in form.peepholes]))
            x = torch.randn(2, 7, 3)
            outputs = [rc.unroll(cell, x).outputs for cell in (ours, theirs)]
            yield same(f"{name}: outputs", *outputs, 1e-12)
            slopes = [torch.autograd.grad(y.sin().sum(), cell.W)[0] for y, cell in zip(outputs, (ours, theirs))]
            mine = dict(zip("ifgo", slopes[0].chunk(4), strict=True))
            yield same(f"{name}: slope of W", torch.cat([mine[k] for k in form.blocks]), slopes[1], 1e-12)


@quick
def the_best_never_gets_worse() -> Iterator[Finding]:
    """Five generations with training and without: how often the best loss rises, and whether each child has parents."""
    for training in (3, 0):
        rises, orphans = 0, 0
        for seed in SEEDS:
            run = rc.train(rc.Experiment.of("gate_layout", "temporal_xor", "topologies", seed=seed, hidden_size=3,
                                            length=12, population=6, batch_size=4, updates=5,
                                            short_training=training), quiet=True)
            told = run.learner.told()
            rises += int((run.history["loss"].dropna().diff() > 0).sum())
            orphans += int((told.parents[1:] < 0).sum())
        yield equal(f"{training} steps of training: rises of the best loss", 0, rises)
        yield equal(f"{training} steps of training: children without parents", 0, orphans)


@long
def without_a_keep_gate_streams_are_lost() -> Iterator[Finding]:
    """Continual Reber, 250 updates of BPTT, three seeds: held-out loss with a keep gate and without, all else alike."""
    found: dict[bool, list[float]] = {True: [], False: []}
    for seed in SEEDS:
        for kept in (True, False):
            run = rc.train(rc.Experiment.of("gate_layout", "reber", hidden_size=6, seed=seed, updates=250,
                                            layout="peepholes" if kept else "no forget gate", learning_rate=0.03,
                                            batch_size=8, **REBER), quiet=True)
            found[kept].append(run.measure()[0])
        yield above(f"seed {seed}: held-out loss without over that with a keep gate", 1.1,
                    found[False][-1] / found[True][-1])
    ratio = statistics.median(found[False]) / statistics.median(found[True])
    yield above("median loss without over median loss with", 1.5, ratio)


@long
def evolution_finds_a_way_to_forget() -> Iterator[Finding]:
    """Continual Reber, 12 generations of 12 layouts: whether the best one can let go of what its cell holds."""
    for seed in SEEDS:
        run = rc.train(rc.Experiment.of("gate_layout", "reber", "topologies", seed=seed, hidden_size=6, population=12,
                                        batch_size=8, updates=12, short_training=20, learning_rate=0.02, **REBER),
                       quiet=True)
        losses = run.history["loss"].dropna()
        yield equal(f"seed {seed}: rises of the best loss", 0, int((losses.diff() > 0).sum()))
        choices = run.network.cells[0].choices
        yield equal(f"seed {seed}: the best layout has a keep gate, its own or tied", True,
                    bool(choices[1] > 0.5) or bool(choices[2] > 0.5))
        yield below(f"seed {seed}: its loss over that of the best layout of the first generation", 0.5,
                    float(losses.iloc[-1] / losses.iloc[0]))
