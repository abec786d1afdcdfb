"""D20, the order of a solver: halving the step halves Euler's error and cuts that of Runge and Kutta sixteenfold."""
from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, near, quick

SPAN = 4


@quick
def order() -> Iterator[Finding]:
    """A random network of four neurons over a time of 4, its step halved again and again, against a very fine one."""
    exact = _end("rk4", 1024)
    for solver, expected, finest in (("euler", 1, 512), ("rk4", 4, 128)):
        errors = {count: float((_end(solver, count) - exact).norm()) for count in (finest // 4, finest // 2, finest)}
        (c0, e0), (c1, e1), (c2, e2) = errors.items()
        for coarse, fine, before, after in ((c0, c1, e0, e1), (c1, c2, e1, e2)):
            yield near(f"{solver}: order, Δt from 1/{coarse // SPAN} to 1/{fine // SPAN}", expected,
                       math.log2(before / after), 0.15)


@quick
def known_answer() -> Iterator[Finding]:
    """A single leaky neuron under a constant input I is at I (1 − e^{−t/τ}): the same orders, against the formula."""
    for solver, expected in (("euler", 1), ("rk4", 4)):
        errors = []
        for count in (16, 32, 64):
            cell = rc.make_cell("ctrnn", 1, hidden_size=1, solver=solver, tau_low=2.0, tau_high=2.0,
                                time_step=SPAN / count).double()
            with torch.no_grad():
                cell.R.zero_()
                cell.W.fill_(1.0)
                end = float(rc.unroll(cell, torch.full((1, count, 1), 3.0).double()).final.y)
            errors.append(abs(end - 3 * (1 - math.exp(-SPAN / 2))))
        for k, (coarse, fine) in enumerate(zip(errors, errors[1:], strict=False)):
            name = f"{solver}: order against the formula, Δt from 1/{4 << k} to 1/{8 << k}"
            yield near(name, expected, math.log2(coarse / fine), 0.15)


@quick
def solver_steps_between_inputs() -> Iterator[Finding]:
    """With the steps of the solver set finer between two inputs, the orders are the same."""
    exact = _end("rk4", 64, 16)
    for solver, expected, steps in (("euler", 1, 64), ("rk4", 4, 32)):
        errors = [float((_end(solver, steps, m) - exact).norm()) for m in (1, 2, 4)]
        for m, coarse, fine in ((1, *errors[:2]), (2, *errors[1:])):
            yield near(f"{solver}: order, from {m} to {2 * m} steps between inputs", expected, math.log2(coarse / fine),
                       0.15)


@torch.no_grad()
def _end(solver: str, count: int, substeps: int = 1) -> Tensor:
    """The potentials after a time of 4 in so many steps, always of the same network from the same start."""
    cell = rc.make_cell("ctrnn", 1, hidden_size=4, solver=solver, time_step=SPAN / count, substeps=substeps,
                        tau_low=1.0, tau_high=2.0).double()
    stream = torch.Generator().manual_seed(0)
    for p in (cell.W, cell.R, cell.b):
        p.copy_(2 * torch.randn(p.shape, generator=stream))
    start = torch.randn(1, 4, generator=stream).double()
    return rc.unroll(cell, torch.ones(1, count, 1).double(), type(cell.initial_state(1))(start)).final.y
