"""One small run with a change in mid-run, and what all exports are held against."""

from __future__ import annotations

import pytest

import rnn_core as rc

SPEC = rc.Experiment.of("lstm", "adding", hidden_size=3, length=6, batch_size=4, updates=20, ragged=True, seed=5)


@pytest.fixture(scope="package")
def run() -> rc.Run:
    """A short run whose learning rate was changed on the way."""
    return rc.train(SPEC, [rc.Command(update=8, name="learning_rate", value=0.02)], quiet=True)
