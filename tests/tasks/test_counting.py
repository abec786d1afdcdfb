"""Counting: the legal sets by hand, larger numbers held out, and a string is right only if all its prefixes are."""

from __future__ import annotations

import torch

from rnn_core.tasks.counting import Counting, CountingSettings


def test_two_letters_by_hand():
    task = Counting()
    told = task.story(task.show(torch.tensor([1, 3])), 1)
    assert told.inputs == list("Saaabbb") and told.targets == ["a", "ab", "ab", "ab", "b", "b", "T"]
    assert told.expected == "a ab×3 b×2 T"
    assert task.story(task.show(torch.tensor([1, 3])), 0).targets == ["a", "ab", "T"]


def test_three_letters_by_hand():
    task = Counting(CountingSettings(letters="abc"))
    told = task.story(task.show(torch.tensor([2])), 0)
    assert told.inputs == list("Saabbcc") and told.targets == ["a", "ab", "ab", "b", "c", "c", "T"]


def test_larger_numbers_are_held_out(generator):
    task = Counting(CountingSettings(largest=6))
    assert set(task.sample(300, generator).mask.sum(1).tolist()) == {2 * n + 1 for n in range(1, 7)}
    assert set(task.held_out(300, generator).mask.sum(1).tolist()) == {2 * n + 1 for n in range(7, 13)}


def test_one_wrong_prefix_spoils_its_string():
    task = Counting()
    batch = task.show(torch.tensor([2, 4]))
    y = batch.target.clone()
    y[1, 3, 1] = 0.4
    assert task.metric(y, batch) == 0.5 and task.story(batch, 0, y).right and not task.story(batch, 1, y).right
    y[0, -1] = 9
    assert task.metric(y, batch) == 0.5
