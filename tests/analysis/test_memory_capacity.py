"""Memory capacity: what it refuses, what it says, and that it is a question about the state alone."""

from __future__ import annotations

import pytest

import rnn_core as rc

SPEC = rc.Experiment.of("echo_state", "narma", hidden_size=12)


def test_it_is_at_most_the_number_of_units_and_told_in_words():
    result = rc.memory_capacity(SPEC, lags=15)
    assert result.units == 12 and 1 < result.total < 12.5 and len(result.frame()) == 16
    assert f"{result.total:.2f}" in result.says


def test_what_it_refuses():
    with pytest.raises(ValueError, match="not among them.$"):
        rc.memory_capacity(SPEC, channel=1)
    with pytest.raises(ValueError, match="more than 20 steps"):
        rc.memory_capacity(SPEC, steps=20)


def test_an_explosion_is_told():
    wild = SPEC.with_(activation="linear", spectral_radius=3.0, leak=1.0)
    assert "left the finite numbers" in rc.memory_capacity(wild).says
