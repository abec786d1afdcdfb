"""Word order: sentences follow the grammar, shuffled ones do not, and a coin that sees no word decides."""

from __future__ import annotations

import itertools
import re

import pytest
import torch

from rnn_core.tasks.word_order import KINDS, VOCABULARY, WordOrder, WordOrderSettings

KIND = {word: kind for kind, words in KINDS.items() for word in words}
RULE = re.compile(r"(article (adjective )*noun )verb (article (adjective )*noun )(adverb )?")


def follows(words: list[str]) -> bool:
    """Whether words are a sentence, by a regular expression over their kinds."""
    return bool(RULE.fullmatch("".join(f"{KIND[word]} " for word in words)))


@pytest.mark.parametrize("adjectives", [0, 2, 5])
@pytest.mark.parametrize("draw", ["sample", "held_out"])
def test_the_class_is_what_the_grammar_says(generator, adjectives, draw):
    task = WordOrder(WordOrderSettings(adjectives=adjectives))
    batch = getattr(task, draw)(300, generator)
    for row in range(300):
        told = task.story(batch, row)
        assert told.expected == ("sentence" if follows(told.inputs) else "shuffled")
        nouns = [KINDS["noun"].index(word) for word in told.inputs if KIND[word] == "noun"]
        assert len(nouns) == 2 and (sum(nouns) % 4 == 0) == (draw == "held_out")
        assert [KIND[word] for word in told.inputs].count("verb") == 1
        assert sum(KIND[word] == "adjective" for word in told.inputs) <= 2 * adjectives


def test_the_coin_decides(generator):
    """Whatever the sentence, it stays one with probability ½ and is shuffled else, so that a bag knows nothing."""
    task = WordOrder()
    assert float(task.sample(20_000, generator).target[:, 0].float().mean()) == pytest.approx(0.5, abs=0.01)
    sentences = task.sentences(task.learnt[torch.randint(0, len(task.learnt), (2000,), generator=generator)], generator)
    other = task.shuffled(sentences, generator)
    assert task.grammatical(sentences).all() and not task.grammatical(other).any()
    assert torch.equal(sentences.sort(1).values, other.sort(1).values)
    assert torch.equal(sentences >= 0, other >= 0)


def test_the_grammar_by_brute_force():
    """All orders of the words of the shortest sentences: the task and the regular expression agree on each."""
    task = WordOrder()
    for words in (["the", "dog", "sees", "a", "cat"], ["the", "old", "dog", "sees", "a", "cat"],
                  ["a", "dog", "hears", "every", "bird", "often"]):
        orders = [list(order) for order in itertools.permutations(words)]
        ours = task.grammatical(torch.tensor([[*(VOCABULARY.index(w) for w in order), -1] for order in orders]))
        assert ours.tolist() == [follows(order) for order in orders] and 0 < ours.sum() < len(orders)


def test_the_last_resort_is_no_sentence():
    """Where every random order happens to be a sentence, the noun comes first."""
    task = WordOrder(WordOrderSettings(adjectives=0))
    words = torch.tensor([[VOCABULARY.index(w) for w in ["the", "dog", "sees", "a", "cat"]]])
    task.grammatical = lambda tried: torch.tensor([True] * (len(tried) - 1) + [False]).unsqueeze(1)
    found = [VOCABULARY[k] for k in task.shuffled(words, torch.Generator())[0]]
    assert found == ["dog", "the", "sees", "a", "cat"] and not follows(found)
