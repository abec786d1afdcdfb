"""Principal components of states: by a plain eigendecomposition, signs that do not flip, answers, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc
from tests.cells.cases import same


@pytest.mark.parametrize("architecture", ["elman", "lstm", "gru"])
def test_they_are_eigenvectors_of_the_covariance(float64, architecture):
    run = rc.Run(rc.Experiment.of(architecture, "adding", hidden_size=5, length=9, ragged=True))
    found, batch = rc.state_space(run, rows=20), run.held_out.rows(slice(0, 20))
    one = run.network.trace(batch.x, mask=batch.mask).main
    states = torch.cat([v.detach().double() for v in one.states], -1)
    seen = states[batch.mask].numpy()
    values, vectors = np.linalg.eigh(np.cov(seen.T))
    np.testing.assert_allclose(found.explained, values[::-1][:3] / values.sum(), atol=1e-9)
    for k in range(3):
        direction = found.components[k].numpy()
        assert abs(direction @ vectors[:, -1 - k]) == pytest.approx(1, abs=1e-6)
        assert direction[abs(direction).argmax()] > 0
    same(found.points[batch.mask], (states[batch.mask] - states[batch.mask].mean(0)) @ found.components.T, atol=1e-9)
    assert found.points[~batch.mask].isnan().all()
    assert found.names[0] == "h[0]" and len(found.names) == seen.shape[1]
    assert torch.equal(found.points.nan_to_num(), rc.state_space(run, rows=20).points.nan_to_num())


def test_answers_are_those_of_the_task():
    run = rc.Run(rc.Experiment.of("gru", "adding", hidden_size=3, length=9, ragged=True))
    found = rc.state_space(run, rows=8)
    assert torch.equal(found.answers, run.held_out.target[:8, 0, 0])
    assert torch.equal(found.steps, run.held_out.mask[:8].sum(1) - 1)
    recall = rc.Run(rc.Experiment.of("gru", "delayed_recall", hidden_size=3, lag=5, ragged=True))
    told = rc.state_space(recall, rows=8).answers
    assert torch.equal(told, recall.held_out.x[:8, 0].argmax(-1)) and not told.is_floating_point()


def test_a_pass_or_a_field_alone():
    run = rc.Run(rc.Experiment.of("lstm", "adding", wiring="bidirectional", hidden_size=3, length=6))
    ahead, behind = (rc.state_space(run, which=k) for k in (0, 1))
    assert not torch.equal(ahead.points, behind.points)
    assert rc.state_space(run, field="c").names == ("c[0]", "c[1]", "c[2]")
    stack = rc.Experiment.of("lstm", "adding", wiring="stack", hidden_size=2, length=6)
    assert rc.state_space(stack, field="1.h").names == ("1.h[0]", "1.h[1]")
    with pytest.raises(ValueError, match="no field “q”; it has h, c"):
        rc.state_space(run, field="q")
    with pytest.raises(ValueError, match="passes 0 to 1; 2 is not"):
        rc.state_space(run, which=2)


def test_fewer_directions_than_three():
    one = rc.state_space(rc.Experiment.of("gru", "adding", hidden_size=1, length=6))
    assert one.explained.tolist() == pytest.approx([1, 0, 0]) and (one.points[..., 1:] == 0).all()
    assert len(one.frame()) == 16 * 6


def test_a_state_that_never_moves():
    run = rc.Run(rc.Experiment.of("elman", "adding", hidden_size=3, length=6))
    with torch.no_grad():
        for p in run.network.cells[0].parameters():
            p.zero_()
    still = rc.state_space(run)
    assert "the same point" in still.says and (still.points == 0).all()


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_what_is_not_finite_is_left_out(value):
    run = rc.Run(rc.Experiment.of("elman", "adding", hidden_size=3, length=6, activation="linear"))
    with torch.no_grad():
        run.network.cells[0].b.fill_(value)
    lost = rc.state_space(run)
    assert "no state is a finite number" in lost.says and len(lost.frame()) == 1
