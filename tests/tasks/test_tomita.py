"""Tomita: membership as regular expressions and counts say it, balanced halves, near misses, longer strings apart."""

from __future__ import annotations

import itertools
import re

import pytest
import torch

from rnn_core.tasks.tomita import LANGUAGES, Tomita, TomitaSettings

SMALLEST = {"1": 2, "2": 3, "3": 5, "4": 4, "5": 4, "6": 3, "7": 5}


def belongs(language: str, s: str) -> bool:
    """The definitions, each in another way than by a table."""
    runs = [(k, len(list(g))) for k, g in itertools.groupby(s)]
    odd = any(a[0] == "1" and a[1] % 2 and b[1] % 2 for a, b in itertools.pairwise(runs))
    rules = {"1": re.fullmatch("1*", s), "2": re.fullmatch("(10)*", s), "3": not odd, "4": "000" not in s,
             "5": s.count("0") % 2 == s.count("1") % 2 == 0, "6": (s.count("1") - s.count("0")) % 3 == 0,
             "7": re.fullmatch("0*1*0*1*", s)}
    return bool(rules[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_string_up_to_nine_symbols(language):
    task = Tomita(TomitaSettings(language=language))
    for length in range(1, 10):
        strings = torch.tensor(list(itertools.product((0, 1), repeat=length)))
        target = task.show(strings).target[:, -1].tolist()
        assert target == [belongs(language, "".join(map(str, s))) for s in strings.tolist()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tables_are_the_smallest(language):
    automaton = Tomita(TomitaSettings(language=language)).automaton
    assert automaton.states == SMALLEST[language] == automaton.minimal().states
    assert torch.equal(automaton.minimal().moves, automaton.moves)


@pytest.mark.parametrize("language", LANGUAGES)
def test_halves_lengths_and_near_misses(language, generator):
    task = Tomita(TomitaSettings(language=language, length=6))
    for batch, lengths in ((task.sample(2000, generator), range(1, 7)), (task.held_out(2000, generator), range(7, 25))):
        assert set(batch.mask.sum(1).tolist()) <= set(lengths) and batch.counted.sum(1).eq(1).all()
        assert float(batch.target[batch.counted].float().mean()) == pytest.approx(0.5, abs=0.04)
    members = task.strings(1, 300, range(6, 7), generator)
    turned, broken = task.turned(members, generator)
    assert (members != turned).sum(1).eq(1).all() and broken.any()
    assert not task.show(turned[broken]).target[:, -1].any()


def test_strings_of_a_kind_are_drawn_evenly(generator):
    """Language 4 has 13 strings of four symbols without 000."""
    drawn = Tomita().strings(1, 13_000, range(4, 5), generator)
    counts = (drawn * torch.tensor([8, 4, 2, 1])).sum(1).bincount(minlength=16)
    assert counts.count_nonzero() == 13
    assert counts[counts > 0].double().div(1000).sub(1).abs().max() < 0.15


def test_every_prefix_is_asked(generator):
    batch = Tomita(TomitaSettings(every_prefix=True)).sample(20, generator)
    assert torch.equal(batch.counted, batch.mask)
