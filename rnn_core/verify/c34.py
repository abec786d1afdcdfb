"""C34, a picture as a sequence: handwritten digits, split by what they show, are read row by row."""
from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterator

import torch
from torch import Tensor, nn

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, near, quick

SEEDS, UPDATES = (0, 1, 2), 600
PUBLISHED = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]   # how often each digit occurs, as its authors say


@quick
def the_pictures() -> Iterator[Finding]:
    """The collection is the one that was published, and no picture is both learnt from and held out."""
    task = rc.Experiment.of("elman", "digits").make_task()
    x, digits = _collection()
    held = _held(x)
    yield equal("how often each digit occurs", str(PUBLISHED), str(digits.bincount().tolist()))
    yield equal("different pictures", sum(PUBLISHED), len({tuple(p) for p in x.flatten(1).tolist()}))
    stream = torch.Generator().manual_seed(0)
    learnt, kept = ({tuple(p) for p in batch.x.flatten(1).tolist()}
                    for batch in (task.sample(12_000, stream), task.held_out(6_000, stream)))
    yield equal("pictures that are both drawn to learn from and held out", 0, len(learnt & kept))
    yield equal("held-out pictures: those whose SHA-256 is divisible by four", int(held.sum()), len(kept))
    common = digits[~held].bincount().argmax()
    yield near("guessing", float((digits[held] == common).double().mean()), task.baseline().value, 1e-12)


@quick
def what_a_linear_reader_knows() -> Iterator[Finding]:
    """Least squares on the whole picture, and on its last row alone, which is all that a net without memory has."""
    x, digits = _collection()
    held, goal = _held(x), nn.functional.one_hot(digits).double()
    scores = []
    for part in (x.flatten(1), x[:, -1]):
        A = torch.cat([part.double(), torch.ones(len(part), 1)], 1)
        weights = torch.linalg.solve(A[~held].T @ A[~held] + torch.eye(A.shape[1]), A[~held].T @ goal[~held])
        scores.append(float(((A @ weights).argmax(1) == digits)[held].double().mean()))
    yield above("from the whole picture: held-out accuracy", 0.9, scores[0])
    yield below("from the last row: held-out accuracy", 0.5, scores[1])


@long
def read_by_row() -> Iterator[Finding]:
    """A GRU reads the rows and names the digit; a feedforward net has the last row alone; all held-out pictures."""
    x, digits = _collection()
    held = _held(x)
    scores: dict[str, list[float]] = {}
    for architecture, units in (("gru", 48), ("feed_forward", 430)):
        for seed in SEEDS:
            spec = rc.Experiment.of(architecture, "digits", hidden_size=units, learning_rate=0.01, updates=UPDATES,
                                    seed=seed)
            network = rc.train(spec, quiet=True).network
            said = network(x[held])[:, -1].argmax(-1)
            scores.setdefault(f"{architecture}, {network.parameter_count} weights, {UPDATES} updates", []).append(
                float((said == digits[held]).double().mean()))
    (gru, read), (plain, guessed) = scores.items()
    yield above(f"{gru}: accuracy, best of three seeds", 0.97, max(read))
    yield above(f"{gru}: accuracy, median of three seeds", 0.95, statistics.median(read))
    yield below(f"{plain}: accuracy, best of three seeds", 0.6, max(guessed))


def _collection() -> tuple[Tensor, Tensor]:
    """All pictures (p, 8, 8), and what they show (p,)."""
    batch = rc.Experiment.of("elman", "digits").make_task().show(torch.arange(sum(PUBLISHED)))
    return batch.x, batch.target[:, -1]


def _held(x: Tensor) -> Tensor:
    """(p,) true where the SHA-256 of the 64 pixels, a byte each, is divisible by four: where its last byte is."""
    pixels = (x * 16).to(torch.uint8).flatten(1).tolist()
    return torch.tensor([hashlib.sha256(bytes(p)).digest()[-1] % 4 == 0 for p in pixels])
