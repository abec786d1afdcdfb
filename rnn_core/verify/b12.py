"""B12, Hebb's rule: one pattern is fixed, the order does not matter, and a readout adds up what meets at its ends."""
from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, in_double, quick, same

N, SEEDS = 40, (0, 1, 2)


@quick
def a_single_pattern_is_fixed() -> Iterator[Finding]:
    """Under every rule one stored pattern and its negative stay as they are, unit by unit and all at once."""
    for rule in ("hebb", "storkey", "projection"):
        moved = 0
        for seed in SEEDS:
            cell, xi = _cell(), _patterns(1, seed)
            rc.imprint(cell, xi, rule)
            for start in (xi, -xi):
                state = type(cell.initial_state(1))(start)
                order = cell.draw(1, N, torch.Generator().manual_seed(seed))
                after = [rc.unroll(cell, order, state).final.s, rc.unroll(cell, steps=1, state=state).final.s]
                moved += sum(int((s != start).sum()) for s in after)
        yield equal(f"{rule}: units that move", 0, moved)
    cell = rc.make_cell("bam", 12, hidden_size=N).double()
    z, y = _patterns(1, 0)[:, :12], _patterns(1, 1)
    rc.imprint(cell, (z, y))
    final = rc.unroll(cell, steps=1, state=type(cell.initial_state(1))(y, z)).final
    yield equal("a single pair: units that move", 0, int((final.y != y).sum() + (final.z != z).sum()))


@quick
def one_by_one_is_all_at_once() -> Iterator[Finding]:
    """Patterns taught one after another give the weights that a closed form gives for all, whatever the order."""
    for seed in SEEDS:
        X = _patterns(7, seed)
        turned = X[torch.randperm(7, generator=torch.Generator().manual_seed(seed))]
        by_hand = {"hebb": X.T @ X / N, "projection": torch.linalg.pinv(X) @ X}
        for rule, W in by_hand.items():
            W = W.clone().fill_diagonal_(0)
            for patterns, order in ((X, "in order"), (turned, "in another order")):
                cell = _cell()
                rc.imprint(cell, patterns, rule)
                yield same(f"seed {seed}, {rule}, {order}: W", cell.W, W, 1e-12)
        cell, z = rc.make_cell("bam", N, hidden_size=9).double(), _patterns(7, seed + 50)[:, :9]
        rc.imprint(cell, (X, z))
        yield same(f"seed {seed}, pairs: W", cell.W, z.T @ X, 1e-12)


@quick
def storkeys_rule_by_hand() -> Iterator[Finding]:
    """Storkey's increments weight by weight, in loops; and it stores more than Hebb's before a first unit is wrong."""
    X = _patterns(4, 0)[:, :8]
    cell = rc.make_cell("hopfield", 1, hidden_size=8).double()
    rc.imprint(cell, X, "storkey")
    W, n = torch.zeros(8, 8).double(), 8
    for xi in X:
        old = W.clone()
        for i in range(n):
            for j in range(n):
                a = [sum(float(old[u, k] * xi[k]) for k in range(n) if k not in (u, v)) for u, v in ((i, j), (j, i))]
                W[i, j] = old[i, j] + (xi[i] * xi[j] - xi[i] * a[1] - a[0] * xi[j]) / n
        W.fill_diagonal_(0)
    yield same("W", cell.W, W, 1e-12)
    held = {rule: [_held(rule, seed) for seed in SEEDS] for rule in ("hebb", "storkey", "projection")}
    for seed, (few, more, most) in zip(SEEDS, zip(*held.values(), strict=True), strict=True):
        yield above(f"seed {seed}: patterns that Storkey's rule holds, over Hebb's", 1.2, more / few)
        yield above(f"seed {seed}: patterns that the projection holds, over Storkey's", 1.0, most / more)


@quick
def a_readout_adds_up() -> Iterator[Finding]:
    """The learner's V beside the sums over every step that it saw, written out; one step at a time, in any order."""
    for centred in (False, True):
        with in_double():
            run = rc.Run(rc.Experiment.of("echo_state", "narma", "hebb", hidden_size=20, batch_size=2, length=30,
                                          updates=3, centred=centred))
            stream = torch.Generator()
            stream.set_state(run.streams.data.get_state())
            seen = [run.task.sample(2, stream) for _ in range(3)]
            list(run.training())
        cell = run.network.cells[0]
        x = torch.cat([b.x for b in seen]).double()
        read = torch.cat([x, rc.unroll(cell, x).states.h.detach()], 2).flatten(0, 1)
        due = torch.cat([b.target for b in seen]).double().flatten(0, 1)
        r, d = (read.mean(0), due.mean(0)) if centred else (0 * read[0], 0 * due[0])
        V, size = torch.zeros_like(cell.V), 0.0
        for one, wanted in zip(read.flip(0), due.flip(0), strict=True):
            V += torch.outer(wanted - d, one - r)
            size += float((one - r).square().sum())
        yield same(f"centred {centred}: V", cell.V.detach(), V / size, 1e-10)
        yield same(f"centred {centred}: offset", cell.d.detach(), d - (V / size) @ r, 1e-10)


@quick
def a_reservoir_recalls_by_hebb() -> Iterator[Finding]:
    """Five random pictures, damaged, read row by row into a reservoir: overlap, beside fresh readouts and ridge's."""
    found: dict[str, list[float]] = {"fresh": [], "hebb": [], "ridge": []}
    for seed in SEEDS:
        spec = rc.Experiment.of("echo_state", "associative_recall", "hebb", patterns="random", hidden_size=300,
                                seed=seed, input_scaling=0.3)
        found["fresh"].append(rc.Run(spec).measure()[1])
        found["hebb"].append(rc.train(spec, quiet=True).measure()[1])
        found["ridge"].append(rc.train(spec.with_(learner="ridge", batch_size=256, updates=1), quiet=True).measure()[1])
    yield above("Hebb's rule: smallest overlap of three seeds", 0.5, min(found["hebb"]))
    yield below("a fresh readout: largest overlap", 0.2, max(found["fresh"]))
    yield above("ridge on the same reservoirs, over Hebb's rule", 1.2, min(found["ridge"]) / max(found["hebb"]))


@quick
def refuses_in_one_sentence() -> Iterator[Finding]:
    """What is no pattern, no pair, no rule, and no network for it."""
    hopfield, bam = _cell(), rc.make_cell("bam", 3, hidden_size=2)
    wrong = [lambda: rc.imprint(hopfield, torch.zeros(2, N)), lambda: rc.imprint(hopfield, _patterns(1, 0)[:, :5]),
             lambda: rc.imprint(hopfield, _patterns(1, 0), "luck"), lambda: rc.imprint(bam, torch.ones(1, 3)),
             lambda: rc.imprint(bam, (torch.ones(2, 3), torch.ones(1, 2))),
             lambda: rc.imprint(bam, (torch.ones(1, 3), torch.ones(1, 2)), "storkey"),
             lambda: rc.imprint(rc.make_cell("lstm", 2), torch.ones(1, 3)),
             lambda: rc.Experiment.of("lstm", "adding", "hebb")]
    for k, call in enumerate(wrong, 1):
        try:
            call()
            said = ""
        except ValueError as error:
            said = str(error)
        yield equal(f"mistake {k}: one sentence", True, said.endswith(".") and said.count(". ") == 0 and len(said) > 9)


def _cell() -> rc.Cell:
    return rc.make_cell("hopfield", 1, hidden_size=N).double()


def _patterns(count: int, seed: int) -> Tensor:
    return torch.randint(0, 2, (count, N), generator=torch.Generator().manual_seed(seed)).double() * 2 - 1


def _held(rule: str, seed: int) -> int:
    """How many random patterns of 100 units are all fixed, before one unit of one of them is not."""
    X = torch.randint(0, 2, (60, 100), generator=torch.Generator().manual_seed(seed)).double() * 2 - 1
    for count in range(1, len(X) + 1):
        cell = rc.make_cell("hopfield", 1, hidden_size=100).double()
        rc.imprint(cell, X[:count], rule)
        after = rc.unroll(cell, steps=1, state=type(cell.initial_state(1))(X[:count])).final.s
        if not torch.equal(after, X[:count]):
            return count - 1
    return len(X)
