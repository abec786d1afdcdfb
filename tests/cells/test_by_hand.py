"""One step of every cell, worked by hand from the equations on its card: small round numbers, plain Python."""

from __future__ import annotations

from math import exp, tanh

import pytest
import torch

import rnn_core as rc
from rnn_core.cells.elman import ElmanState
from rnn_core.cells.gru import GRUState
from rnn_core.cells.hopfield import HopfieldState
from rnn_core.cells.jordan import JordanState
from rnn_core.cells.lstm import LSTMState
from rnn_core.cells.recursive import RecursiveState
from rnn_core.records import Taught


def sigma(a: float) -> float:
    """The logistic function."""
    return 1 / (1 + exp(-a))


def give(cell, **weights):
    """The cell with these weights."""
    for name, value in weights.items():
        tensor = dict([*cell.named_parameters(), *cell.named_buffers()])[name]
        with torch.no_grad():
            tensor.copy_(torch.tensor(value, dtype=torch.float64).view_as(tensor))
    assert set(weights) == {k for k, _ in (*cell.named_parameters(), *cell.named_buffers())}
    return cell


def close(got: torch.Tensor, *expected: float) -> None:
    """Assert the numbers of one row."""
    torch.testing.assert_close(got, torch.tensor([expected], dtype=got.dtype), rtol=0, atol=1e-14)


def row(*numbers: float) -> torch.Tensor:
    """A batch of one."""
    return torch.tensor([numbers])


pytestmark = pytest.mark.usefixtures("float64")


@pytest.mark.parametrize(("activation", "bend"), [("tanh", tanh), ("relu", lambda a: max(a, 0.0)), ("sigmoid", sigma),
                                                  ("linear", float)])
def test_elman(activation, bend):
    cell = give(rc.make_cell("elman", 1, hidden_size=2, activation=activation), W=[0.5, -1.0],
                R=[0.1, 0.2, 0.3, 0.4], b=[0.05, -0.05])
    out, state, probes = cell.step(row(2.0), ElmanState(row(1.0, -1.0)))
    a = 0.5 * 2 + 0.1 * 1 + 0.2 * -1 + 0.05, -1.0 * 2 + 0.3 * 1 + 0.4 * -1 - 0.05
    close(probes["u"], 1.0, -1.0)
    close(probes["a"], *a)
    for h in (out, state.h, probes["h"]):
        close(h, bend(a[0]), bend(a[1]))


def test_lstm():
    cell = give(rc.make_cell("lstm", 1, hidden_size=1), W=[0.1, 0.2, 0.3, 0.4], R=[0.5, -0.5, 1.0, -1.0],
                b=[0.0, 1.0, 0.1, -0.1])
    out, state, probes = cell.step(row(2.0), LSTMState(row(0.5), row(-0.25)))
    i, f = sigma(0.1 * 2 + 0.5 * 0.5), sigma(0.2 * 2 - 0.5 * 0.5 + 1)
    g, o = tanh(0.3 * 2 + 1.0 * 0.5 + 0.1), sigma(0.4 * 2 - 1.0 * 0.5 - 0.1)
    c = f * -0.25 + i * g
    h = o * tanh(c)
    for name, value in zip("ifgoch", (i, f, g, o, c, h), strict=True):
        close(probes[name], value)
    for got, value in ((out, h), (state.h, h), (state.c, c)):
        close(got, value)


def test_gru_that_resets_after_the_product():
    cell = give(rc.make_cell("gru", 1, hidden_size=1, variant="v3"), W=[0.1, 0.2, 0.3], R=[0.5, -0.5, 2.0],
                b=[0.0, 0.1, 0.2], c=[-0.4])
    out, state, probes = cell.step(row(2.0), GRUState(row(0.5)))
    r, z = sigma(0.1 * 2 + 0.5 * 0.5), sigma(0.2 * 2 - 0.5 * 0.5 + 0.1)
    n = tanh(0.3 * 2 + 0.2 + r * (2.0 * 0.5 - 0.4))
    h = (1 - z) * n + z * 0.5
    for name, value in zip("rznh", (r, z, n, h), strict=True):
        close(probes[name], value)
    close(out, h)
    close(state.h, h)


def test_gru_that_resets_before_the_product():
    cell = give(rc.make_cell("gru", 1, hidden_size=2, variant="v1"), W=[0.1, 0.1, 0.2, 0.2, 0.3, 0.3],
                R=[1, 0, 0, 1, 0, 1, 1, 0, 2, 1, -1, 2], b=[0.0, 0.0, 0.1, 0.1, 0.2, 0.2])
    out, _, probes = cell.step(row(1.0), GRUState(row(0.5, -0.5)))
    r = sigma(0.1 + 0.5), sigma(0.1 - 0.5)
    z = sigma(0.2 - 0.5 + 0.1), sigma(0.2 + 0.5 + 0.1)
    p, q = r[0] * 0.5, r[1] * -0.5
    n = tanh(0.3 + 0.2 + 2 * p + q), tanh(0.3 + 0.2 - p + 2 * q)
    h = (1 - z[0]) * n[0] + z[0] * 0.5, (1 - z[1]) * n[1] + z[1] * -0.5
    for name, value in zip("rznh", (r, z, n, h), strict=True):
        close(probes[name], *value)
    close(out, *h)


@pytest.mark.parametrize(("feedback", "voice"), [("linear", lambda y: y), ("sigmoid", lambda y: [sigma(v) for v in y]),
                                                 ("softmax", lambda y: [exp(v) / sum(map(exp, y)) for v in y])])
def test_jordan(feedback, voice):
    cell = give(rc.make_cell("jordan", 1, output_size=2, hidden_size=1, context_decay=0.5, feedback=feedback), W=[0.3],
                U=[1.0, -2.0], b=[0.1], V=[2.0, -1.0], d=[0.5, 0.0])
    s = 0.5 * 0.4 + 0.2, 0.5 * -0.6 + 0.1
    h = tanh(0.3 * 2 + 1.0 * s[0] - 2.0 * s[1] + 0.1)
    y = 2.0 * h + 0.5, -h
    before = JordanState(row(0.4, -0.6), row(0.2, 0.1))
    out, state, probes = cell.step(row(2.0), before)
    for got, value in ((probes["s"], s), (probes["h"], (h,)), (out, y), (state.s, s), (state.y, voice(y))):
        close(got, *value)
    out, state, _ = cell.step(Taught(row(2.0), row(7.0, float("nan"))), before)
    close(out, *y)
    close(state.y, 7.0, voice(y)[1])


def test_hopfield():
    cell = give(rc.make_cell("hopfield", 1, hidden_size=3), W=[0, 1, -2, 1, 0, 0.5, -2, 0.5, 0], theta=[0.0, 0.25, 0.0])
    state = HopfieldState(row(1.0, -1.0, 1.0))
    close(cell.energy(state).unsqueeze(1), -(1 * -1 - 2 * 1 + 0.5 * -1) + 0.25 * -1)
    out, after, probes = cell.step(None, state)
    close(probes["a"], -1.0 - 2.0, 1.0 + 0.5 - 0.25, -2.0 - 0.5)
    for got in (out, after.s, probes["s"]):
        close(got, -1.0, 1.0, -1.0)
    _, after, probes = cell.step(torch.tensor([1]), state)
    close(probes["a"], 1.25)
    close(after.s, 1.0, 1.0, 1.0)


def test_hopfield_stores_two_patterns():
    cell = rc.make_cell("hopfield", 1, hidden_size=4)
    cell.store(torch.tensor([[1, 1, -1, -1], [1, -1, 1, -1]]))
    expected = [[0, 0, 0, -0.5], [0, 0, -0.5, 0], [0, -0.5, 0, 0], [-0.5, 0, 0, 0]]
    assert cell.W.tolist() == expected


@pytest.mark.parametrize("wrong", [torch.ones(4), torch.ones(2, 3), torch.zeros(1, 4), torch.full((1, 4), 0.5)])
def test_hopfield_stores_only_patterns(wrong):
    with pytest.raises(ValueError, match="Patterns must be"):
        rc.make_cell("hopfield", 1, hidden_size=4).store(wrong)


def test_recursive():
    cell = give(rc.make_cell("recursive", 1, hidden_size=1), W=[0.5, -1.5], b=[0.25], L=[2.0])
    out, state, probes = cell.step(row(0.5), RecursiveState(row(0.8)))
    a = 0.5 * 0.8 - 1.5 * (2.0 * 0.5) + 0.25
    close(probes["a"], a)
    for p in (out, state.p, probes["p"]):
        close(p, tanh(a))
