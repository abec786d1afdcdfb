"""C35, binary addition: the bits are those of Python's sums, and the rule that is learnt holds for longer numbers."""
from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, equal, long, near, quick

SEEDS, BITS, UPDATES = (0, 1, 2), 8, 400


@quick
def the_sums() -> Iterator[Finding]:
    """Read as whole numbers, the two inputs add up to the target, in every sequence."""
    for length, count in ((4, 500), (60, 100)):
        task = rc.Experiment.of("elman", "binary_addition", length=length).make_task()
        batch = task.sample(count, torch.Generator().manual_seed(0))
        pairs = [(_number(a), _number(b)) for a, b in zip(batch.x[..., 0], batch.x[..., 1])]
        wrong = sum(a + b != _number(total) for (a, b), total in zip(pairs, batch.target))
        yield equal(f"{length} bits: sums that Python does otherwise, of {count}", 0, wrong)
        yield equal(f"{length} bits: numbers that are too long", 0, sum(max(pair) >= 2**length for pair in pairs))


@quick
def what_no_memory_reaches() -> Iterator[Finding]:
    """The baseline, by all 256 pairs of numbers with four bits and every rule that hears the present bits alone."""
    task = rc.Experiment.of("elman", "binary_addition", length=4).make_task()
    seen: dict[tuple[int, int], list[int]] = {pair: [0, 0] for pair in itertools.product((0, 1), repeat=2)}
    for a, b in itertools.product(range(16), repeat=2):
        for k in range(5):
            seen[a >> k & 1, b >> k & 1][a + b >> k & 1] += 1
    yield near("share of right bits by the best such rule", sum(map(max, seen.values())) / (256 * 5),
               task.baseline().value, 1e-12)


@quick
def a_carry_by_hand() -> Iterator[Finding]:
    """A recurrent net wired by hand adds exactly: c' = [a + b + c ≥ 2], and units for ≥ 1, ≥ 2 and ≥ 3 give the bit."""
    cell = rc.make_cell("elman", 2, hidden_size=3, activation="sigmoid")
    with torch.no_grad():
        cell.W.fill_(40.0)
        cell.R.copy_(torch.tensor([[0.0, 40.0, 0.0]] * 3))
        cell.b.copy_(torch.tensor([-20.0, -60.0, -100.0]))
    task = rc.Experiment.of("elman", "binary_addition", length=200).make_task()
    batch = task.sample(200, torch.Generator().manual_seed(1))
    h = rc.unroll(cell, batch.x).outputs
    said = h[..., 0] - h[..., 1] + h[..., 2]
    yield equal("wrong bits in 200 sums of numbers with 200 bits", 0, int((said.round().long() != batch.target).sum()))


@long
def adds_longer_numbers() -> Iterator[Finding]:
    """Learnt on eight bits, tried on eight, four times and ten times as many; a net without memory as the yardstick."""
    scores: dict[tuple[str, int], list[float]] = {}
    for architecture, units in (("elman", 8), ("feed_forward", 20)):
        for seed in SEEDS:
            spec = rc.Experiment.of(architecture, "binary_addition", length=BITS, hidden_size=units,
                                    learning_rate=0.02, updates=UPDATES, seed=seed)
            network = rc.train(spec, quiet=True).network
            for times in (1, 4, 10):
                batch = spec.with_(length=times * BITS).make_task().sample(500, torch.Generator().manual_seed(seed))
                right = network(batch.x).argmax(-1) == batch.target
                scores.setdefault((architecture, times), []).append(float(right.double().mean()))
    for times in (1, 4, 10):
        name = f"{times * BITS} bits after {UPDATES} updates on {BITS}"
        yield equal(f"tanh net, {name}: bit accuracy, best of three seeds", 1.0, max(scores["elman", times]))
        yield above(f"tanh net, {name}: bit accuracy, median", 0.999, statistics.median(scores["elman", times]))
        floor = rc.Experiment.of("elman", "binary_addition", length=times * BITS).make_task().baseline().value
        yield near(f"feedforward net, {name}: bit accuracy, best of three seeds", floor,
                   max(scores["feed_forward", times]), 0.02)


def _number(bits: Tensor) -> int:
    """Bits, the lowest first, as a whole number."""
    return int("".join(str(int(b)) for b in reversed(bits.tolist())), 2)
