"""Running free: where it can, where it is told instead, what it refuses and what it says of a run-away."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.records import Batch


def fitted(task: str = "mackey_glass", **settings) -> rc.Run:
    given = {"hidden_size": 40, "length": 200, "batch_size": 8, "ridge": 1e-6, "washout": 20} | settings
    run = rc.Run(rc.Experiment.of("echo_state", task, "ridge", **given))
    run.network.double()
    for _ in run.learner.update():
        pass
    return run


def test_it_stays_longer_than_the_last_value_and_knows_the_pace():
    run = fitted()
    found = rc.free_run(run, rows=4, heard=100)
    assert found.free and found.said.shape == (4, 101, 1) and found.exponent == pytest.approx(0.0058, abs=1e-3)
    assert float(found.horizons.double().mean()) > 2 * float(found.staying.double().mean())
    assert "Lyapunov times; saying the last value again would for" in found.says and len(found.frame()) == 4 * 101
    torch.testing.assert_close(found.truth, run.held_out.target[:4, 99:].double())


def test_the_first_answer_is_the_one_that_is_told_too():
    run = fitted("lorenz")
    found, batch = rc.free_run(run, rows=2, heard=50), run.held_out.rows(slice(0, 2))
    with torch.no_grad():
        told = run.network(batch.x.double())
    torch.testing.assert_close(found.said[:, 0], told[:, 49])


def test_a_drive_is_told():
    found = rc.free_run(fitted("narma"), rows=4, heard=50)
    assert not found.free and found.exponent is None and found.says.startswith("told every input after the first 50.")
    assert found.nrmse < 1


def test_a_run_away_is_told():
    run = fitted(hidden_size=5)
    with torch.no_grad():
        run.network.cells[0].V.mul_(1e3)
    found = rc.free_run(run, rows=1, heard=20)
    assert not bool(found.said.isfinite().all()) and "runs away from all bounds" in found.says
    assert "nan" not in rc.figures.alt(rc.figures.free_run(found)) and rc.figures.free_run(found).to_json()


def test_what_it_refuses():
    run = fitted()
    for heard in (0, 200):
        with pytest.raises(ValueError, match="values can be heard"):
            rc.free_run(run, heard=heard)
    with pytest.raises(ValueError, match="classes"):
        rc.free_run(rc.Experiment.of("lstm", "temporal_order", hidden_size=3))
    short = Batch(torch.zeros(1, 1, 1), torch.zeros(1, 1, 1))
    with pytest.raises(ValueError, match="values can be heard"):
        rc.free_run(run.network, short)
