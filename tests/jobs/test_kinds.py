"""The kinds of work: each record is read by its kind."""

from __future__ import annotations

import json

import pytest

from rnn_core.experiment import Experiment
from rnn_core.jobs import kinds
from rnn_core.jobs.kinds import KINDS, Kind, kind_of, read
from rnn_core.jobs.preflight import estimate_memory, refusal
from rnn_core.run import Run
from tests.jobs.conftest import record
from tests.jobs.toy import ToyRun


def test_a_record_without_a_kind_is_an_experiment():
    spec = record(seed=3)
    kind, back = read(spec.to_json())
    assert back == spec and kind is kind_of(spec) is KINDS["experiment"] and kind.run is Run
    assert kind.title(spec) == "elman · adding · bptt" and kind.task(spec).metric_better == "lower"
    assert kind.experiments(spec) == [spec]


class Pair:
    """Two experiments side by side: a kind of work for this test."""

    def __init__(self, seeds):
        self.seeds = seeds

    @classmethod
    def from_json(cls, text):
        return cls(json.loads(text)["seeds"])


def test_another_kind_is_read_as_what_it_says(monkeypatch):
    toy = Kind(Pair, ToyRun, lambda _: "a pair", lambda *_: None, lambda pair: [record(seed=s) for s in pair.seeds],
               lambda _: None)
    monkeypatch.setitem(kinds.KINDS, "pair", toy)
    kind, pair = read('{"kind": "pair", "seeds": [1, 2]}')
    assert kind is toy is kind_of(pair) and pair.seeds == [1, 2]
    one = estimate_memory(record())
    assert refusal(pair, int(1.9 * one / 0.6)) and not refusal(pair, int(2.1 * one / 0.6))


@pytest.mark.parametrize("text", ["", "[]", "7", "{", '{"kind": "x"}', '{"kind": ["x"]}', "[" * 10**5])
def test_a_text_that_is_no_record_is_one_sentence(text):
    with pytest.raises(ValueError, match=r"^This .*\.$"):
        read(text)


def test_what_the_engine_cannot_carry_out_is_one_sentence():
    for odd in (None, "elman", {"kind": "race"}, Experiment):
        with pytest.raises(ValueError, match="cannot carry this out"):
            kind_of(odd)


def test_a_setting_that_cannot_be_is_one_sentence():
    check, spec = KINDS["experiment"].check, record()
    check(spec, "learning_rate", 0.1)
    for name, value in (("learning_rate", -1.0), ("hidden_size", 9.0), ("x" * 10**6, 1.0)):
        with pytest.raises(ValueError):
            check(spec, name, value)
