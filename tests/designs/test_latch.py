"""The wired latch: as good as its formula at any length and noise, and refused where it cannot be."""

from __future__ import annotations

from math import erf, sqrt

import pytest
import torch

import rnn_core as rc
from rnn_core.designs import latch


def made(**settings):
    spec = rc.Experiment.of("elman", "latching", **settings)
    return spec.make_network(), spec.make_task()


@pytest.mark.parametrize(("telling", "spread"), [(1, 1.0), (3, 0.5), (10, 3.0)])
@pytest.mark.parametrize(("length", "hidden_size"), [(12, 1), (400, 5)])
def test_it_is_as_good_as_its_formula(telling, spread, length, hidden_size):
    network, task = made(telling=telling, spread=spread, length=length, hidden_size=hidden_size)
    latch.wire(network, task)
    batch = task.sample(4000, torch.Generator().manual_seed(0))
    y = network(batch.x).detach()
    seen = (1 - 0.5**telling) * sqrt(1 - 0.25) / (0.5 * spread)
    assert task.metric(y, batch) == pytest.approx((1 + erf(seen / sqrt(2))) / 2, abs=0.025)
    assert task.metric(y, batch) <= task.ceiling() + 0.025
    trace = network.trace(batch.x[:50])
    assert float((trace.outputs.detach() - y[:50]).abs().max()) < 1e-5
    assert not trace.main.states.h[..., 1:].any()


def test_it_holds_what_it_once_has():
    network, task = made(length=1000)
    latch.wire(network, task)
    batch = task.sample(200, torch.Generator().manual_seed(1))
    h = network.trace(batch.x).main.states.h[..., 0].detach()
    assert torch.equal(h[:, 20].sign(), h[:, -1].sign()) and float(h[:, 20:].abs().min()) > sqrt(0.5)


def test_the_fold_is_where_a_rest_vanishes():
    assert latch.fold(2.0) == pytest.approx(0.53284, abs=1e-5)
    for w in (1.2, 2.0, 4.0):
        for beyond, keeps in ((-1e-3, True), (1e-3, False)):
            h = torch.tensor(-1.0, dtype=torch.float64)
            for _ in range(4000):
                h = torch.tanh(w * h + latch.fold(w) + beyond)
            assert (float(h) < 0) == keeps


@pytest.mark.parametrize("settings", [{"activation": "relu"}, {"wiring": "stack"}])
def test_what_cannot_hold_it_is_refused(settings):
    network, task = made(**settings)
    before = [p.clone() for p in network.parameters()]
    with pytest.raises(ValueError, match=latch.CARD.title) as error:
        latch.wire(network, task)
    assert str(error.value).endswith(".") and str(error.value).isprintable()
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
