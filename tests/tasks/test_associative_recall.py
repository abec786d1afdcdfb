"""Damaged pictures and pairs: what is read, what is due, and the floor, worked out by hand."""

from __future__ import annotations

import pytest
import torch

from rnn_core.records.glyphs import CAPITALS, DIGITS, GLYPHS, glyphs, written
from rnn_core.tasks.associative_recall import AssociativeRecall, AssociativeRecallSettings
from rnn_core.tasks.pattern_pairs import PatternPairs, PatternPairsSettings
from tests.cells.cases import one_sentence


def test_letters_and_digits_are_drawn_and_all_differ():
    names = CAPITALS + CAPITALS.lower() + DIGITS
    assert set(names) == set(GLYPHS) and all(len(rows) == 16 for rows in GLYPHS.values())
    pictures = glyphs(names)
    assert pictures.shape == (62, 64) and bool((pictures.abs() == 1).all())
    agree = pictures @ pictures.T - 128 * torch.eye(62)
    assert float(agree.max()) < 64
    assert written(glyphs("T")[0]) == ["████████"] * 2 + ["···██···"] * 6
    assert glyphs("").shape == (0, 64)


def test_a_sign_that_is_not_drawn_is_refused():
    with pytest.raises(ValueError) as caught:
        glyphs("A?")
    one_sentence(str(caught.value))


def test_a_picture_is_read_row_by_row_with_cells_turned_round():
    task = AssociativeRecall(AssociativeRecallSettings(noise=0.0, stored=2))
    flipped = torch.zeros(1, 64, dtype=torch.bool)
    flipped[0, [0, 63]] = True
    batch = task.show(torch.tensor([0]), flipped)
    assert batch.x[0, 0].tolist() == [1, -1, 1, 1, 1, 1, -1, -1]                             # A begins with ··████··
    assert batch.x[0, 7].tolist() == [-1, 1, 1, -1, -1, 1, 1, 1]                             # and ends with ·██··██·
    assert torch.equal(batch.target[0, 7], glyphs("A")[0]) and batch.counted[0].tolist() == [False] * 7 + [True]
    assert task.metric(batch.x.reshape(1, 1, 64).expand(1, 8, 64), batch) == 1 - 4 / 64
    assert task.teacher(batch)[0, :7].isnan().all() and torch.equal(task.teacher(batch)[0, 7], batch.target[0, 7])


@pytest.mark.parametrize(("patterns", "first"), [("letters", "ACHJT"), ("digits", "01234"),
                                                 ("letters and digits", "A0C1H")])
def test_what_is_stored(patterns, first):
    task = AssociativeRecall(AssociativeRecallSettings(patterns=patterns))
    assert task.names == list(first) and torch.equal(task.due, glyphs(first))
    most = AssociativeRecall(AssociativeRecallSettings(patterns=patterns, stored=36)).names
    assert len(most) == len(set(most)) == {"letters": 26, "digits": 10, "letters and digits": 36}[patterns]


def test_random_patterns_are_drawn_by_lot():
    one, same, other = (AssociativeRecall(AssociativeRecallSettings(patterns="random", lot=lot)).due
                        for lot in (3, 3, 4))
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_where_nothing_is_damaged_there_is_nothing_further():
    assert list(AssociativeRecall().further()) == ["2 × the noise"]
    assert AssociativeRecall(AssociativeRecallSettings(noise=0.0)).further() == {}


def test_a_blank_answer_is_half_right():
    task = AssociativeRecall()
    batch = task.sample(4, torch.Generator().manual_seed(0))
    assert task.metric(torch.zeros(4, 8, 64), batch) == 0
    assert task.metric(-batch.target, batch) == -1


def test_the_other_half_of_a_pair_is_due():
    there = PatternPairs(PatternPairsSettings(pairs=3, noise=0.0))
    back = PatternPairs(PatternPairsSettings(pairs=3, noise=0.0, direction="small to capital"))
    assert there.names == ["a", "b", "k"] and back.names == ["A", "B", "K"]
    assert torch.equal(there.asked, back.due) and torch.equal(there.due, glyphs("abk"))
    batch = there.show(torch.tensor([1]), torch.zeros(1, 64, dtype=torch.bool))
    told = there.story(batch, 0, batch.target)
    assert told.inputs == written(glyphs("B")[0]) and (told.expected, told.said, told.right) == ("b", "b", True)


def test_the_floor_of_pairs_is_the_better_of_two_answers():
    clean = PatternPairs(PatternPairsSettings(noise=0.0)).baseline()
    agree = (glyphs("ABKXY") * glyphs("abkxy")).mean().double()
    assert clean.value == pytest.approx(float(agree)) and clean.sentence.startswith("repeat the damaged picture")
    noisy = PatternPairs(PatternPairsSettings(noise=0.25)).baseline()
    usual = glyphs("abkxy").sum(0).sign()
    assert noisy.value == pytest.approx(float((glyphs("abkxy") * usual).mean())) and "commonest" in noisy.sentence
