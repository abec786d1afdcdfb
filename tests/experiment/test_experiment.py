"""The record: text and back for everything in the catalogue, strict reading, lenient mending, names that last."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rnn_core as rc
from rnn_core import catalogue, experiment
from rnn_core.records import describe_settings
from tests.cells.cases import one_sentence
from tests.covering import combinations, fits

COMBINATIONS = [
    (a, w, t, le) for a, w, t, le in itertools.product(catalogue.cell_classes(), catalogue.network_classes(),
                                                       catalogue.task_classes(), catalogue.learner_classes())
    if fits(a, w, t, le)]
HOSTILE = ["", " ", "0", "-1", "1e999", "nan", "inf", "-0.0", "9" * 5000, "<script>alert(1)</script>", "../../passwd",
           "'; DROP TABLE runs; --", "\x00", "\n", "🤖" * 100, "None", "null", "true", "True", "[]", "{}", "lstm ",
           "LSTM", "__class__", "{0.__class__}", "%s%n", "\ud800", "x" * 100_000, "1_000", "٣", "0x10", "1.5", "32.0",
           "elman\x00"]


def value(info: Any) -> st.SearchStrategy:
    """Any value that a setting may have."""
    if info.kind == "int":
        return st.integers(int(info.low), int(info.high))
    if info.kind == "float":
        return st.floats(info.low, info.high)
    return st.sampled_from(info.choices or (False, True))


@st.composite
def records(draw: Any) -> rc.Experiment:
    """Any record of the catalogue."""
    a, w, t, le = draw(st.sampled_from(COMBINATIONS))
    kinds = [catalogue.cell_classes()[a], catalogue.network_classes()[w], catalogue.task_classes()[t],
             catalogue.learner_classes()[le]]
    chosen = {i.name: draw(value(i)) for kind in kinds for i in describe_settings(kind.Settings)}
    return rc.Experiment.of(a, t, le, wiring=w, seed=draw(st.integers(0, 2**31 - 1)),
                            device=draw(st.sampled_from(["cpu", "cuda", "mps"])), **chosen)


def refused(make: Any, *args: Any, **kwargs: Any) -> str:
    """Why a record is not made."""
    with pytest.raises(ValueError) as caught:
        make(*args, **kwargs)
    one_sentence(str(caught.value))
    return str(caught.value)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(records())
def test_text_and_back(spec):
    query = spec.to_query()
    assert all(isinstance(k, str) and isinstance(v, str) for k, v in query.items())
    for again in (rc.Experiment.from_query(query), rc.Experiment.from_json(spec.to_json()), spec.with_(),
                  rc.Experiment.mend({**query, "device": "cpu"})[0].with_(device=spec.device)):
        assert again == spec and again.id == spec.id and hash(again) == hash(spec)
    assert set(query) | {"data"} == set(spec.flat()) == set(json.loads(spec.to_json())) - {"schema"}


@pytest.mark.parametrize(("architecture", "wiring", "task", "learner"), combinations())
def test_every_combination_has_a_network_that_answers(architecture, wiring, task, learner):
    spec = rc.Experiment.of(architecture, task, learner, wiring=wiring)
    assert rc.Experiment.from_query(spec.to_query()) == spec
    for info in describe_settings(type(spec.cell_settings)):
        assert getattr(spec, info.name) == info.default
    run = rc.Run(spec.with_(hidden_size=3, batch_size=2))
    batch = run.task.sample(2, run.streams.data)
    y = run.network(batch.x, mask=batch.mask, teacher=run.task.teacher(batch))
    assert y.shape == (*batch.target.shape[:2], run.task.output_size)
    assert run.task.loss(y, batch).isfinite()


@pytest.mark.parametrize("part", ["architecture", "wiring", "task", "learner"])
def test_hidden_combinations_say_why(part):
    refused(rc.Experiment.from_query, {part: "no such thing"})
    assert "hopfield" in rc.architectures() and refused(rc.Experiment.of, "hopfield", "adding")


def test_ids_last_from_process_to_process(project):
    specs = [rc.Experiment.of(a, t, le, wiring=w) for a, w, t, le in combinations()]
    script = """
import json, sys, rnn_core as rc
print(*[rc.Experiment.from_json(text).id for text in json.load(sys.stdin)])"""
    done = subprocess.run([sys.executable, "-c", script], cwd=project, text=True, capture_output=True, check=True,
                          input=json.dumps([s.to_json() for s in specs]), env={**os.environ, "PYTHONHASHSEED": "3"})
    ids = done.stdout.split()
    assert ids == [s.id for s in specs] and len(set(ids)) == len(specs)
    assert all(len(i) == 16 and int(i, 16) >= 0 for i in ids)


def test_every_field_is_in_the_name():
    spec = rc.Experiment.of("jordan", "adding", hidden_size=4)
    changes = [{"seed": 1}, {"device": "mps"}, {"wiring": "single", "hidden_size": 5}, {"learning_rate": 0.0051}]
    changes += [{"feedback": "softmax"}, {"ragged": True}, {"architecture": "lstm"}, {"task": "temporal_xor"}]
    ids = [spec.id, *(spec.with_(**c).id for c in changes)]
    assert len(set(ids)) == len(ids)
    assert spec.with_(gain=-0.0).id == spec.with_(gain=0.0).id == spec.with_(gain=0).id


@pytest.mark.parametrize("wrong", [
    {"architecture": "LSTM"}, {"architecture": ""}, {"architecture": "../lstm"}, {"task": "add"}, {"learner": "magic"},
    {"wiring": "knot"}, {"seed": "-1"}, {"seed": str(2**31)}, {"seed": "1.5"}, {"seed": ""}, {"device": "cuda:7"},
    {"hidden_size": "0"}, {"hidden_size": "513"}, {"hidden_size": "many"}, {"learning_rate": "nan"}, {"gain": "inf"},
    {"forget_bias": "1e400"}, {"ragged": "perhaps"}, {"colour": "red"}, {"activation": "tanh"}, {"layers": "2"},
    {"data": "0" * 64}, {"cell_settings": "{}"}, {"schema": "1"}, {"hidden_size": "9" * 5000}, {"\ud800": "\ud800"},
    {"architecture": "x" * 10_000}, {"seed": "<b>\n1"}], ids=lambda v: str(v)[:40].encode("ascii", "replace").decode())
def test_a_link_is_read_strictly(wrong):
    refused(rc.Experiment.from_query, wrong)


def test_nothing_is_needed():
    assert rc.Experiment.from_query({}) == rc.Experiment.of("lstm", "adding")


@pytest.mark.parametrize("text", ["", "x", "null", "3", "[]", "[[1, 2]]", '"ab"', "{}", '{"schema": 2}',
                                  '{"schema": null}', '{"schema": [1]}', '{"schema": 1, "seed": {}}',
                                  '{"schema": 1, "hidden_size": [3]}',
                                  '{"schema": 1, "gain": NaN}', '{"schema": 1, "architecture": null}', "[" * 100_000,
                                  '{"schema": 1, "": ""}', '{"schema": 1, "device": 5}', '{"schema": 1, "data": {}}',
                                  '{"schema": 1, "seed": ' + "9" * 5000 + "}"], ids=lambda v: v[:30])
def test_a_record_is_read_strictly(text):
    refused(rc.Experiment.from_json, text)


@pytest.mark.parametrize("text", [None, 5, b"\xff"])
def test_what_is_not_even_text(text):
    refused(rc.Experiment.from_json, text)


def test_a_thousand_hostile_links():
    chance = random.Random(0)
    keys = [*rc.Experiment.of("lstm", "adding").flat(), "activation", "layers", "variant", "feedback", "", "run",
            "schema", "cell_settings", "__class__", "\ud800", "<b>", "id", "x" * 1000]
    valid = ["elman", "gru", "jordan", "hopfield", "stack", "bidirectional", "temporal_xor", "next_character", "7",
             "0.3", "v1", "softmax", "relu", "cuda"]
    for _ in range(1000):
        link = {k: chance.choice(HOSTILE + valid) for k in chance.sample(keys, chance.randint(0, 6))}
        spec, notices = rc.Experiment.mend(link)
        assert rc.Experiment.from_query(spec.to_query()) == spec and experiment.device_exists(spec.device)
        for notice in notices:
            one_sentence(notice)
        assert len(notices) <= len(link)


def test_mending_keeps_what_makes_sense():
    spec, notices = rc.Experiment.mend({"architecture": "gru", "hidden_size": "9999", "seed": "7", "color": "red",
                                        "learning_rate": "0.02", "variant": "v1"})
    assert spec == rc.Experiment.of("gru", "adding", seed=7, learning_rate=0.02, variant="v1")
    assert len(notices) == 2 and "9999" in notices[1] and "color" in notices[0]


def test_mending_a_link_that_is_whole_says_nothing():
    spec = rc.Experiment.of("jordan", "temporal_xor", feedback="softmax", hidden_size=9, seed=3)
    assert rc.Experiment.mend(spec.to_query()) == (spec, [])


def test_mending_parts_that_do_not_fit():
    spec, notices = rc.Experiment.mend({"architecture": "jordan", "wiring": "stack", "layers": "3", "hidden_size": "7"})
    assert (spec.architecture, spec.wiring, spec.hidden_size) == ("jordan", "single", 7) and len(notices) == 2


def test_parts_are_mended_together_where_only_together_they_fit(monkeypatch):
    kind = catalogue.task_classes()["adding"]
    along = type("Settling", (kind,), {"runs_along": "relaxation"})
    monkeypatch.setattr(catalogue, "task_classes", lambda: {"adding": kind, "settling": along})
    monkeypatch.setitem(experiment.PARTS, "task", catalogue.task_classes)
    query = {"architecture": "hopfield", "task": "settling"}
    assert rc.Experiment.mend(query) == (rc.Experiment.from_query(query), [])
    spec, notices = rc.Experiment.mend({**query, "learner": "magic"})
    assert (spec.architecture, spec.task, spec.learner, len(notices)) == ("hopfield", "settling", "bptt", 1)


def test_a_device_that_is_not_there(monkeypatch):
    monkeypatch.setattr(experiment, "device_exists", lambda device: device == "cpu")
    spec = rc.Experiment.of("lstm", "adding", device="cuda")
    assert "no cuda" in refused(spec.make_network) and "no cuda" in refused(rc.Run, spec)
    mended, notices = rc.Experiment.mend(spec.to_query())
    assert mended == spec.with_(device="cpu") and len(notices) == 1 and "no cuda" in notices[0]


def test_other_data_under_the_same_name():
    spec = rc.Experiment.of("lstm", "next_character")
    assert len(spec.data) == 64 and rc.Experiment.of("lstm", "adding").data == ""
    assert "data" in refused(rc.Experiment.from_query, {**spec.to_query(), "data": "0" * 64})
    assert "data" in refused(rc.Experiment.from_json, spec.to_json().replace(spec.data, "f" * 64))
    mended, notices = rc.Experiment.mend({**spec.to_query(), "data": "0" * 64})
    assert mended == spec and len(notices) == 1


def test_changing_a_part_drops_what_it_does_not_know():
    spec = rc.Experiment.of("gru", "adding", variant="v1", hidden_size=9)
    other = spec.with_(architecture="elman")
    assert other == rc.Experiment.of("elman", "adding", hidden_size=9)
    assert spec.with_(architecture="elman").with_(architecture="gru").variant == "v3"
    assert "“variant”" in refused(other.with_, variant="v1")
    assert "Hidden size" in refused(other.with_, hidden_size=0)


def test_records_do_not_change_and_know_their_fields():
    spec = rc.Experiment.of("lstm", "adding")
    with pytest.raises(ValueError):
        spec.seed = 4
    with pytest.raises(AttributeError, match="This experiment has no “feedback”"):
        _ = spec.feedback
    assert spec.hidden_size == spec.cell_settings.hidden_size


def test_a_cell_by_its_name():
    cell = rc.make_cell("gru", 3, hidden_size=5, variant="v1", seed=4)
    assert cell.input_size == 3 and cell.settings.variant == "v1"
    refused(rc.make_cell, "GRU", 3)
    refused(rc.make_cell, "gru", 3, hidden_size=-1)
    refused(rc.make_cell, "gru", 3, depth=1)
    for wrong in (0, -1, 2.0, None, "3"):
        refused(rc.make_cell, "gru", wrong)
