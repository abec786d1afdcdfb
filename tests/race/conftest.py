"""A small race that all tests of this room look at."""

from __future__ import annotations

import pytest

from rnn_core.race import Race, RaceRun, race

SMALL = {"length": 6, "batch_size": 4, "budget": 118, "seeds": 3, "rates": (0.01, 0.1), "tuning_seeds": 2,
         "tuning_updates": 3, "race_updates": 4}


@pytest.fixture(scope="package")
def small() -> Race:
    """A race that is over at once; the LSTM goes one by one, the Elman net is stacked."""
    return Race.of(["elman", "lstm"], "adding", **SMALL)


@pytest.fixture(scope="package")
def done(small) -> RaceRun:
    """The same race carried out."""
    return race(small, quiet=True)
