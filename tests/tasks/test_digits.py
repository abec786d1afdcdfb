"""Digits row by row: scikit-learn's own pictures, read without it, and split by what they show."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from sklearn.datasets import load_digits

from rnn_core.tasks.digits import CLASSES, Digits, DigitsSettings, read


def test_they_are_the_pictures_of_scikit_learn():
    bundle, ours = load_digits(), read()
    assert torch.equal(ours.pixels * 16, torch.from_numpy(bundle.images).float())
    assert ours.digits.tolist() == bundle.target.tolist()


def test_scikit_learn_is_not_loaded(project):
    code = ("import sys; from rnn_core.tasks.digits import Digits; Digits(); "
            "sys.exit(any(name == 'sklearn' or name.startswith('sklearn.') for name in sys.modules))")
    assert subprocess.run([sys.executable, "-c", code], cwd=project).returncode == 0


def test_no_picture_is_on_both_sides():
    seen = {side: {tuple(p) for p in read().pixels[read().held == side].flatten(1).tolist()} for side in (True, False)}
    assert not seen[True] & seen[False]
    assert float(read().held.float().mean()) == pytest.approx(0.25, abs=0.04)
    assert all(len(read().digits[read().held == side].unique()) == CLASSES for side in (True, False))


def test_batches_come_from_their_own_side(generator):
    task = Digits()
    for batch, side in ((task.sample(60, generator), False), (task.held_out(60, generator), True)):
        kept = {tuple(p) for p in read().pixels[read().held == side].flatten(1).tolist()}
        assert all(tuple(p) in kept for p in batch.x.flatten(1).tolist())
        assert batch.counted.nonzero()[:, 1].tolist() == [7] * 60


def test_upside_down():
    place = torch.tensor([5, 7])
    plain, turned = (Digits(DigitsSettings(upside_down=v)).show(place) for v in (False, True))
    assert torch.equal(turned.x, plain.x.flip(1)) and torch.equal(turned.target, plain.target)


def test_the_story_shows_the_picture():
    told = Digits().story(Digits().show(torch.tensor([0])), 0)
    assert told.inputs[0] == "  ░█▒   " and len(told.inputs) == 8 and told.expected == "0"
