"""Many networks in one call are the networks one by one: outputs, losses, and steps in worlds of their own."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.stacked import Crowd, Rows, acting
from tests.covering import architectures_with_wirings

K, B = 3, 2
SMALL = {"hidden_size": 3, "batch_size": B}
CASES = architectures_with_wirings()
TASKS = {"adding": {"length": 7, "ragged": True}, "delayed_recall": {"lag": 3}}


def crowd_of(architecture: str, wiring: str, task: str, **settings):
    """A crowd in float64, some rows of weights, sequences, and the task."""
    spec = rc.Experiment.of(architecture, task, wiring=wiring, **SMALL, **TASKS.get(task, {}), **settings)
    run = rc.Run(spec)
    network = run.network.double()
    batch = run.task.sample(B, run.streams.data)
    batch = batch._replace(x=batch.x.double())
    crowd = Crowd(network, batch)
    own = crowd.rows.of(network)
    weights = own + 0.3 * torch.randn(K, len(own), generator=run.streams.noise).double()
    return crowd, weights, batch, run


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(("architecture", "wiring"), CASES, ids=map("-".join, CASES))
def test_outputs_and_losses(architecture, wiring, task):
    crowd, weights, batch, run = crowd_of(architecture, wiring, task)
    found = crowd.outputs(weights, batch)
    *_, losses = crowd.losses(weights, batch, run.task.loss)
    for row, y, loss in zip(weights, found, losses, strict=True):
        crowd.rows.settle(row, run.network)
        with torch.no_grad():
            wanted = run.network(batch.x, mask=batch.mask)
        torch.testing.assert_close(y, wanted, rtol=1e-10, atol=1e-12)
        assert float(loss) == pytest.approx(float(run.task.loss(wanted, batch)), rel=1e-6)


def test_most_go_by_their_own_code():
    for architecture in ("elman", "gru", "lstm", "jordan"):
        crowd, *_ = crowd_of(architecture, "single", "adding")
        assert crowd.road == "stacked" and crowd.why.endswith(".")


def test_no_more_in_one_call_than_there_is_room_for(monkeypatch):
    crowd, weights, batch, run = crowd_of("elman", "single", "adding")
    *_, whole = crowd.losses(weights, batch, run.task.loss)
    monkeypatch.setattr("rnn_core.stacked.crowd.AT_ONCE", 1)
    steps = list(crowd.losses(weights, batch, run.task.loss))
    assert steps[:-1] == [None] * (K - 1)
    torch.testing.assert_close(steps[-1], whole)


@pytest.mark.parametrize("road", ["stacked", "vmap", "one by one"])
@pytest.mark.parametrize(("architecture", "wiring"), [("elman", "single"), ("lstm", "stack"), ("jordan", "single"),
                                                      ("gru", "clocked")])
def test_steps_in_worlds_of_their_own(architecture, wiring, road, generator):
    crowd, weights, *_, run = crowd_of(architecture, wiring, "delayed_recall")
    if road != "stacked":
        crowd.forward = None if road == "one by one" else (lambda *_: None)
    x = torch.randn(K, B, 4, crowd.single.cells[0].input_size, generator=generator).double()
    step, state, found = acting(crowd, weights), None, []
    for now in x.unbind(2):
        y, state = step(now.flatten(0, 1), state)
        found.append(y.unflatten(0, (K, B)))
    for k, row in enumerate(weights):
        Rows(run.network).settle(row, run.network)
        with torch.no_grad():
            wanted = run.network.trace(x[k]).outputs
        torch.testing.assert_close(torch.stack(found, 2)[k], wanted, rtol=1e-10, atol=1e-12)


def test_rows_come_and_go():
    run = rc.Run(rc.Experiment.of("echo_state", "narma", "ridge", hidden_size=5))
    rows = Rows(run.network)
    row = rows.of(run.network)
    assert rows.width == len(row) == run.network.cells[0].weight_count
    rows.settle(2 * row, run.network)
    assert torch.equal(rows.of(run.network), 2 * row)
    assert all(v.shape[0] == 4 for v in rows.parts(row.expand(4, -1)).values())
