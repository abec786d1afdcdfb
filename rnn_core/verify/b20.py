"""B20, activations, embeddings and decoding: the small parts."""
from __future__ import annotations

import math
from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, below, equal, near, quick, same

SPEC = rc.Experiment.of("lstm", "next_character", hidden_size=6, length=12)


@quick
def slopes() -> Iterator[Finding]:
    """tanh' is at most 1 and σ' at most ¼, both at 0; every slope beside central differences of the functions."""
    found = rc.activations(SPEC, reach=6.0, points=241)
    most = dict(zip(found.names, zip(found.steepest.tolist(), found.where.tolist())))
    for name, bound in (("tanh", 1.0), ("logistic σ", 0.25), ("relu", 1.0), ("linear", 1.0)):
        yield near(f"largest slope of {name}", bound, most[name][0], 1e-12)
    for name in ("tanh", "logistic σ"):
        yield near(f"{name}: where the slope is largest", 0.0, most[name][1], 1e-12)
    written = {"tanh": lambda a: 2 / (1 + (-2 * a).exp()) - 1, "logistic σ": lambda a: 1 / (1 + (-a).exp()),
               "relu": lambda a: (a + a.abs()) / 2, "linear": lambda a: a}
    away = found.at.abs() > 1e-3
    for k, name in enumerate(found.names):
        yield same(f"{name}, written out here", found.values[k], written[name](found.at), 1e-12)
        rough = (written[name](found.at + 1e-5) - written[name](found.at - 1e-5)) / 2e-5
        yield same(f"slope of {name}, by differences", found.slopes[k][away], rough[away], 1e-8)
    tanh, logistic = found.values[0], found.values[1]
    yield same("tanh' = 1 − tanh²", found.slopes[0], 1 - tanh * tanh, 1e-12)
    yield same("σ' = σ (1 − σ)", found.slopes[1], logistic * (1 - logistic), 1e-12)


@quick
def cells_bend_with_them() -> Iterator[Finding]:
    """One step of Elman's network with each function is that function of the sum."""
    x = torch.randn(4, 3, dtype=torch.float64)
    for name, bend in (("tanh", torch.tanh), ("sigmoid", torch.sigmoid), ("relu", torch.relu), ("linear", lambda a: a)):
        cell = rc.make_cell("elman", 3, hidden_size=5, activation=name).double()
        out, _, _ = cell.step(x, cell.initial_state(4))
        yield same(f"Elman's step with {name}", out, bend(x @ cell.W.T + cell.b), 1e-12)


@quick
def softmax() -> Iterator[Finding]:
    """Probabilities are positive and add up to 1; T → ∞ makes them equal, T → 0 leaves the largest alone."""
    scores = (3.0, 1.0, 0.0, -2.0)
    for T in (0.1, 1.0, 5.0):
        p = rc.temperature(SPEC, scores=scores, temperature=T).tempered
        by_hand = torch.tensor([math.exp(y / T) for y in scores], dtype=torch.float64)
        yield same(f"e^(y/T) / Σ at T = {T:g}", p, by_hand / by_hand.sum(), 1e-12)
        yield near(f"sum at T = {T:g}", 1.0, float(p.sum()), 1e-12)
    hot, cold = (rc.temperature(SPEC, scores=scores, temperature=T) for T in (1e9, 1e-3))
    yield same("T = 10⁹: all equal", hot.tempered, torch.full((4,), 0.25, dtype=torch.float64), 1e-8)
    yield near("T = 10⁹: bits", 2.0, hot.bits[1], 1e-8)
    yield near("T = 10⁻³: the largest alone", 1.0, float(cold.tempered[0]), 1e-12)
    large = rc.temperature(SPEC, scores=(1000.0, 999.0)).tempered
    yield near("scores of 1000 and 999 do not overflow", 1 / (1 + math.exp(-1.0)), float(large[0]), 1e-12)


@quick
def an_embedding_is_a_product() -> Iterator[Finding]:
    """One-hot times matrix is a row of the matrix, beside torch.nn.functional.embedding; other inputs blend rows."""
    run = rc.Run(SPEC)
    run.network.double()
    for step in (0, 5):
        found = rc.embedding(run, step=step)
        k = int(run.held_out.x[0, step].argmax())
        looked_up = torch.nn.functional.embedding(torch.tensor(k), found.table)
        yield equal(f"step {step}: the row that is looked up", k, found.row)
        yield same(f"step {step}: product, beside torch's embedding", found.product, looked_up, 1e-12)
        yield same(f"step {step}: product, as a product", found.product, found.x @ found.table, 1e-12)
    cell = rc.make_cell("elman", 7, hidden_size=4).double()
    rows = cell.project(torch.eye(7, dtype=torch.float64)) - cell.b
    yield same("Elman's input weights are a table, one row a symbol", rows, cell.W.T, 1e-12)
    blend = rc.embedding(rc.Experiment.of("gru", "adding", hidden_size=4))
    yield same("two numbers: the product is a blend of two rows", blend.product, blend.x @ blend.table, 1e-6)


@quick
def decoding() -> Iterator[Finding]:
    """The nearest rows by scikit-learn are those of a search written out here, in order; a row is nearest to itself."""
    run = rc.Run(SPEC)
    found = rc.nearest_words(run, k=4, rows=8)
    batch = run.held_out.rows(slice(0, 8))
    h = run.network.trace(batch.x).main.outputs.detach()[found.places[:, 0], found.places[:, 1]].double()
    V = run.network.readout.V.detach().double()
    away = 1 - (h @ V.T) / (h.norm(dim=1, keepdim=True) * V.norm(dim=1))
    distance, _ = away.sort(dim=1, stable=True)
    yield same(f"distances of {len(h)} vectors to their 4 nearest of {len(V)} rows", found.distance, distance[:, :4],
               1e-9)
    chosen = away.gather(1, found.nearest)
    yield same("the rows that were named have these distances", chosen, distance[:, :4], 1e-9)
    itself = rc.nearest_words(run, table=h[:20].float(), k=1, rows=8)
    yield below("distance of a vector to the table that holds it", 1e-6, float(itself.distance[:20].max()))
    said = run.network(batch.x).detach()[found.places[:, 0], found.places[:, 1]].argmax(1)
    yield equal("what the network itself says", "yes", "yes" if bool((said == found.said).all()) else "no")
