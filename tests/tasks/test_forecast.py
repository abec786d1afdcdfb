"""Forecast: windows of the right part, persistence as the baseline, and a series of one's own."""

from __future__ import annotations

import math
import statistics

import pytest
import torch

import rnn_core as rc
from rnn_core.records.given import keep
from rnn_core.tasks.forecast import Forecast, ForecastSettings, numbers, weather
from tests.cells.cases import one_sentence


@pytest.fixture(autouse=True)
def somewhere(tmp_path, monkeypatch):
    """A data folder of this test's own."""
    monkeypatch.setenv("RNN_EXPLORER_DATA", str(tmp_path / "data"))


def test_the_weather_is_split_by_time_and_scaled_by_its_past(generator):
    task, values = Forecast(), weather()
    past, held = values[:4800], values[4800:]
    mean, scale = statistics.fmean(past), statistics.pstdev(past)
    assert task.series.held.tolist() == pytest.approx([(v - mean) / scale for v in held], abs=1e-5)
    batch = task.held_out(50, generator)
    assert torch.equal(batch.x[:, 1:], batch.target[:, :-1])
    assert set(batch.x.flatten().tolist()) <= set(task.series.held.tolist())
    steps = [(b - a) / scale for a, b in zip(held, held[1:], strict=False)]
    assert task.baseline().value == pytest.approx(statistics.fmean(s * s for s in steps), rel=1e-4)


def test_a_series_of_ones_own_travels_by_its_hash():
    digest = keep("\n".join(str(math.sin(t / 3)) for t in range(200)))
    spec = rc.Experiment.of("gru", "forecast", data=digest, hidden_size=4, length=10)
    assert spec.data == spec.with_(hidden_size=5).data == digest == rc.Experiment.from_json(spec.to_json()).data
    assert spec.make_task().data_hash == digest and spec.with_(task="adding").data == ""
    assert spec.id != rc.Experiment.of("gru", "forecast", hidden_size=4, length=10).id
    run = rc.train(spec.with_(updates=3), quiet=True)
    assert run.task.series.digest == digest


@pytest.mark.parametrize(("text", "words"), [("", "has 0 values"), ("1\n2\nx", "Value 3"), ("nan " * 50, "Value 1"),
                                             ("1e999 " * 50, "Value 1"), ("1 " * 39, "at least 40")])
def test_what_is_no_series(text, words):
    with pytest.raises(ValueError, match=words) as caught:
        numbers(text)
    one_sentence(str(caught.value))


@pytest.mark.parametrize(("text", "words"), [("1 " * 60, "does not change"), ("1 2 " * 30, "too short")])
def test_a_series_that_cannot_be_learnt(text, words):
    with pytest.raises(ValueError, match=words) as caught:
        rc.Experiment.of("gru", "forecast", data=keep(text))
    one_sentence(str(caught.value))


def test_data_that_are_elsewhere():
    with pytest.raises(ValueError, match="not on this machine"):
        rc.Experiment.of("gru", "forecast", data="0" * 64)
    spec, notices = rc.Experiment.mend({"task": "forecast", "data": "0" * 64, "length": "12"})
    assert spec.length == 12 and len(notices) == 1 and spec.data == Forecast(ForecastSettings()).data_hash


def test_a_text_of_ones_own():
    text = "So it is said. And so it was, again and again: " * 40 + "Ω"
    spec = rc.Experiment.of("gru", "next_character", data=keep(text), length=20)
    task = spec.make_task()
    assert task.data_hash == spec.data and set(task.text.alphabet) == set(text)
    with pytest.raises(ValueError, match="too short") as caught:
        spec.with_(length=400)
    one_sentence(str(caught.value))


def test_rare_characters_of_a_text_are_read_as_one():
    text = "".join(chr(0x4E00 + k) * (300 - k) for k in range(300))
    task = rc.Experiment.of("gru", "next_character", data=keep(text), length=20).make_task()
    assert task.input_size == 200 and task.text.alphabet[-1] == "\ufffd"
