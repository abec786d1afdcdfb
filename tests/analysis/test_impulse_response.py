"""Impulse responses: two runs and nothing else, before and after, of every wiring, and what cannot be asked."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.records import Batch


def spec(architecture="lstm", **settings):
    return rc.Experiment.of(architecture, "adding", **{"hidden_size": 4, "length": 12, **settings})


@pytest.mark.parametrize("architecture", ["lstm", "jordan", "narx", "infinite_impulse"])
def test_it_is_the_difference_of_two_runs(architecture):
    run = rc.Run(spec(architecture))
    x = run.held_out.x[:6].clone()
    told = rc.impulse_response(run, rows=6, step=5, channel=1, size=-0.5, around="data")
    struck = x.clone()
    struck[:, 5, 1] -= 0.5
    change = (run.network.trace(struck).outputs - run.network.trace(x).outputs).mean(0).detach()
    torch.testing.assert_close(told.outputs, change)
    assert told.lags[0] == -5 and not told.outputs[:5].any() and not told.states[:5].any() and told.states[5] > 0
    assert told.sequences == 6 and told.frame()["lag"].tolist() == list(range(-5, 7))


def test_who_reads_from_both_ends_feels_it_before():
    told = rc.impulse_response(spec(wiring="bidirectional"), step=6)
    assert bool((told.outputs[:6].abs() > 0).all()) and len(told.names) == 2
    assert {f"state of {name}" for name in told.names} < set(told.frame().columns)
    torch.testing.assert_close(told.passes.norm(dim=0), told.states)


def test_missing_steps_are_not_counted():
    run = rc.Run(spec(ragged=True))
    batch = run.held_out
    told = rc.impulse_response(run, rows=128, step=9, around="data")
    rows = batch.mask[:, 9]
    x = batch.x[rows].clone()
    y = run.network.trace(x, mask=batch.mask[rows]).outputs
    x[:, 9, 0] += 1
    change = (run.network.trace(x, mask=batch.mask[rows]).outputs - y).detach()
    torch.testing.assert_close(told.outputs[9], change[:, 9].mean(0))
    last = change[batch.mask[rows][:, 11], 11].mean(0)
    torch.testing.assert_close(told.outputs[11], last)


def test_what_it_says():
    assert "nothing is left, exactly" in rc.impulse_response(spec("finite_impulse", taps=3)).says
    for architecture, words in (("lstm", "at once; 11 steps after it"), ("elman", "3 steps after it; 11 steps")):
        assert words in rc.impulse_response(spec(architecture)).says
    run = rc.Run(spec("elman"))
    with torch.no_grad():
        run.network.readout.V.zero_()
    told = rc.impulse_response(run)
    assert "no output" in told.says and told.last is None and not told.outputs.any()
    burst = rc.impulse_response(spec("elman", activation="linear", gain=5.0, length=300), size=3.0)
    assert "finite" in burst.says


@pytest.mark.parametrize(("wrong", "sentence"), [({"step": 12}, "There are steps 0 to 11; 12"),
                                                ({"step": -1}, "There are steps 0 to 11; -1"),
                                                ({"channel": 2}, "There are inputs 0 to 1; 2"),
                                                ({"size": 0.0}, "An impulse needs"),
                                                ({"size": float("nan")}, "An impulse needs")])
def test_what_cannot_be_asked(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        rc.impulse_response(spec(), **wrong)


def test_symbols_have_no_impulse():
    with pytest.raises(ValueError, match="symbols"):
        rc.impulse_response(rc.Run(spec()).network, Batch(torch.zeros(2, 3, dtype=torch.long), torch.zeros(2, 3)))
