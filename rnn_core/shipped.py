"""The small trained run that ships with the project, so that no page ever opens empty."""
from __future__ import annotations

from functools import cache
from pathlib import Path

from rnn_core.experiment import Experiment
from rnn_core.loading import load
from rnn_core.run import Run, train

FOLDER = Path(__file__).parent / "assets" / "home"


@cache
def shipped_spec() -> Experiment:
    """What was run: an LSTM with 16 units that adds two of forty numbers."""
    return Experiment.of("lstm", "adding", "bptt", hidden_size=16, length=40, updates=2000,
                         learning_rate=0.01, seed=0)


@cache
def shipped() -> Run:
    """The run itself, read from the project's own files."""
    return load(FOLDER)


def rebuild() -> Run:
    """Train it again and put it in the place of the old one."""
    run = train(shipped_spec())
    run.save(FOLDER)
    return run
