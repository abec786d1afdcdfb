"""Next character: the text is the one on this machine, its two parts do not overlap, and a net can write."""

from __future__ import annotations

import collections
import hashlib
import math
import pydoc_data.topics

import pytest
import torch

from rnn_core.experiment import Experiment
from rnn_core.run import Run
from rnn_core.tasks.next_character import NextCharacter, NextCharacterSettings, documentation, split


@pytest.fixture(scope="module")
def task() -> NextCharacter:
    """The task with short sequences."""
    return NextCharacter(NextCharacterSettings(length=20))


def letters(task: NextCharacter, places: torch.Tensor) -> str:
    """Places in the alphabet as text."""
    return "".join(task.text.alphabet[k] for k in places.tolist())


def test_the_text_is_pythons_documentation(task):
    topics = pydoc_data.topics.topics
    whole = "\n\n".join(f"{title}\n\n{topics[title]}" for title in sorted(topics))
    assert len(whole) > 400_000
    assert task.data_hash == hashlib.sha256(whole.encode()).hexdigest() and documentation() is task.text
    learnt, held = letters(task, task.text.learnt), letters(task, task.text.held)
    assert whole.endswith(held) and len(held) == len(whole) // 10
    assert len(learnt) > 0.88 * len(whole) and set(learnt + held) == set(task.text.alphabet)


def test_no_paragraph_stands_in_both_parts(task):
    learnt, held = (letters(task, part).split("\n\n") for part in (task.text.learnt, task.text.held))
    assert not {p for p in learnt if len(p) >= 20} & set(held)
    read_, text = letters(task, task.text.learnt), letters(task, task.text.held)
    runs = {read_[k:k + 100] for k in range(len(read_))}
    assert sum(text[k:k + 100] in runs for k in range(len(text) - 100)) / len(text) < 0.01


def test_the_split_by_hand():
    again, only, short = "x" * 20, "y" * 25, "z" * 5
    text = "\n\n".join([short, again, only, "w" * 185, again, short])
    learnt, held = split(text)
    assert len(text) == 270 and held == text[-27:] == again + "\n\n" + short
    assert learnt == "\n\n".join([short, only, "w" * 185, ""])


def test_sequences_are_windows_of_the_right_part(task, generator):
    for batch, part in ((task.sample(20, generator), task.text.learnt), (task.held_out(20, generator), task.text.held)):
        text = letters(task, part)
        for row in range(20):
            read_, wanted = letters(task, batch.x[row].argmax(-1)), letters(task, batch.target[row])
            assert read_[1:] == wanted[:-1] and read_ + wanted[-1] in text
        assert torch.equal(batch.x.sum(-1), torch.ones(20, 20))


def test_baseline_by_counting(task):
    seen = collections.Counter(letters(task, task.text.learnt))
    total = len(task.text.learnt) + task.input_size
    held = letters(task, task.text.held)
    bits = -sum(math.log2((seen[c] + 1) / total) for c in held) / len(held)
    assert task.baseline().value == pytest.approx(bits, rel=1e-9) and 4 < bits < 5.5
    assert task.baseline().loss == pytest.approx(bits * math.log(2))


def test_the_metric_is_bits_per_character(task, generator):
    batch = task.sample(5, generator)
    level = torch.zeros(5, 20, task.output_size)
    assert task.metric(level, batch) == pytest.approx(math.log2(task.output_size), rel=1e-6)


def test_the_story_shows_characters(task):
    place = {c: k for k, c in enumerate(task.text.alphabet)}
    batch = task.batch(torch.tensor([[place[c] for c in "if x:\n  return"]]))
    told = task.story(batch, 0)
    assert "".join(told.inputs) == "if␣x:↵␣␣retur" and "".join(told.targets) == "f␣x:↵␣␣return"
    assert told.expected == "n" and told.marks == [12]


@pytest.mark.parametrize(("architecture", "wiring"), [("lstm", "single"), ("gru", "stack"), ("jordan", "single")])
def test_babble_writes_on(task, architecture, wiring):
    network = Experiment.of(architecture, "next_character", wiring=wiring, hidden_size=8).make_network()

    def written(seed: int, **options) -> str:
        return task.babble(network, torch.Generator().manual_seed(seed), 30, **options)

    assert written(0) == written(0) != written(1)
    assert written(0).startswith("The ") and len(written(0)) == 34
    assert written(0, prompt="") != "" and len(written(0, prompt="")) == 30
    assert written(0, prompt="日本 x").startswith("日本 x")


def test_babble_is_the_loop_over_whole_prefixes(task):
    """Reading everything again from the start before each character gives the same text."""
    network = Experiment.of("gru", "next_character", hidden_size=8).make_network()
    text, stream = "def", torch.Generator().manual_seed(5)
    for _ in range(12):
        places = torch.tensor([[task.text.alphabet.index(c) for c in text]])
        y = network(torch.nn.functional.one_hot(places, task.input_size).float())[0, -1]
        chosen = torch.multinomial(torch.softmax(y.detach() / 0.7, -1), 1, generator=stream)
        text += task.text.alphabet[int(chosen)]
    assert task.babble(network, torch.Generator().manual_seed(5), 12, 0.7, "def") == text


def test_a_network_that_needs_the_future_cannot_babble(task, generator):
    network = Experiment.of("gru", "next_character", wiring="bidirectional", hidden_size=4).make_network()
    with pytest.raises(ValueError, match="from both ends"):
        task.babble(network, generator)


def test_it_is_learnt_better_than_counting():
    run = Run(Experiment.of("gru", "next_character", hidden_size=32, length=32, learning_rate=0.02, updates=60))
    for _ in run.training():
        pass
    assert run.measure()[1] < run.task.baseline().value - 0.3


def test_the_record_carries_the_texts_hash(task):
    spec = Experiment.of("lstm", "next_character")
    assert spec.data == task.data_hash
    with pytest.raises(ValueError, match="data"):
        Experiment.from_query({**spec.to_query(), "data": "0" * 64})
