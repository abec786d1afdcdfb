"""Letters in words: the stream is made of the three words, and the enumerated errors are those of the stream."""

from __future__ import annotations

import re

import pytest
import torch

from rnn_core.tasks.letters import FEATURES, LETTERS, Letters, LettersSettings, nearest


def test_the_stream_is_made_of_words(generator):
    batch = Letters(LettersSettings(length=40)).sample(60, generator)
    assert torch.equal(batch.x[:, 1:], batch.target[:, :-1])
    for row in range(60):
        text = nearest(batch.x[row]) + nearest(batch.target[row, -1:])
        assert re.fullmatch(r"(ba|dii|guuu)*(b|d|di|g|gu|guu)?", text) and len(text) == 41


def test_words_by_hand():
    batch = Letters(LettersSettings(length=7)).show(torch.tensor([[2, 0, 1, 0], [0, 1, 1, 0]]))
    assert [nearest(batch.x[k]) for k in (0, 1)] == ["guuubad", "badiidi"]
    assert [nearest(batch.target[k]) for k in (0, 1)] == ["uuubadi", "adiidii"]


def test_every_letter_has_features_of_its_own():
    assert len({tuple(v) for v in FEATURES.tolist()}) == len(LETTERS)
    assert nearest(FEATURES) == LETTERS


def test_places_are_probabilities_and_match_the_stream(generator):
    task = Letters(LettersSettings(length=11))
    table = task.places()
    assert table.sum((1, 2)).tolist() == pytest.approx([1.0] * 11)
    batch = task.sample(20_000, generator)
    seen = batch.target[:, :, 0].mean(0)
    assert seen.tolist() == pytest.approx(table[:, :, 0].sum(1).tolist(), abs=0.015)


def test_the_errors_are_those_of_the_stream(generator):
    task = Letters(LettersSettings(length=12))
    chance, known = task.errors()
    assert float(chance.mean()) == task.baseline().value
    batch = task.sample(20_000, generator)
    constant = batch.target.mean((0, 1))
    assert (batch.target - constant).pow(2).mean((0, 2)).tolist() == pytest.approx(chance.tolist(), abs=0.005)
    clever = torch.where(batch.target[..., :1] == 1, FEATURES[:3].mean(0), batch.target)
    assert (batch.target - clever).pow(2).mean((0, 2)).tolist() == pytest.approx(known.tolist(), abs=0.002)


def test_a_story_asks_for_the_vowels():
    task = Letters(LettersSettings(length=5))
    batch = task.show(torch.tensor([[1, 0, 2]]))
    told = task.story(batch, 0, batch.target)
    assert told.inputs == list("diiba") and told.targets == list("iibag") and told.expected == "i i a" and told.right
    assert not task.story(batch, 0, torch.zeros_like(batch.target)).right
