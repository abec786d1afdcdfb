"""The strips of a trace: every number as it was, one time axis."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc


def strips(figure) -> dict:
    """The first trace of every vertical axis."""
    found = {}
    for one in figure.data:
        found.setdefault(one.yaxis, one)
    return found


def test_every_gate_and_state_is_there_with_its_own_numbers(run, theme):
    trace = run.network.trace(run.held_out.x)
    figure = rc.figures.hidden_states(trace, row=3, theme=theme)
    heat = [one for one in figure.data if one.type == "heatmap"]
    order = ["g", "c", "h", "i", "f", "o"]
    assert len(heat) == 6
    for one, name in zip(heat, order, strict=True):
        np.testing.assert_allclose(one.z, trace.main.probes[name][3].T.detach(), atol=6e-5)
    assert [(one.zmin, one.zmax) for one in heat] == [(-1, 1)] * 3 + [(0, 1)] * 3
    first, *_, last = figure.data
    np.testing.assert_allclose(first.y, run.held_out.x[3, :, 0])
    np.testing.assert_allclose(last.y, trace.outputs[3, :, 0].detach())


def test_all_strips_share_one_time_axis(run):
    figure = rc.figures.hidden_states(run.network.trace(run.held_out.x))
    assert {one.xaxis or "x" for one in figure.data} == {"x"} and len(strips(figure)) == 8
    domains = [figure.layout[f"yaxis{k or ''}"].domain for k in ("", *range(2, 9))]
    assert all(low < high for low, high in domains)
    assert all(upper[0] > lower[1] for upper, lower in zip(domains, domains[1:], strict=False))


def test_a_pass_alone_has_no_prediction(run):
    figure = rc.figures.hidden_states(run.network.trace(run.held_out.x).main)
    assert len(strips(figure)) == 7 and not any("prediction" in a.text for a in figure.layout.annotations)


@pytest.mark.parametrize(("steps", "points"), [(1, 1), (1000, 500)])
def test_short_and_long(steps, points):
    cell = rc.make_cell("gru", 2, hidden_size=3)
    figure = rc.figures.hidden_states(rc.unroll(cell, torch.randn(1, steps, 2)))
    assert all(len(one.x) == points for one in figure.data) and figure.to_json()


def test_steps_that_do_not_exist_are_gaps_and_an_empty_batch_says_so():
    cell = rc.make_cell("elman", 2, hidden_size=3)
    mask = torch.tensor([[True, True, False]])
    figure = rc.figures.hidden_states(rc.unroll(cell, torch.randn(1, 3, 2), mask=mask))
    heat = next(one for one in figure.data if one.type == "heatmap")
    assert np.isnan(heat.z[:, 2].astype(float)).all()
    assert "no step" in rc.figures.alt(rc.figures.hidden_states(rc.unroll(cell, torch.randn(0, 3, 2))))


@pytest.mark.parametrize(
    "name", sorted(n for n in rc.architectures() if "sequence" in rc.catalogue.cell_classes()[n].runs_along)
)
def test_every_architecture_that_runs_along_a_sequence(name, generator):
    cell = rc.make_cell(name, 2, hidden_size=4)
    assert rc.figures.hidden_states(rc.unroll(cell, cell.draw(2, 5, generator))).to_json()
