"""The run that ships is what the code would train today."""
from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc
from rnn_core.shipped import shipped, shipped_spec

UPDATES = 50


@pytest.fixture(scope="module")
def again() -> rc.Run:
    """The first updates once more."""
    run = rc.Run(shipped_spec())
    steps = run.training()
    while run.update < UPDATES:
        next(steps)
    return run


def test_it_is_the_record_that_the_pages_expect() -> None:
    assert shipped().spec == shipped_spec()
    assert shipped().status == "done" and shipped().update == shipped_spec().updates


def test_training_again_gives_the_same_losses(again: rc.Run) -> None:
    ours, theirs = (run.history.loss[1:UPDATES + 1].to_numpy(float) for run in (again, shipped()))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)


def test_training_again_gives_the_same_weights(again: rc.Run) -> None:
    for moment in (0, 1, 10, 40):
        for name, weights in again.tape[moment].items():
            torch.testing.assert_close(weights, shipped().tape[moment][name], rtol=1e-3, atol=1e-5)


def test_what_its_history_says_is_what_its_network_does() -> None:
    loss, metric = shipped().measure()
    last = shipped().records[-1]
    assert loss == pytest.approx(last["held_out"], rel=1e-4) and metric == pytest.approx(last["metric"], rel=1e-4)
    assert loss < shipped().task.baseline().loss / 100
