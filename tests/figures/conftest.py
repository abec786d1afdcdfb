"""Small real runs that all pictures are drawn from."""

from __future__ import annotations

import pytest

import rnn_core as rc


@pytest.fixture(scope="package")
def run() -> rc.Run:
    """A small LSTM, trained a little on adding."""
    spec = rc.Experiment.of("lstm", "adding", hidden_size=4, length=12, updates=30, batch_size=8, seed=1)
    return rc.train(spec, quiet=True)


@pytest.fixture(scope="package")
def forgetful() -> rc.Run:
    """A fresh Elman network with small recurrent weights, whose early gradients lie below the axis."""
    return rc.Run(rc.Experiment.of("elman", "adding", hidden_size=5, length=60, gain=0.3))


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    """Each theme in turn."""
    return request.param
