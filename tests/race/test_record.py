"""The race's record: text and back, its name, and one sentence for whatever cannot be."""

from __future__ import annotations

import json

import pytest

from rnn_core.race import Lane, Race
from tests.cells.cases import one_sentence
from tests.race.conftest import SMALL

PAIR = ["elman", "gru"]


def test_text_and_back(small):
    for race in (small, Race.of([*PAIR, Lane(architecture="gru", wiring="bidirectional")], "delayed_recall", seed=7,
                                lag=5, optimiser="sgd", rates=[0.1], budget=600)):
        again = Race.from_json(race.to_json())
        assert again == race and again.id == race.id and again.to_json() == race.to_json()
    assert json.loads(small.to_json())["kind"] == "race"


def test_the_id_follows_from_what_is_run(small):
    assert Race.of(["elman", "lstm"], "adding", **SMALL).id == small.id
    other = [SMALL | {"seeds": 4}, SMALL | {"budget": 119}, SMALL | {"length": 7}, SMALL | {"rates": (0.01, 0.2)},
             SMALL | {"seed": 1}]
    ids = {Race.of(["elman", "lstm"], "adding", **settings).id for settings in other}
    assert len({small.id, *ids}) == 6
    assert Race.of(["lstm", "elman"], "adding", **SMALL).id != small.id


def test_everybody_gets_the_same(small):
    assert small.weights == [spec.make_network().parameter_count for spec in small.matched]
    assert all(abs(n - 118) <= 11 for n in small.weights)
    for lane in range(2):
        tuning, racing = small.tuning(lane), small.racing(lane, 0.1)
        assert [(s.learning_rate, s.seed) for s in tuning] == [(0.01, 3), (0.01, 4), (0.1, 3), (0.1, 4)]
        assert [(s.learning_rate, s.seed, s.updates) for s in racing] == [(0.1, 0, 4), (0.1, 1, 4), (0.1, 2, 4)]
        assert not {s.seed for s in tuning} & {s.seed for s in racing}
        assert {s.task_settings for s in tuning + racing} == {small.base.task_settings}
    assert small.experiments() == small.tuning(0)


def test_where_it_stands(small):
    assert small.updates == 14
    assert [tuple(small.place(u)) for u in (0, 1, 2, 5, 6, 7, 13, 14)] == [
        ("tuning", 0, 0), ("tuning", 0, 1), ("tuning", 1, 0), ("tuning", 2, 1), ("race", 0, 0), ("race", 0, 1),
        ("race", 3, 1), ("race", 4, 0)]
    assert small.title == "elman · lstm · adding" and small.name(0) == "Elman network"
    assert "bidirectional" in small.name(Lane(architecture="gru", wiring="bidirectional"))


WRONG = {
    "one": lambda: Race.of(["elman"], "adding"),
    "none": lambda: Race.of([], "adding"),
    "five": lambda: Race.of(["elman", "gru", "lstm", "jordan", "elman"], "adding"),
    "twice": lambda: Race.of(["elman", "elman"], "adding"),
    "unknown architecture": lambda: Race.of(["elman", "<b>"], "adding"),
    "does not run the task": lambda: Race.of(["elman", "hopfield"], "adding"),
    "unknown task": lambda: Race.of(PAIR, "chess"),
    "unknown learner": lambda: Race.of(PAIR, "adding", "magic"),
    "unknown setting": lambda: Race.of(PAIR, "adding", hidden_size=4),
    "a rate of its own": lambda: Race.of(PAIR, "adding", learning_rate=0.1),
    "updates": lambda: Race.of(PAIR, "adding", updates=5),
    "two seeds": lambda: Race.of(PAIR, "adding", seeds=2),
    "seventeen seeds": lambda: Race.of(PAIR, "adding", seeds=17),
    "no rate": lambda: Race.of(PAIR, "adding", rates=()),
    "seven rates": lambda: Race.of(PAIR, "adding", rates=[0.001 * k for k in range(1, 8)]),
    "a rate twice": lambda: Race.of(PAIR, "adding", rates=[0.1, 0.1]),
    "a rate out of range": lambda: Race.of(PAIR, "adding", rates=[0.1, 100.0]),
    "not a number": lambda: Race.of(PAIR, "adding", rates=[float("nan")]),
    "budget": lambda: Race.of(PAIR, "adding", budget=20),
    "negative budget": lambda: Race.of(PAIR, "adding", budget=-1),
    "out of range": lambda: Race.of(PAIR, "adding", length=2),
    "last seed": lambda: Race.of(PAIR, "adding", seed=2**31 - 2),
    "wiring": lambda: Race.of([Lane(architecture="jordan", wiring="stack"), "gru"], "adding"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_race_gets_one_sentence(name):
    with pytest.raises(ValueError) as caught:
        WRONG[name]()
    one_sentence(str(caught.value))


@pytest.mark.parametrize("change", [
    {"kind": "experiment"}, {"schema": 2}, {"lanes": 5}, {"lanes": [1, 2]}, {"lanes": [{"name": "x"}] * 2},
    {"settings": [1]}, {"settings": {"seeds": 4}}, {"seeds": "many"}, {"seeds": None}, {"bogus": 1}, {"task": None},
    {"data": "0" * 64}, {"rates": 3}, {"rates": ["x", 1.0]}, {"settings": {"length": "<b>"}}])
def test_a_changed_text_is_refused(small, change):
    with pytest.raises(ValueError) as caught:
        Race.from_json(json.dumps(json.loads(small.to_json()) | change))
    one_sentence(str(caught.value))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "x" * 100, '{"kind": "race"}', "[" * 5000])
def test_any_other_text_is_refused(text):
    with pytest.raises(ValueError, match="not a race's record"):
        Race.from_json(text)
