"""Baselines of row A17: one step of each by hand, what lies in their delay lines, and where their memory ends."""

from __future__ import annotations

from math import tanh

import pytest
import torch

import rnn_core as rc
from rnn_core.cells.bag_of_words import BagOfWordsState
from rnn_core.cells.causal_cnn import CausalCNNState
from rnn_core.cells.feed_forward import FeedForwardState
from rnn_core.cells.pooled_cnn import PooledCNNState
from rnn_core.cells.window_mlp import WindowMLPState, windows
from rnn_core.race.matching import match_parameters, weights_of
from tests.cells.cases import identical, same
from tests.cells.test_by_hand import close, give, row

pytestmark = pytest.mark.usefixtures("float64")


@pytest.mark.parametrize(("activation", "bend"), [("tanh", tanh), ("relu", lambda a: max(a, 0.0)), ("linear", float)])
def test_feed_forward(activation, bend):
    cell = give(rc.make_cell("feed_forward", 2, hidden_size=1, activation=activation), W=[0.5, -1.0], b=[0.25])
    a = 0.5 * 2 - 1.0 * 3 + 0.25
    for before in (0.0, 7.0):
        out, state, probes = cell.step(row(2.0, 3.0), FeedForwardState(row(before)))
        close(probes["a"], a)
        for h in (out, state.h, probes["h"]):
            close(h, bend(a))


def test_window_mlp():
    cell = give(rc.make_cell("window_mlp", 2, hidden_size=1, window=3), W=[1.0, 2.0, 0.5, -0.5, 0.1, 0.2], b=[0.3])
    out, state, probes = cell.step(row(1.0, -1.0), WindowMLPState(row(0.4, 0.6, 5.0, 10.0)))
    close(probes["u"], 1.0, -1.0, 0.4, 0.6, 5.0, 10.0)
    a = 1.0 - 2.0 + 0.5 * 0.4 - 0.5 * 0.6 + 0.1 * 5 + 0.2 * 10 + 0.3
    close(probes["a"], a)
    close(out, tanh(a))
    close(state.x, 1.0, -1.0, 0.4, 0.6)


def test_causal_cnn_with_gaps():
    cell = give(rc.make_cell("causal_cnn", 1, hidden_size=1, kernel=2, conv_layers=2), W1=[1.0, 0.5], b1=[0.1],
                W2=[2.0, -1.0], b2=[0.2])
    out, state, probes = cell.step(row(1.0), CausalCNNState((row(2.0), row(0.7, 0.9))))
    first = 1.0 + 0.5 * 2.0 + 0.1
    close(probes["h1"], first)
    for h in (out, probes["h"]):
        close(h, 2.0 * first - 0.9 + 0.2)
    close(state.lines[0], 1.0)
    close(state.lines[1], first, 0.7)
    out, _, _ = cell.step(row(-9.0), CausalCNNState((row(2.0), row(0.7, 0.9))))
    close(out, 0.0)


def test_pooled_cnn():
    weights = {"W": [1.0, 0.5], "b": [-0.5]}
    before = PooledCNNState(row(4.0), row(1.0), row(3.0))
    cell = give(rc.make_cell("pooled_cnn", 1, hidden_size=1, kernel=2, pool="max"), **weights)
    for x, a in ((2.0, 3.5), (-2.0, -0.5)):
        out, state, probes = cell.step(row(x), before)
        close(probes["a"], a)
        close(out, max(1.0, a))
        close(state.x, x)
    cell = give(rc.make_cell("pooled_cnn", 1, hidden_size=1, kernel=2, pool="mean"), **weights)
    for x, z in ((2.0, 3.5), (-2.0, 0.0)):
        out, state, _ = cell.step(row(x), before)
        close(out, (3 * 1.0 + z) / 4)
        close(state.steps, 4.0)


def test_bag_of_words():
    before = BagOfWordsState(row(0.5), row(1.0))
    for pool, parts in (("mean", 2), ("sum", 1)):
        cell = give(rc.make_cell("bag_of_words", 2, hidden_size=1, pool=pool), W=[1.0, -2.0], b=[0.1])
        out, state, probes = cell.step(row(1.0, 0.25), before)
        close(probes["e"], 0.5)
        close(state.s, 1.0)
        close(out, tanh(1.0 / parts + 0.1))


@pytest.mark.parametrize("settings", [{"kernel": 2, "conv_layers": 1}, {"kernel": 3, "conv_layers": 3},
                                      {"kernel": 4, "conv_layers": 2, "dilation": "none"}])
def test_the_receptive_field_is_where_memory_ends(settings):
    cell = rc.make_cell("causal_cnn", 2, hidden_size=4, **settings)
    cell.initialise(torch.Generator().manual_seed(0))
    t = cell.receptive_field + 2
    x = torch.randn(1, t, 2)
    y = rc.unroll(cell, x).outputs[:, -1]
    other = x.clone()
    other[:, :2] += 1
    identical(rc.unroll(cell, other).outputs[:, -1], y)
    seen = rc.unroll(cell, x[:, 2:]).outputs[:, -1]
    same(seen, y)


def test_a_card_tells_the_gaps_of_its_own_layers():
    cell = rc.make_cell("causal_cnn", 2, hidden_size=4, kernel=4, conv_layers=3)
    assert cell.card.equations == {
        "h1": "h1_t = relu(W_1 [x_t; x_{t−1}; …; x_{t−3}] + b_1)",
        "h2": "h2_t = relu(W_2 [h1_t; h1_{t−2}; …; h1_{t−6}] + b_2)",
        "h": "h_t = relu(W_3 [h2_t; h2_{t−4}; …; h2_{t−12}] + b_3)"}
    default = rc.make_cell("causal_cnn", 2)
    assert default.card == type(default).card
    assert all("x_t " not in e for e in rc.make_cell("cnn_rnn", 2, variant="v1").card.equations.values())


def test_a_feedforward_net_has_no_past():
    run = rc.Run(rc.Experiment.of("feed_forward", "adding", length=6, hidden_size=3))
    A, C = rc.step_jacobians(run, rows=2).A, rc.step_jacobians(run, rows=2).C
    assert not A.any() and not C.any()


def test_lines_of_ragged_rows_end_where_they_end():
    x, line = torch.arange(12.0).view(2, 6, 1) + 1, torch.tensor([[-1.0, -2.0], [-3.0, -4.0]])
    u, after = windows(x, line, torch.tensor([1, 4]))
    assert after.tolist() == [[1.0, -1.0], [10.0, 9.0]]
    assert u[0, :2].tolist() == [[1.0, -1.0, -2.0], [2.0, 1.0, -1.0]]


@pytest.mark.parametrize("name", ["feed_forward", "window_mlp", "causal_cnn", "pooled_cnn", "bag_of_words", "cnn_rnn"])
def test_a_race_can_give_them_as_many_weights(name):
    spec = rc.Experiment.of(name, "delayed_recall", symbols=10)
    for budget in (1200, 6000):
        assert abs(weights_of(match_parameters(spec, budget)) - budget) <= 0.1 * budget
