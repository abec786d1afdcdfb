"""Reber: strings are the grammar's, the remembered letter comes back, streams have no seams, longer ones held out."""

from __future__ import annotations

import re

import pytest
import torch

from rnn_core.tasks.reber import LETTERS, Reber, ReberSettings

INNER = "B(?:TS*X(?:XT*VP)*(?:S|XT*VV)|PT*V(?:PXT*V)*(?:V|PS))E"
EMBEDDED = f"B(?:T{INNER}T|P{INNER}P)E"


def text(task: Reber, batch, row: int) -> str:
    told = task.story(batch, row)
    return "".join(told.inputs)


@pytest.mark.parametrize(("grammar", "rule"), [("plain", INNER), ("embedded", EMBEDDED)])
def test_strings_follow_a_regular_expression(grammar, rule, generator):
    task = Reber(ReberSettings(grammar=grammar, length=14))
    for batch, lengths in ((task.sample(300, generator), range(1, 15)), (task.held_out(300, generator), range(15, 29))):
        strings = {text(task, batch, row) + "E" for row in range(300)}
        assert all(re.fullmatch(rule, s) and len(s) in lengths for s in strings) and len(strings) > 20
        nothing = 0 if grammar == "plain" else 1
        assert task.asked(batch).sum(1).eq(nothing).all() or grammar == "plain"


def test_the_remembered_letter_is_asked_for(generator):
    task = Reber()
    batch = task.sample(50, generator)
    for row in range(50):
        told = task.story(batch, row)
        assert told.expected == told.inputs[1] == told.targets[told.marks[0]] and told.marks == [len(told.inputs) - 2]


def test_a_stream_is_whole_strings_in_a_row(generator):
    task = Reber(ReberSettings(grammar="continual", stream=60))
    batch = task.sample(20, generator)
    assert batch.mask is None and batch.x.shape == (20, 60, len(LETTERS))
    assert task.held_out(2, generator).x.shape[1] == 240
    for row in range(20):
        assert re.match(f"(?:{EMBEDDED})+", text(task, batch, row))
    following = batch.target[:, :-1].gather(2, batch.x[:, 1:].argmax(-1, keepdim=True))
    assert following.all()


def test_the_automata_are_small():
    """Plain: six states after B, one before, one after and a sink."""
    assert Reber(ReberSettings(grammar="plain")).automaton.minimal().states == 8
    assert torch.equal(Reber().automaton.minimal().moves, Reber().automaton.minimal().minimal().moves)
