"""Latching: only the first numbers carry the bit, and the best reader is as good as it says."""

from __future__ import annotations

import pytest
import torch

from rnn_core.tasks.latching import Latching, LatchingSettings


def test_only_the_first_numbers_tell(generator):
    task = Latching(LatchingSettings(length=12, telling=2, spread=0.5))
    batch = task.sample(20_000, generator)
    sign = 2 * batch.target[:, -1:] - 1
    mean = (batch.x[..., 0] * sign).mean(0)
    assert mean[:2].tolist() == pytest.approx([1, 1], abs=0.02) and mean[2:].abs().max() < 0.02
    assert batch.x[..., 0].sub(sign * (torch.arange(12) < 2)).std() == pytest.approx(0.5, rel=0.01)
    assert batch.scored.nonzero()[:, 1].unique().tolist() == [11]


@pytest.mark.parametrize(("telling", "spread"), [(1, 1.0), (3, 2.0), (4, 1.0)])
def test_nobody_reads_better_than_the_sum(generator, telling, spread):
    """The likelihood ratio is a growing function of the sum of the first numbers; measured on 50,000 sequences."""
    task = Latching(LatchingSettings(length=10, telling=telling, spread=spread))
    batch = task.sample(50_000, generator)
    said = batch.x[:, :telling, 0].sum(1) > 0
    right = float((said == batch.target[:, -1].bool()).float().mean())
    assert right == pytest.approx(task.ceiling(), abs=0.008)
    assert f"{task.ceiling():.2%}" in task.baseline().sentence


def test_both_bits_are_equally_common(generator):
    task = Latching()
    assert float(task.sample(20_000, generator).target.float().mean()) == pytest.approx(0.5, abs=0.01)
    assert task.baseline().value == 0.5
