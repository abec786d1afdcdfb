"""C27, associative recall: energy networks and learnt ones on the same damaged pictures, against doing nothing."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, long, near, quick

SEEDS, COUNT, UPDATES = (0, 1, 2), 300, 400
NOISES = (1 / 16, 1 / 8, 1 / 4)


@quick
def damage_by_hand() -> Iterator[Finding]:
    """As many cells are turned round as told, of a picture that is stored; repeating what was read keeps 1 − 2k/64."""
    for patterns in ("letters", "digits", "letters and digits", "random"):
        task = _task(patterns=patterns, stored=6)
        batch = task.held_out(COUNT, torch.Generator().manual_seed(0))
        due, read = batch.target[:, -1], batch.x.flatten(1)
        known = {tuple(row) for row in task.due.tolist()}
        yield equal(f"{patterns}: pictures due that are stored", COUNT,
                    sum(tuple(row) in known for row in due.tolist()))
        yield equal(f"{patterns}: pictures with 8 of 64 cells turned round", COUNT,
                    int(((due != read).sum(1) == 8).sum()))
        yield near(f"{patterns}: overlap of repeating what was read", 1 - 2 * 8 / 64, _overlap(task, batch, read),
                   1e-12)
        yield near(f"{patterns}: the baseline", 1 - 2 * 8 / 64, task.baseline().value, 1e-12)


@quick
def few_random_patterns_come_back() -> Iterator[Finding]:
    """Three random patterns in 64 units: both rules bring them back, far above doing nothing."""
    for seed in SEEDS:
        for storage in ("outer_product", "pseudo_inverse"):
            found = [_recalled("random", 3, noise, storage, seed) for noise in NOISES]
            for noise, (overlap, by_hand, nothing) in zip(NOISES, found, strict=True):
                name = f"seed {seed}, {storage.replace('_', ' ')}, noise {noise:g}"
                yield above(f"{name}: overlap, where doing nothing keeps {nothing:.3f}",
                            0.97 if noise <= 1 / 8 else 0.9, overlap)
                yield near(f"{name}: the same overlap, counted here", by_hand, overlap, 1e-6)


@quick
def letters_are_too_much_alike_for_a_sum() -> Iterator[Finding]:
    """Five letters: the projection mends them; summed outer products may leave them worse than they were."""
    for seed in SEEDS:
        for noise in NOISES:
            mended, _, nothing = _recalled("letters", 5, noise, "pseudo_inverse", seed)
            summed, _, _ = _recalled("letters", 5, noise, "outer_product", seed)
            yield above(f"seed {seed}, noise {noise:g}: projection, where doing nothing keeps {nothing:.3f}", 0.95,
                        mended)
            yield above(f"seed {seed}, noise {noise:g}: by how much it leads the sum", 0.1, mended - summed)
        summed, _, nothing = _recalled("letters", 5, 1 / 16, "outer_product", seed)
        yield below(f"seed {seed}: the sum at noise 1/16 is worse than doing nothing, by", 0.0, summed - nothing)


@long
def learnt_beside_stored() -> Iterator[Finding]:
    """LSTM and tanh net with 32 units that learnt five letters, on the very pictures the energy network gets."""
    for seed in SEEDS:
        stored, _, nothing = _recalled("letters", 5, 1 / 8, "pseudo_inverse", seed)
        for architecture in ("lstm", "elman"):
            run = rc.train(rc.Experiment.of(architecture, "associative_recall", hidden_size=32, learning_rate=0.01,
                                            updates=UPDATES, seed=seed), quiet=True)
            for noise, least in ((1 / 8, 0.97), (1 / 4, 0.85)):
                task = _task(noise=noise)
                batch = task.sample(COUNT, torch.Generator().manual_seed(seed))
                yield above(f"seed {seed}, {architecture}: overlap at noise {noise:g}, trained at 0.125; doing nothing "
                            f"keeps {1 - 2 * noise:g}", least, task.metric(run.network(batch.x).detach(), batch))
        yield above(f"seed {seed}: the projection on the same pictures at 0.125, doing nothing keeps {nothing:.3f}",
                    0.97, stored)


def _recalled(patterns: str, stored: int, noise: float, storage: str, seed: int) -> tuple[float, float, float]:
    """Overlap after recall by the task's metric, the same counted here, and that of doing nothing."""
    task = _task(patterns=patterns, stored=stored, noise=noise, lot=seed)
    batch = task.sample(COUNT, torch.Generator().manual_seed(seed))
    cell = rc.make_cell("hopfield", 1, hidden_size=64, storage=storage)
    cell.store(task.due)
    start = batch.x.flatten(1)
    rest, _ = rc.relax(cell, type(cell.initial_state(1))(start), torch.Generator().manual_seed(seed))
    right = (rest.s == batch.target[:, -1]).double().mean()
    return _overlap(task, batch, rest.s), float(2 * right - 1), _overlap(task, batch, start)


def _overlap(task: Any, batch: rc.Batch, picture: Tensor) -> float:
    """The task's metric for pictures (b, 64) given at the last row."""
    return task.metric(picture.unsqueeze(1).expand_as(batch.target), batch)


def _task(**settings: Any) -> Any:
    return rc.Experiment.of("lstm", "associative_recall", **settings).make_task()
