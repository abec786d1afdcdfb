"""The race drawn: medians and bands where the numbers say, every lane told apart, every seed a dot."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import rnn_core as rc
from rnn_core.figures.ink import INKS
from rnn_core.race import verdict

NAMES = ["elman", "gru", "lstm"]
ROUNDS = 6


@pytest.fixture(params=["a race", "one round", "diverged seeds", "nothing finite"])
def result(request):
    """Verdicts on made-up rounds of a race."""
    race = rc.Race.of(NAMES, "adding", length=6, budget=280, seeds=5, rates=[0.01])
    random, rounds = np.random.default_rng(0), 1 if request.param == "one round" else ROUNDS
    records = []
    for k in range(rounds):
        losses = [[float(v) for v in 0.2 / (1 + k * (lane + 1)) + 0.01 * random.random(5)] for lane in range(3)]
        if request.param == "diverged seeds" and k > 2:
            losses[0][1] = losses[1][0] = losses[1][1] = losses[1][2] = None
        if request.param == "nothing finite":
            losses = [[None] * 5] * 3
        records.append({"update": k, "round": 10 * k, "losses": losses, "metrics": losses,
                        "seconds": [k * 0.1, k * 0.2, k * 0.3]})
    records[0] |= {"tuned": [[0.1] * 3] * 3, "chosen": [0.01] * 3, "roads": ["stacked"] * 3, "why": [""] * 3}
    return verdict(race, records)


@pytest.mark.parametrize("over", ["updates", "seconds", "examples"])
def test_the_line_is_the_median_and_the_area_the_band(result, over, theme):
    picture = rc.figures.race(result, over=over, theme=theme)
    areas, lines = picture.data[::2], picture.data[1::2]
    assert len(areas) == len(lines) == 3
    for lane, (area, line) in enumerate(zip(areas, lines, strict=True)):
        bands = result.bands(lane)
        known = [b for b in bands if np.isfinite(b.median)]
        drawn = [v for v in line.y if v is not None and np.isfinite(v)]
        assert drawn == pytest.approx([b.median for b in known])
        assert list(line.x) == pytest.approx(result.axis(lane, over))
        count = len(area.x) // 2
        assert list(area.y[:count]) >= list(area.y[count:][::-1])
        finite = [b for b in bands if np.isfinite(b.high)]
        assert all(any(v == pytest.approx(b.high) for v in area.y) for b in finite)


def test_lanes_are_told_apart_without_colour(result, theme):
    picture = rc.figures.race(result, theme=theme)
    lines = picture.data[1::2]
    assert len({line.line.dash for line in lines}) == 3 == len({line.line.color for line in lines})
    words = [a.text for a in picture.layout.annotations]
    assert {"Elman network", "GRU", "LSTM"} <= set(words)
    assert any("always say the mean" in w for w in words)
    seeds = rc.figures.race_seeds(result, theme=theme)
    assert len({d.marker.symbol[3] for d in seeds.data if d.marker.symbol[3] != "x"}) in (0, 2, 3)
    assert [len(d.x) for d in seeds.data] == [5, 5, 5]


def test_a_seed_that_diverged_is_a_cross_at_the_top(result):
    picture = rc.figures.race_seeds(result)
    top = 10.0 ** picture.layout.yaxis.range[1]
    for lane, dots in enumerate(picture.data):
        for y, symbol, said, value in zip(dots.y, dots.marker.symbol, dots.text, result.finals[lane], strict=True):
            assert (symbol == "x") == (value is None) == (said.endswith("diverged"))
            assert y == pytest.approx(top if value is None else value)


@pytest.mark.parametrize("name", ["race", "race_seeds"])
def test_both_themes_words_and_nothing_from_elsewhere(name, result, theme):
    picture = getattr(rc.figures, name)(result, theme=theme)
    text, alt = picture.to_json(), rc.figures.alt(picture)
    assert len(alt) > 40 and "nan" not in alt and "inf" not in alt.lower().split()
    assert "://" not in text and "Infinity" not in text and json.loads(text)
    assert set(re.findall(r'"family":"([^"]+)"', text)) <= {"Source Sans, sans-serif", "Source Serif, serif"}
    assert not any(colour in text for colour in INKS["dark" if theme == "light" else "light"])


def test_wrong_wishes_get_one_sentence(result):
    for options in ({"over": "miles"}, {"theme": "sepia"}):
        with pytest.raises(ValueError):
            rc.figures.race(result, **options)
