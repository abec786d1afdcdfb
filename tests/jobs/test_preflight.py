"""The estimate of a run's memory."""

from __future__ import annotations

import pytest

from rnn_core.jobs import TooLarge, estimate_memory
from rnn_core.jobs.client import Engine
from rnn_core.jobs.preflight import refusal
from tests.jobs.conftest import record


def test_the_estimate_grows_with_each_size():
    small = estimate_memory(record())
    for sizes in ({"hidden_size": 64}, {"length": 100}, {"batch_size": 128}):
        assert estimate_memory(record(**sizes)) > small


def test_a_run_that_fits_is_not_refused_and_one_that_does_not_is_told_both_numbers():
    assert refusal(record(), 2**30) == ""
    large = record(hidden_size=512, length=1000, batch_size=1024)
    assert 30 < estimate_memory(large) / 2**30 < 45
    why = refusal(large, 2**30)
    assert why.startswith("This run would need about 3") and "a worker has 1.0 GiB" in why


def test_a_run_that_is_too_large_is_refused_before_it_starts(tmp_path, monkeypatch):
    engine = Engine(tmp_path)
    monkeypatch.setattr(engine, "hello", lambda: {"memory": 2**20})
    with pytest.raises(TooLarge, match="GiB"):
        engine.submit(record(hidden_size=64, length=100, batch_size=64), owner="me")
