"""The adjoint equation: bad input, networks it does not fit, silence."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc

SPEC = rc.Experiment.of("ctrnn", "adding", hidden_size=3, length=5)


@pytest.mark.parametrize("counts", [(1,), (2, 1), (0, 1), (2, 2)])
def test_counts_rise(counts):
    with pytest.raises(ValueError, match="^Give at least two rising counts of steps.$"):
        rc.adjoint_ode(SPEC, counts)


def test_other_networks_are_refused():
    for spec in (rc.Experiment.of("gru", "adding", hidden_size=2), SPEC.with_(wiring="bidirectional")):
        with pytest.raises(ValueError, match=r"^Only a single continuous-time network \(CTRNN\)[^.]*\.$"):
            rc.adjoint_ode(spec)


def test_the_fixed_time_constants_and_no_loss():
    found = rc.adjoint_ode(SPEC.with_(learn_tau=False), (1, 2), rows=2)
    assert set(found.gradients) == {"W", "R", "b"} and found.p.shape == (2, 5, 3)
    run = rc.Run(SPEC)
    with torch.no_grad():
        run.network.readout.V.zero_()
    silent = rc.adjoint_ode(run, (1, 2), rows=2)
    assert "no gradient to come near to" in silent.says and rc.figures.adjoint_ode(silent).to_json()


def test_nobody_is_touched():
    run = rc.Run(SPEC)
    before = run.digest()
    rc.adjoint_ode(run, (1, 2), rows=2)
    assert run.digest() == before and run.network.cells[0].settings.substeps == 1
