"""Pictures of what an answer depends on: matches of a pattern, single inputs, their order."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.order_sensitivity import OrderSensitivity
from rnn_core.analysis.saliency import Saliency


def told(figure) -> str:
    """All words that stand in a picture."""
    return " ".join(a.text for a in figure.layout.annotations)


def test_matches_stand_below_the_chosen_span(run, theme):
    result = rc.select_and_match(run, rows=40, sequence=2)
    figure = rc.figures.select_and_match(result, theme=theme)
    (heat,) = figure.data
    width = result.chosen.last - result.chosen.first + 1
    assert len(heat.z) == 1 + len(result.matches) and list(heat.x) == list(range(-3, width + 3))
    assert all(v == 1 for v in heat.z[0][3 : 3 + width])
    for k, match in enumerate(result.matches, 1):
        on = (result.values[match.sequence, match.first, list(result.units)] >= result.threshold).float().mean()
        assert heat.z[k][3] == pytest.approx(float(on), abs=1e-3)
    assert list(figure.layout.yaxis.ticktext)[:2] == ["chosen", "#1"]
    assert heat.text[0][3] == result.chosen.reads[result.chosen.at.index(result.chosen.first)]


def test_no_unit_and_strange_words():
    run = rc.Run(rc.Experiment.of("gru", "next_character", hidden_size=12, length=20))
    assert "No unit switches" in told(rc.figures.select_and_match(rc.select_and_match(run, rows=4, threshold=5.0)))
    trace = run.network.trace(run.held_out.x[:9]).main

    class Odd:
        def story(self, batch, row):
            return rc.Story(["<b>"] * 20, [0], "")

    figure = rc.figures.select_and_match(rc.select_and_match(trace, run.held_out.rows(slice(0, 9)), Odd()))
    assert "&lt;b&gt;" in figure.to_json().replace("\\u003c", "<") and "<b>" not in figure.data[0].text[0]
    assert figure.data[0].texttemplate == "%{text}"


def test_saliency_bars_are_norms_and_signs_are_kept(run, theme):
    result = rc.saliency(run, rows=4)
    figure = rc.figures.saliency(result, row=2, labels=["a"] * 12, marks=[3], names=["number", "mark"], theme=theme)
    bars, heat = figure.data[:2]
    np.testing.assert_allclose(np.array(bars.y, float), result.absolute[2], rtol=1e-6)
    np.testing.assert_allclose(np.array(heat.z, float), result.signed[2].T, rtol=1e-6)
    assert heat.zmax == -heat.zmin == pytest.approx(float(result.signed[2].abs().max()))
    assert list(figure.layout.yaxis2.ticktext) == ["number", "mark"] and figure.layout.yaxis.range == (-8, 2)
    assert f"Most strongly step {int(result.strongest[2])}" in rc.figures.alt(figure)


def test_many_inputs_are_drawn_where_they_were_read():
    run = rc.Run(rc.Experiment.of("gru", "next_character", hidden_size=4, length=6))
    result = rc.saliency(run, rows=2)
    heat = rc.figures.saliency(result).data[1]
    read = run.held_out.x[0].argmax(-1)
    np.testing.assert_allclose(np.array(heat.z[0], float), result.signed[0, range(6), read], atol=1e-7)


def test_saliency_without_any_is_drawn():
    nothing = Saliency(torch.zeros(1, 3, 1), torch.ones(1, 3, 1), torch.tensor([2]), torch.tensor([0]), torch.zeros(1))
    figure = rc.figures.saliency(nothing)
    assert list(figure.data[0].y) == [None] * 3 and "No step moves it" in rc.figures.alt(figure)
    lost = Saliency(
        *(v * math.nan for v in (nothing.signed, nothing.x)), nothing.steps, nothing.outputs, nothing.answers
    )
    assert "NaN" not in rc.figures.saliency(lost).to_json()
    assert "no step" in told(rc.figures.saliency(nothing, row=4))


def test_swaps_beside_shuffles(run, theme):
    result = rc.order_sensitivity(run)
    figure = rc.figures.order_sensitivity(result, theme=theme)
    np.testing.assert_allclose(np.array(figure.data[0].y, float), np.median(result.swapped, 1).clip(1e-7), rtol=1e-5)
    assert f"all steps shuffled, median: {float(np.median(result.shuffled)):.3g}" in told(figure)
    assert [s.y0 for s in figure.layout.shapes][1] == pytest.approx(result.apart)


def test_a_bag_and_a_short_sequence():
    blind = OrderSensitivity(torch.zeros(2, 3), torch.zeros(4, 3), torch.arange(4), torch.zeros(3), False, 0.5)
    figure = rc.figures.order_sensitivity(blind)
    assert "exactly 0: 12 swaps, 6 shuffles" in told(figure) and list(figure.data[0].y) == [None] * 4
    none = OrderSensitivity(torch.full((2, 3), math.nan), torch.zeros(0, 3), torch.arange(0), torch.zeros(3), True, 0.0)
    assert "no order to change" in told(rc.figures.order_sensitivity(none))
