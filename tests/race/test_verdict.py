"""Medians, bands, and what may not be said."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from rnn_core.race import Race, verdict
from rnn_core.race.verdict import Band, luck, quantile


def judged(*lanes: list, rates=(0.01, 0.1), chosen=None, seeds: int = 5, at: int = 800):
    """The verdict on made-up final losses, a list of seeds for each lane."""
    names = ["elman", "gru", "lstm", "jordan"][:len(lanes)]
    race = Race.of(names, "adding", length=6, budget=280, seeds=seeds, rates=rates, tuning_seeds=1)
    tuned = [[0.1] * len(rates)] * len(lanes)
    record = {"update": at, "round": at, "losses": list(lanes), "metrics": list(lanes),
              "seconds": [1.0] * len(lanes), "tuned": tuned, "chosen": chosen or [rates[0]] * len(lanes),
              "roads": ["stacked"] * len(lanes), "why": [""] * len(lanes)}
    return verdict(race, [record])


LOW, MIDDLE, HIGH = [0.01, 0.011, 0.012, 0.013, 0.014], [0.03, 0.04, 0.05, 0.06, 0.07], [0.2, 0.2, 0.25, 0.3, 0.3]
CLOSE = [0.0125, 0.0125, 0.013, 0.02, 0.02]


@pytest.mark.parametrize("count", [3, 4, 5, 8, 16])
def test_quantiles_are_numpys(count):
    values = list(np.random.default_rng(count).random(count))
    for q in (0.0, 0.25, 0.5, 0.75, 1.0):
        assert quantile(values, q) == pytest.approx(np.quantile(values, q))
    assert quantile(values, 0.5) == pytest.approx(statistics.median(values))


def test_what_diverged_counts_as_worst():
    assert quantile([0.1, None, 0.2], 0.5) == 0.2 and math.isinf(quantile([0.1, None, None], 0.5))
    assert math.isinf(quantile([0.1, 0.2, 0.3, None], 0.9)) and quantile([0.1, 0.2, 0.3, None], 0.0) == 0.1
    assert math.isinf(quantile([None] * 4, 0.25))


def test_the_band_is_quartiles_or_best_to_worst():
    few = judged(LOW, HIGH)
    assert few.last[0] == Band(0.012, 0.01, 0.014) and few.band_name == "best to worst seed"
    many = judged([0.01 * k for k in range(1, 10)], [1.0] * 9, seeds=9)
    assert many.last[0] == pytest.approx((0.05, 0.03, 0.07)) and "quartile" in many.says


def test_bands_that_overlap_show_no_difference():
    found = judged(LOW, CLOSE)
    assert found.lower == [] and found.alike == [(0, 1)]
    assert found.headline == "No difference shown between Elman network and GRU."
    assert judged(LOW, [0.014, 0.014, 0.02, 0.02, 0.02]).alike == [(0, 1)]


def test_the_lower_one_is_named():
    found = judged(MIDDLE, LOW)
    assert found.lower == [(1, 0)] and found.headline == "GRU ended lower than Elman network."
    assert judged(MIDDLE, LOW, at=7).headline == "GRU is so far lower than Elman network."
    three = judged(LOW, HIGH, CLOSE)
    assert three.headline == ("Elman network ended lower than GRU; LSTM ended lower than GRU; "
                              "no difference shown between Elman network and LSTM.")
    four = judged(LOW, LOW, LOW, LOW)
    assert four.headline == "No difference shown between Elman network, GRU, LSTM and Jordan network."


def test_one_wild_seed_of_eight_does_not_decide():
    low, middle = LOW[:4] + LOW[:3], MIDDLE + MIDDLE[1:4]
    for wild in (5.0, None):
        assert judged([*low, wild], middle, seeds=8).lower == [(0, 1)]
    assert "Diverged seeds: Elman network 1." in judged([*low, None], middle, seeds=8).says


@pytest.mark.parametrize("seeds", [3, 4, 5, 7])
def test_how_often_equal_ones_are_told_apart_by_luck(seeds):
    exact = 2 / math.comb(2 * seeds, seeds)
    assert luck(seeds) == pytest.approx(exact, abs=4 * math.sqrt(exact / 20_000))
    assert all(luck(n) < 0.1 for n in range(3, 17)) and luck(5) < 0.01 < luck(8)


def test_two_lanes_that_all_diverged_are_not_told_apart():
    found = judged([None] * 5, [None] * 5)
    assert found.lower == [] and "diverged (diverged to diverged)" in found.says and found.beat == [0, 0]


def test_how_many_beat_the_baseline():
    found = judged(LOW, HIGH)
    assert found.baseline.loss == pytest.approx(1 / 6, rel=0.02)
    assert found.beat == [5, 0] and judged([0.16] * 5, [0.14] * 5).beat == [0, 5]
    assert "Elman network 5, GRU 0" in found.says


def test_what_may_not_be_said_names_the_effort_and_the_edge():
    inside = judged(LOW, HIGH, rates=(0.01, 0.02, 0.03), chosen=[0.02, 0.02])
    assert "beyond" not in inside.says_not and "3 rates for 200 updates" in inside.says_not
    edge = judged(LOW, HIGH, rates=(0.01, 0.02, 0.03), chosen=[0.03, 0.01])
    assert "Elman network chose the largest" in edge.says_not and "GRU chose the smallest" in edge.says_not
    assert "beyond" not in judged(LOW, HIGH, rates=(0.01,)).says_not
    assert "less than 1 % of races" in inside.says_not and "about 10 %" in judged(LOW[:3], HIGH[:3], seeds=3).says_not


def test_tables(done, small):
    found = done.verdict
    frame = found.frame()
    assert len(frame) == 5 * 2 * 3 and set(frame.seed) == {0, 1, 2}
    assert list(frame["held-out loss"][-3:]) == done.records[-1]["losses"][1]
    assert (frame.examples == 4 * frame.updates).all()
    summary = found.summary()
    assert list(summary.weights) == small.weights and list(summary["learning rate"]) == done.chosen
    tuning = found.tuning()
    assert len(tuning) == 4 and (tuning.chosen == "✓").sum() == 2


def test_three_axes(done):
    found = done.verdict
    assert found.axis(0, "updates") == [0, 1, 2, 3, 4] and found.axis(0, "examples") == [0, 4, 8, 12, 16]
    assert found.axis(1, "seconds") == [r["seconds"][1] for r in done.records]
    with pytest.raises(ValueError, match="updates, seconds or examples"):
        found.axis(0, "miles")


def test_before_the_race_nothing_is_said(small, done):
    with pytest.raises(ValueError, match="has not begun"):
        verdict(small, [])
    with pytest.raises(ValueError, match="first rounds of this race are missing"):
        verdict(small, done.records[1:])
