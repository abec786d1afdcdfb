"""Payloads come back as they went in, and quantised numbers within their promised error."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_core.viewer import Quantised, pack, quantise, unpack


@pytest.mark.parametrize(("dtype", "levels"), [("uint8", 254), ("uint16", 65534)])
def test_quantise_rounds_within_half_a_level_and_keeps_missing(dtype, levels):
    values = np.random.default_rng(0).uniform(-3, 5, 1000)
    values[7] = np.nan
    header, arrays = unpack(pack({"a": quantise(values, -3, 5, dtype)}, view="timeline"))
    assert header["arrays"]["a"]["range"] == [-3, 5]
    assert np.isnan(arrays["a"][7])
    seen = np.delete(np.arange(1000), 7)
    assert np.abs(arrays["a"][seen] - values[seen]).max() <= 8 / levels / 2 + 1e-6


def test_quantise_clips_and_hits_both_ends():
    levels = quantise(np.array([-9.0, 0.0, 1.0, 9.0]), 0, 1).levels
    assert levels.tolist() == [0, 0, 254, 254]


def test_quantise_needs_a_range():
    with pytest.raises(ValueError, match="low < high"):
        quantise(np.zeros(3), 1, 1)


def test_pack_round_trip_with_awkward_lengths_and_words():
    arrays = {"x": np.arange(3, dtype=np.uint8), "y": np.random.default_rng(1).normal(size=(2, 5)).astype(np.float32)}
    payload = pack(arrays, view="timeline", key="ŷₜ ✓", T=3)
    header, back = unpack(payload)
    assert (header["view"], header["key"], header["T"]) == ("timeline", "ŷₜ ✓", 3)
    assert all(np.array_equal(back[name], arrays[name]) and back[name].dtype == arrays[name].dtype for name in arrays)
    assert all(spec["offset"] % 8 == 0 for spec in header["arrays"].values()) and len(payload) % 8 == 0


def test_pack_refuses_other_numbers_and_unspeakable_headers():
    with pytest.raises(TypeError, match="float64"):
        pack({"a": np.zeros(3)})
    with pytest.raises(ValueError, match="JSON"):
        pack({}, low=float("nan"))


def test_quantised_is_what_pack_reads():
    assert unpack(pack({"a": Quantised(np.array([0, 254, 255], np.uint8), 2.0, 4.0)}))[1]["a"][:2].tolist() == [2, 4]
