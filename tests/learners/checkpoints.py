"""A run that is left half-way and taken up from its checkpoint."""

from __future__ import annotations

import rnn_core as rc


def taken_up(spec: rc.Experiment, at: int = 2) -> rc.Run:
    """The run carried out in one go; its twin, left after ``at`` updates and taken up again, must be the same to the
    last bit."""
    whole, half = rc.Run(spec), rc.Run(spec)
    list(whole.training())
    steps = half.training()
    while half.update < at:
        next(steps)
    again = rc.Run.resume(spec, half.checkpoint())
    list(again.training())
    assert again.digest() == whole.digest()
    return whole
