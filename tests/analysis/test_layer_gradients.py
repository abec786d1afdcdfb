"""Gradients by layer: what they add up to, who has how many layers, and what is said of odd networks."""
from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.layer_gradients import LayerGradients
from tests.cells.cases import same


def deep(**settings):
    """A small deep network on a small task."""
    return rc.Experiment.of("lstm", "adding", wiring="stack", hidden_size=3, length=6, **settings)


@pytest.mark.parametrize("residual", [False, True])
def test_layers_together_are_the_whole_signal(residual):
    run = rc.Run(deep(layers=4, residual=residual))
    found, whole = rc.layer_gradients(run), rc.gradient_norms(run)
    assert found.norms.shape == (16, 4)
    same(found.norms.square().sum(1), whole.norms.square().sum(1), atol=1e-6)
    table = found.frame()
    assert table["layer"].tolist() == [1, 2, 3, 4] * 16 and len(table) == 64


def test_padding_is_not_felt():
    run = rc.Run(deep(layers=2, ragged=True))
    found, whole = rc.layer_gradients(run), rc.gradient_norms(run)
    same(found.norms.square().sum(1), whole.norms.nan_to_num(0.0).square().sum(1), atol=1e-6)


def test_levels_with_clocks_are_layers():
    found = rc.layer_gradients(rc.Experiment.of("lstm", "adding", wiring="clocked", hidden_size=3, length=9, layers=3))
    assert found.norms.shape[1] == 3 and bool(found.norms.all())


def test_one_cell_is_one_layer():
    found = rc.layer_gradients(rc.Experiment.of("gru", "adding", hidden_size=3, length=6))
    assert found.norms.shape[1] == 1 and "a single layer" in found.says


def test_both_passes_can_be_asked_for():
    run = rc.Run(rc.Experiment.of("gru", "adding", wiring="bidirectional", hidden_size=3, length=6))
    ahead, behind = rc.layer_gradients(run), rc.layer_gradients(run, which=1)
    assert ahead.name != behind.name and not torch.equal(ahead.norms, behind.norms)


@pytest.mark.parametrize(("norms", "words"), [([[0.5, 2.0]], "0.25 times as loud"), ([[0.5, 0.0]], "as silent as"),
                                              ([[torch.nan, 1.0]], "left the finite numbers")])
def test_what_is_said(norms, words):
    assert words in LayerGradients(torch.tensor(norms)).says
