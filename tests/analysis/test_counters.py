"""Counters: a wired counter's slopes are 1 and −1, cumulative sums are found, numbers are refused."""

from __future__ import annotations

import torch

import rnn_core as rc
from rnn_core.designs import lstm_counter


def wired(letters: str = "ab"):
    spec = rc.Experiment.of("lstm", "counting", letters=letters, hidden_size=7)
    network, task = spec.make_network(), spec.make_task()
    lstm_counter.wire(network, task)
    return network, task


def test_the_wired_counters_are_found():
    network, task = wired("abc")
    result = rc.counters(network, task.show(torch.tensor([4, 7])), task)
    assert result.units[result.best] == "c[0]" and (result.up, result.down) == (1, 2)
    assert result.slopes[1:4, :2].T.tolist() == [[1, -1, 0], [0, 1, -1]] and not result.spread[1:4, :2].any()
    assert result.values[0, 14:].isnan().all() and result.values[0, 4, 0] == 3
    assert result.slopes[4].isnan().all() and "rises by 1" in result.says
    assert len(result.frame()) == 7 * 5


def test_a_slope_is_the_mean_change():
    spec = rc.Experiment.of("elman", "counting")
    network, task = spec.make_network(), spec.make_task()
    batch = task.show(torch.tensor([3]))
    result = rc.counters(network, batch, task)
    h = network.trace(batch.x).main.states.h[0].double()
    assert torch.allclose(result.slopes[1], (h[3] - h[0]) / 3)
    assert torch.allclose(result.slopes[2], (h[6] - h[3]) / 3)


def test_numbers_are_no_symbols():
    result = rc.counters(rc.Experiment.of("lstm", "adding", length=6))
    assert result.why and "not symbols" in result.says and len(result.frame()) == 1
