"""The loss surface: any sizes, ways that run away, weights that do not feel the loss, bad input."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rnn_core as rc
from rnn_core.analysis.loss_surface import RULES


@given(name=st.sampled_from(["elman", "gru", "lstm", "jordan", "ctrnn"]), n=st.integers(1, 6), t=st.integers(4, 9),
       rows=st.integers(1, 5), updates=st.integers(1, 5), plane=st.sampled_from(["ways", "random"]),
       rules=st.lists(st.sampled_from(list(RULES)), min_size=1, max_size=5))
@settings(max_examples=25, deadline=None)
def test_any_size(name, n, t, rows, updates, plane, rules):
    run = rc.Run(rc.Experiment.of(name, "adding", hidden_size=n, length=t, ragged=t > 4))
    found = rc.loss_surface(run, rules, rows=rows, updates=updates, plane=plane, grid=4)
    assert list(found.ways) == list(dict.fromkeys(rules)) and found.surface.shape == (4, 4)
    torch.testing.assert_close(found.directions @ found.directions.T, torch.eye(2).double(), atol=1e-9, rtol=0)
    batch = run.held_out.rows(slice(0, rows))
    start = run.task.loss(run.network.double()(batch.x.double(), mask=batch.mask), batch).detach()
    for rule, way in found.ways.items():
        assert len(way) == updates + 1 == len(found.losses[rule])
        assert not way[0].any() and not found.away[rule][0].any()
        torch.testing.assert_close(found.losses[rule][0], start)
        assert found.shown(rule) != found.shown(rule) or 0 <= found.shown(rule) <= 1 + 1e-9
    assert len(found.frame()) == len(found.ways) * (updates + 1)


def test_a_way_that_lies_in_the_plane():
    """One update of one rule is a straight line: the plane holds all of it."""
    for rule in RULES:
        found = rc.loss_surface(rc.Experiment.of("gru", "adding", hidden_size=3, length=5), [rule], updates=1, grid=3)
        assert found.shown(rule) == pytest.approx(1)
        assert "one update" in found.says


def test_a_rule_that_runs_away():
    spec = rc.Experiment.of("elman", "adding", hidden_size=4, length=20, activation="linear")
    found = rc.loss_surface(spec, ["SGD", "Adam"], rate=50.0, updates=30, grid=5, rows=4)
    assert found.losses["SGD"][-1].isnan() and "SGD has run away" in found.says
    assert found.losses["Adam"].isfinite().all()
    assert rc.figures.loss_surface(found).to_json()


def test_weights_that_do_not_feel_the_loss():
    run = rc.Run(rc.Experiment.of("elman", "adding", hidden_size=3, length=5))
    batch = run.held_out.rows(slice(0, 2))
    found = rc.loss_surface(run.network, batch, lambda y, one: 0.0 * y.sum() + 1.0, updates=2, grid=3)
    assert "no rule moved" in found.says_not and bool((found.surface == 1).all())
    assert rc.figures.loss_surface(found).to_json()


@pytest.mark.parametrize("wrong", [{"optimisers": ["Newton"]}, {"optimisers": []}, {"updates": 0}, {"updates": 201},
                                   {"plane": "flat"}, {"grid": 2}])
def test_bad_input_is_one_sentence(wrong):
    with pytest.raises(ValueError, match=r"^[A-Z][^.]*\.( |$)"):
        rc.loss_surface(rc.Experiment.of("elman", "adding", hidden_size=2, length=4), **wrong)
