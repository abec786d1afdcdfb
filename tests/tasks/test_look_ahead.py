"""Look ahead: the label is the symbol k steps later, and nothing of the past tells it."""

from __future__ import annotations

import pytest
import torch

from rnn_core.tasks.look_ahead import LookAhead, LookAheadSettings


@pytest.mark.parametrize("ragged", [False, True])
def test_the_label_is_the_symbol_k_steps_later(generator, ragged):
    task = LookAhead(LookAheadSettings(length=9, ahead=3, symbols=4, ragged=ragged))
    batch = task.sample(50, generator)
    assert batch.x.shape == (50, 12, 4)
    lengths = batch.counted.sum(1).tolist()
    assert min(lengths) >= 4 and max(lengths) == 9 and (len(set(lengths)) > 1) == ragged
    for row, length in enumerate(lengths):
        shown = batch.x[row].argmax(-1)
        assert batch.target[row, :length].tolist() == shown[3:length + 3].tolist()
        assert batch.x[row].sum(-1).tolist() == [1.0] * (length + 3) + [0.0] * (9 - length)


def test_the_past_tells_nothing(generator):
    """Of 4,000 sequences, each of the eight pasts of three bits is followed by either label about equally often."""
    task = LookAhead(LookAheadSettings(length=3, ahead=1))
    batch = task.sample(4000, generator)
    past = (batch.x[:, :3].argmax(-1) * torch.tensor([4, 2, 1])).sum(1)
    for code in range(8):
        assert float(batch.target[past == code, 2].float().mean()) == pytest.approx(0.5, abs=0.08)


def test_the_baseline_is_one_in_s():
    for symbols in (2, 5, 10):
        baseline = LookAhead(LookAheadSettings(symbols=symbols)).baseline()
        assert baseline.value == pytest.approx(1 / symbols) and baseline.loss == pytest.approx(
            float(torch.tensor(float(symbols)).log()))


def test_the_story_names_the_labels():
    task = LookAhead(LookAheadSettings(length=3, ahead=2, symbols=3))
    batch = task.show(torch.tensor([[0, 1, 2, 0, 1]]), torch.tensor([3]))
    told = task.story(batch, 0)
    assert told.inputs == list("ABCAB") and told.targets == ["C", "A", "B", "·", "·"] and told.expected == "C A B"
