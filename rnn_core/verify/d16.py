"""D16, time constants: the decay measured on a linear unit under white noise is that of its leak or its gate."""
from __future__ import annotations

import math
from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, near, quick, same

SEQUENCES, STEPS, SEEDS = 200, 400, 3
#: The largest deviation in five runs of seven units each was 5.4 %.
WITHIN = 0.08


@quick
def leaks() -> Iterator[Finding]:
    """Neurons that hear white noise alone: y_t = (1 − a) y_{t−1} + noise, measured beside −1/ln(1 − a)."""
    leak = [1 / tau for tau in (2, 4, 8, 16)]
    for seed in range(SEEDS):
        cell = rc.make_cell("ctrnn", 1, hidden_size=4, tau_low=2.0, tau_high=16.0, learn_tau=False).double()
        with torch.no_grad():
            cell.R.zero_()
            cell.W.fill_(1.0)
        found = rc.time_constants(rc.unroll(cell, _noise(seed)))
        for a, tau, known in zip(leak, found.measured.tolist(), found.known.tolist(), strict=True):
            exact = -1 / math.log(1 - a)
            yield near(f"run {seed}, a = 1/{round(1 / a)}: measured decay in steps", exact, tau, WITHIN * exact)
            if not seed:
                yield near(f"a = 1/{round(1 / a)}: the constant that is told", exact, known, 1e-5)


@quick
def gates() -> Iterator[Finding]:
    """A gated unit whose gate stands at f and whose candidate is white noise, measured beside −1/ln f."""
    kept = (0.5, 0.8, 0.9)
    for seed in range(SEEDS):
        cell = rc.make_cell("gru", 1, hidden_size=3).double()
        with torch.no_grad():
            cell.R.zero_()
            cell.W.view(3, 3, 1)[1] = 0
            cell.b.view(3, 3)[1] = torch.logit(torch.tensor(kept, dtype=torch.float64))
        found = rc.time_constants(rc.unroll(cell, _noise(seed)))
        for f, tau, known in zip(kept, found.measured.tolist(), found.known.tolist(), strict=True):
            exact = -1 / math.log(f)
            yield near(f"run {seed}, f = {f}: measured decay in steps", exact, tau, WITHIN * exact)
            if not seed:
                yield near(f"f = {f}: the constant that is told", exact, known, 1e-6)


@quick
def written_out() -> Iterator[Finding]:
    """The leak of a multiple-timescale cell, its potential simulated here for a unit that starts at 1 and is alone."""
    cell = rc.make_cell("mtrnn", 1, hidden_size=4, tau_fast=2.0, tau_slow=20.0, slow_share=0.5).double()
    with torch.no_grad():
        cell.R.zero_()
        trace = rc.unroll(cell, torch.zeros(1, 9, 1).double(), type(cell.initial_state(1))(torch.ones(1, 4).double()))
    tau = torch.tensor([2.0, 2.0, 20.0, 20.0]).double()
    by_hand = torch.stack([(1 - 1 / tau)**t for t in range(1, 10)])
    yield same("potentials of nine steps alone", trace.states.u[0], by_hand, 1e-12)
    yield same("time constants that are told", rc.time_constants(trace).known, -1 / (1 - 1 / tau).log(), 1e-6)


@quick
def others_slow_a_unit_down() -> Iterator[Finding]:
    """What is measured is not the leak once units hear themselves: with a weight back, the same leak decays slower."""
    cell = rc.make_cell("ctrnn", 1, hidden_size=1, tau_low=4.0, tau_high=4.0, learn_tau=False).double()
    with torch.no_grad():
        cell.W.fill_(0.1)
        cell.R.fill_(3.0)
        cell.b.fill_(1.5)
    found = rc.time_constants(rc.unroll(cell, _noise(0)))
    yield above("measured decay beside that of the leak alone, as a ratio", 2.0, float(found.measured / found.known))


def _noise(seed: int) -> torch.Tensor:
    """White noise (b, t, 1)."""
    return torch.randn(SEQUENCES, STEPS, 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
