"""Copy memory: letters, nothing, a cue, the same letters; and the loss of knowing when but not what."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from rnn_core.tasks.copy_memory import CopyMemory, CopyMemorySettings


def test_what_is_shown_is_what_must_be_written(generator):
    task = CopyMemory(CopyMemorySettings(lag=4, letters=3, symbols=5))
    batch = task.sample(50, generator)
    heard = batch.x.argmax(-1)
    assert batch.x.shape == (50, 4 + 2 * 3, 7) and (batch.x.sum(-1) == 1).all()
    assert torch.equal(heard[:, :3], batch.target[:, -3:]) and heard[:, :3].max() == 4
    assert (heard[:, 3:6] == 5).all() and (heard[:, 6] == 6).all() and (heard[:, 7:] == 5).all()
    assert (batch.target[:, :-3] == 5).all()


def test_the_published_baseline():
    """Arjovsky et al.: ten letters out of eight cost 10 ln 8 / (T + 20), .1733 at T = 100."""
    found = CopyMemory(CopyMemorySettings(lag=100)).baseline()
    assert found.loss == pytest.approx(10 * math.log(8) / 120) and round(found.loss, 4) == 0.1733
    assert found.value == 1 / 8


def test_the_floor_by_brute_force():
    """Every sequence there is: no distribution at a step costs less than its entropy, no letter is right more often."""
    task = CopyMemory(CopyMemorySettings(lag=2, letters=2, symbols=3))
    batch = task.show(torch.tensor(list(itertools.product(range(3), repeat=2))))
    counts = [batch.target[:, t].bincount(minlength=4) / 9 for t in range(6)]
    floor = -sum(p * math.log(p) for share in counts for p in share.tolist() if p) / 6
    assert task.baseline().loss == pytest.approx(floor, abs=1e-6)
    assert task.baseline().value == pytest.approx(max(counts[-1].tolist()))


def test_a_story_is_one_word(generator):
    task = CopyMemory(CopyMemorySettings(lag=2, letters=3, symbols=4))
    batch = task.show(torch.tensor([[0, 3, 1]]))
    told = task.story(batch, 0)
    assert told.inputs == ["A", "D", "B", "·", "?", "·", "·", "·"] and told.expected == "ADB"
    assert told.marks == [0, 1, 2, 4, 5, 6, 7] and told.targets == [*"·····", *"ADB"]


def test_only_the_lag_grows():
    assert [s.lag for s in CopyMemory().further().values()] == [60, 300]
