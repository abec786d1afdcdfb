"""The chaotic series: solved as a library solves them, the same with finer steps, and baselines by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from rnn_core.tasks import lorenz, mackey_glass
from rnn_core.tasks.lorenz import Lorenz
from rnn_core.tasks.mackey_glass import MackeyGlass


def test_mackey_glass_before_the_delay_is_plain_decay():
    """Up to τ the delayed value is 1.2, so that v = c + (1.2 − c) e^{−γt} in closed form."""
    rest = 0.2 * 1.2 / (1 + 1.2**10) / 0.1
    t = torch.arange(1, 18, dtype=torch.float64)
    expected = rest + (1.2 - rest) * torch.exp(-0.1 * t)
    torch.testing.assert_close(mackey_glass.solved(17, 17), expected, rtol=0, atol=1e-9)


def test_mackey_glass_is_the_same_with_finer_steps():
    coarse, fine = (mackey_glass.solved(17, 300, steps) for steps in (10, 40))
    assert float((coarse - fine).abs().max()) < 1e-5
    assert 0.2 < float(coarse.min()) and float(coarse.max()) < 1.5


def test_lorenz_as_a_library_solves_it():
    times = np.arange(1, 101) * 0.02
    theirs = solve_ivp(lambda _, p: lorenz.slope(tuple(p)), (0, 2), [1.0, 1.0, 1.0], t_eval=times, rtol=1e-11,
                       atol=1e-12).y.T
    np.testing.assert_allclose(lorenz.solved(0.02, 100).numpy(), theirs, atol=1e-4)


@pytest.mark.parametrize("task", [MackeyGlass(), Lorenz()], ids=["mackey_glass", "lorenz"])
def test_the_baseline_is_the_error_of_saying_the_same_again(task, generator):
    batch = task.held_out(2000, generator)
    assert task.metric(batch.x, batch) == pytest.approx(task.baseline().value, rel=0.05)
    assert torch.equal(batch.x[:, 1:], batch.target[:, :-1])
    assert float(task.series.learnt.std(0, unbiased=False).max()) == pytest.approx(1, abs=1e-4)


def test_a_longer_delay_is_another_series():
    kind = MackeyGlass.Settings
    assert not torch.allclose(MackeyGlass(kind(delay=17)).series.learnt, MackeyGlass(kind(delay=18)).series.learnt)


def test_exponents_of_the_series():
    assert MackeyGlass().exponent() == pytest.approx(0.0058, abs=1e-3)
    assert MackeyGlass(MackeyGlass.Settings(delay=10)).exponent() is None
    assert Lorenz(Lorenz.Settings(sampling_step=0.05)).exponent() == pytest.approx(0.05 * 0.906, rel=0.05)
