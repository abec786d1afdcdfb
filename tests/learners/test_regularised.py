"""Regularised backpropagation: sizes, silence, checkpoints, commands, what it refuses."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rnn_core as rc
from rnn_core.learners.regularised import penalty
from rnn_core.records.trees import tmap

SMALL = {"hidden_size": 3, "length": 8, "batch_size": 4}


def omega(run: rc.Run, scale: float = 1.0) -> torch.Tensor:
    """Ω of the first pass on some held-out sequences, for costates times a number."""
    batch = run.held_out.rows(slice(0, 3))
    found = rc.costates(run.network, batch, run.task.loss)
    one = found.trace.main
    order = one.in_time(found.passes[0])
    nodes = [tmap(lambda v, t=t: scale * v[:, t], order) for t in range(one.length)]
    return penalty(one, nodes).detach()


@given(name=st.sampled_from(["elman", "gru", "lstm", "jordan", "mtrnn"]), n=st.integers(2, 6), t=st.integers(4, 12),
       ragged=st.booleans(), scale=st.floats(1e-6, 1e6))
@settings(max_examples=20, deadline=None)
def test_it_is_never_negative_and_does_not_feel_the_scale_of_the_error(name, n, t, ragged, scale):
    run = rc.Run(rc.Experiment.of(name, "adding", hidden_size=n, length=t, ragged=ragged))
    run.network.double()
    run.__dict__["held_out"] = rc.Batch(run.held_out.x.double(), *run.held_out[1:])
    one = omega(run)
    assert float(one) >= 0
    torch.testing.assert_close(omega(run, scale), one, rtol=1e-6, atol=1e-9)


def test_no_error_is_no_pull():
    run = rc.Run(rc.Experiment.of("gru", "adding", **SMALL))
    with torch.no_grad():
        run.network.readout.V.zero_()
    assert float(omega(run)) == 0


@pytest.mark.parametrize("name", ["elman", "lstm"])
def test_it_goes_on_from_a_checkpoint(name):
    spec = rc.Experiment.of(name, "adding", "regularised", updates=6, **SMALL)
    whole = rc.train(spec, quiet=True)
    half = rc.Run(spec)
    for step in half.training():
        if step is not None and step.update == 3:
            break
    kept, numbers = half.learner.tensors(), half.learner.numbers()
    half.learner.restore(kept, numbers)
    assert half.learner.settings.regulariser == 1.0
    for _ in half.training():
        pass
    assert half.digest() == whole.digest()


def test_the_weight_of_the_regulariser_can_change_in_mid_run():
    run = rc.Run(rc.Experiment.of("elman", "adding", "regularised", updates=4, **SMALL))
    for step in run.training():
        if step is not None and step.update == 1:
            run.obey("regulariser", 0.0)
    assert run.learner.settings.regulariser == 0.0 and run.status == "done"
    with pytest.raises(ValueError, match="outside the range of regulariser.$"):
        run.obey("regulariser", -1.0)


def test_a_reservoir_is_refused():
    with pytest.raises(ValueError, match=r"^A [^.]* has frozen recurrent weights[^.]*\.$"):
        rc.Experiment.of("echo_state", "adding", "regularised")


def test_a_net_that_runs_away_is_stopped():
    spec = rc.Experiment.of("elman", "adding", "regularised", activation="linear", gain=5.0, learning_rate=10.0,
                            clip=0.0, hidden_size=3, length=60, batch_size=4, updates=50, optimiser="sgd")
    run = rc.train(spec, quiet=True)
    assert run.status == "diverged" and all(p.isfinite().all() for p in run.network.parameters())
