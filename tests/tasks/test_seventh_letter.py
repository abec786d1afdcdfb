"""The seventh letter: an honest list of words, none of which is learnt and held out, and the commonest letter."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from rnn_core.tasks.seventh_letter import HELD, LEARNT, WORDS, SeventhLetter, SeventhLetterSettings, places


def test_the_words():
    assert len(WORDS) >= 60 and list(WORDS) == sorted(set(WORDS)) and all(len(w) == 7 and w.isalpha() for w in WORDS)
    assert len({w[:6] for w in WORDS}) == len(WORDS)
    assert set(LEARNT) | set(HELD) == set(WORDS) and not set(LEARNT) & set(HELD)
    assert len(HELD) == len(WORDS) // 6


def test_held_out_words_are_never_trained_on(generator):
    task = SeventhLetter()

    def heard(batch) -> set[str]:
        return {"".join(told.inputs) + told.expected for told in (task.story(batch, k) for k in range(len(batch.x)))}

    assert heard(task.sample(1000, generator)) <= set(LEARNT)
    assert heard(task.held_out(1000, generator)) == set(HELD)


@pytest.mark.parametrize("every_letter", [False, True])
def test_the_floor_by_brute_force(every_letter):
    """Letters are counted place by place in the words to learn from, one more of each, and tried on those held out."""
    task, costs = SeventhLetter(SeventhLetterSettings(every_letter=every_letter)), []
    for place in range(1 if every_letter else 6, 7):
        seen = Counter(word[place] for word in LEARNT)
        costs += [-math.log((seen[word[place]] + 1) / (len(LEARNT) + 26)) for word in HELD]
    last = Counter(word[6] for word in LEARNT).most_common(1)[0][0]
    assert task.baseline().loss == pytest.approx(sum(costs) / len(costs))
    assert task.baseline().value == pytest.approx(sum(word[6] == last for word in HELD) / len(HELD))
    assert f"“{last}”" in task.baseline().sentence


def test_what_is_asked_for():
    batch = SeventhLetter().show(places(("holiday",)))
    assert batch.counted.tolist() == [[False] * 5 + [True]] and batch.x.shape == (1, 6, 26)
    told = SeventhLetter(SeventhLetterSettings(every_letter=True)).story(batch, 0)
    assert told.inputs == [*"holida"] and told.targets == [*"oliday"] and told.expected == "y"
