"""The picture of an intervention: both answers, the target where it counts, and the difference of every state."""

from __future__ import annotations

import numpy as np
import torch

import rnn_core as rc
from rnn_core.records import Intervention

HELD = Intervention(kind="hold", name="f", value=0.0, first=5, last=7)


def test_the_numbers_are_those_of_the_result(run, theme):
    result = rc.intervene(run, [HELD])
    figure = rc.figures.intervene(result, row=3, theme=theme)
    said = {one.name: one for one in figure.data if one.type == "scatter"}
    np.testing.assert_allclose(said["touched"].y, result.after.outputs[3, :, 0])
    np.testing.assert_allclose(said["untouched"].y, result.before.outputs[3, :, 0])
    assert list(said["target"].x) == [11] and said["target"].mode == "markers"
    np.testing.assert_allclose(said["target"].y, result.batch.target[3, -1])
    heat = [one for one in figure.data if one.type == "heatmap"]
    assert [(one.zmin, one.zmax) for one in heat] == [(-1, 1)] * 2
    for one, gap in zip(heat, result.states().values(), strict=True):
        np.testing.assert_allclose(np.array(one.z, dtype=float), gap[3].T, atol=6e-5)
    assert any(s.type == "rect" and (s.x0, s.x1) == (4.5, 7.5) for s in figure.layout.shapes)
    assert "the network says" in rc.figures.alt(figure)


def test_classes_are_drawn_as_the_probability_of_the_right_one():
    spec = rc.Experiment.of("gru", "delayed_recall", hidden_size=3, lag=20, ragged=True)
    result = rc.intervene(spec, [Intervention(kind="hold", name="z", value=1.0)], rows=8)
    figure = rc.figures.intervene(result, row=1)
    said = {one.name: one for one in figure.data if one.type == "scatter"}
    there = result.batch.mask[1]
    p = result.after.outputs[1].softmax(-1)[torch.arange(21), result.batch.target[1]]
    np.testing.assert_allclose(np.array(said["touched"].y, dtype=float)[there], p[there], rtol=1e-6)
    assert np.isnan(np.array(said["touched"].y, dtype=float)[~there]).all() and (~there).any()
    assert set(np.array(said["target"].y)[there].tolist()) == {1.0} and said["target"].mode == "lines"


def test_large_networks_show_the_units_that_change_most():
    spec = rc.Experiment.of("elman", "adding", hidden_size=80, length=6)
    result = rc.intervene(spec, [Intervention(kind="clamp", name="h", unit=70, value=2.0, first=1)], rows=2)
    heat = next(one for one in rc.figures.intervene(result).data if one.type == "heatmap")
    gap = result.states()["h"][0].abs().amax(0)
    assert len(heat.z) == 64
    kept = np.sort(gap.numpy())[-64:]
    np.testing.assert_allclose(np.sort(np.abs(np.array(heat.z)).max(1)), kept, atol=1e-4)


def test_a_pass_and_an_output_can_be_chosen_and_no_row_is_said_so():
    spec = rc.Experiment.of("gru", "adding", wiring="bidirectional", hidden_size=3, length=6)
    result = rc.intervene(spec, [Intervention(kind="hold", name="z", value=0.0, which=1)], rows=2)
    here, there = (rc.figures.intervene(result, which=k) for k in (0, 1))
    assert not np.any(next(one for one in here.data if one.type == "heatmap").z)
    assert np.any(next(one for one in there.data if one.type == "heatmap").z)
    assert "no step" in rc.figures.alt(rc.figures.intervene(result, row=2))


def test_numbers_that_are_not_finite_leave_gaps():
    spec = rc.Experiment.of("elman", "adding", hidden_size=3, length=300, gain=5.0, activation="linear")
    result = rc.intervene(spec, [Intervention(kind="input", unit=0, value=1.0)], rows=1)
    figure = rc.figures.intervene(result)
    assert "nan" not in rc.figures.alt(figure) and figure.to_json()
