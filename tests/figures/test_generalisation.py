"""Beyond what was trained, drawn: a bar and a dash for each version, the direction in words, nothing for NaN."""

from __future__ import annotations

import dataclasses

import pytest

import rnn_core as rc
from rnn_core.analysis.generalisation import Generalisation

VERSIONS = ("as trained", "2 × the lag", "10 × the lag")
RESULT = Generalisation(VERSIONS, (0.99, 0.8, 0.25), (0.01,) * 3, (0.25,) * 3, ("guess",) * 3, "accuracy", "higher",
                        200)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_bars_and_dashes(theme):
    picture = rc.figures.generalisation(RESULT, theme=theme)
    bars, dashes = picture.data
    assert list(bars.y) == [0.99, 0.8, 0.25] and list(dashes.y) == [0.25] * 3
    assert list(picture.layout.xaxis.ticktext) == list(RESULT.versions) and picture.layout.yaxis.range == (0, 1.12)
    words = " ".join(a.text for a in picture.layout.annotations)
    assert "accuracy, higher is better" in words and "dash: the baseline; 200 sequences each" in words
    assert "0.99" in rc.figures.alt(picture) and "no better than the baseline: 10 × the lag" in rc.figures.alt(picture)


def test_an_error_ends_above_the_highest():
    result = dataclasses.replace(RESULT, values=(0.01, 0.5, 4.0), metric="mean squared error", better="lower")
    assert rc.figures.generalisation(result).layout.yaxis.range[1] == pytest.approx(4.8)


def test_what_cannot_be_drawn():
    picture = rc.figures.generalisation(dataclasses.replace(RESULT, values=(0.9, float("nan"), 0.2)))
    assert not picture.data and "nan" not in rc.figures.alt(picture)
    with pytest.raises(ValueError, match="light or dark"):
        rc.figures.generalisation(RESULT, theme="sepia")


def test_a_task_without_harder_versions_is_one_bar():
    spec = rc.Experiment.of("lstm", "seventh_letter", hidden_size=3)
    picture = rc.figures.generalisation(rc.generalisation(spec.make_network(), spec.make_task()))
    assert len(picture.data[0].y) == 1
