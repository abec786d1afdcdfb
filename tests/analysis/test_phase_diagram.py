"""Gain × length in one sweep: each point beside the same network alone, and what is refused."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

import rnn_core as rc
from tests.cells.cases import same

GAINS, LENGTHS = (0.3, 0.9, 1.3), (1, 4, 4, 12)


@pytest.mark.parametrize("name", ["elman", "gru", "jordan", "lstm", "recursive"])
def test_each_point_is_that_network_alone(name):
    """Beside ``jacobian_products`` of the experiment with this gain and seed, one network at a time."""
    spec = rc.Experiment.of(name, "adding", hidden_size=4, length=12, seed=3)
    found = rc.phase_diagram(spec, GAINS, LENGTHS, seed=7, rows=5)
    assert found.norms.shape == (4, 3) and found.seeds.flatten().tolist() == list(range(7, 19))
    x = rc.Run(spec).held_out.x[:5].double()
    for row, length in enumerate(LENGTHS):
        for column, gain in enumerate(GAINS):
            k = row * 3 + column
            alone = spec.with_(gain=gain, seed=7 + k).make_network().double()
            trace = alone.trace(x[k % 5:k % 5 + 1, :length]).main
            same(found.norms[row, column], rc.jacobian_products(trace).norms[0, 0], rtol=1e-10)


def test_a_stack_varies_every_layer():
    spec = rc.Experiment.of("gru", "adding", wiring="stack", hidden_size=3, length=5)
    found = rc.phase_diagram(spec, (0.5, 2.0), (5,), rows=1)
    alone = spec.with_(gain=2.0, seed=1).make_network().double()
    x = rc.Run(spec).held_out.x[:1].double()
    same(found.norms[0, 1], rc.jacobian_products(alone.trace(x).main).norms[0, 0], rtol=1e-10)


def test_theory_bounds_a_plain_net():
    found = rc.phase_diagram(rc.Experiment.of("elman", "adding", hidden_size=5, length=40), (0.2, 0.6, 1.1), (10, 40))
    limit = (found.stretch * found.gains) ** found.lengths.unsqueeze(1)
    assert found.stretch == pytest.approx(1, abs=1e-5) and (found.norms <= limit * 1.01).all()
    linear = rc.Experiment.of("elman", "adding", hidden_size=5, length=200, activation="linear")
    assert float(rc.phase_diagram(linear, (0.2,), (200,)).logs[0, 0]) == pytest.approx(200 * math.log10(0.2), rel=1e-5)
    assert rc.phase_diagram(rc.Experiment.of("lstm", "adding", hidden_size=2, length=5)).stretch is None


def test_the_usual_grid_and_its_table():
    run = rc.Run(rc.Experiment.of("elman", "adding", hidden_size=3, length=40))
    before = run.digest()
    found = rc.phase_diagram(run)
    assert found.norms.shape == (32, 32) and run.digest() == before
    assert int(found.lengths[-1]) == 40 and len(found.frame()) == 1024
    assert found.frame()["seed"].is_unique and "1,024 fresh networks" in found.says


def test_what_has_left_the_numbers_is_unknown():
    spec = rc.Experiment.of("elman", "adding", hidden_size=2, length=600, activation="linear")
    found = rc.phase_diagram(spec, (4.0,), (600,), rows=1)
    assert found.norms.isnan().all() and "left the finite numbers" in found.says


def test_what_cannot_be_swept_is_refused():
    spec = rc.Experiment.of("lstm", "adding", hidden_size=8, length=9)
    with pytest.raises(ValueError, match="1 to 9 steps; 0 to 12 were asked for"):
        rc.phase_diagram(spec, lengths=(0, 12))
    with pytest.raises(MemoryError, match="288 networks with 16 numbers of state each need 2 MiB.*fewer units"):
        rc.phase_diagram(spec, budget=2**20)
    network = spec.make_network()
    network.cells[0].settings = SimpleNamespace(hidden_size=8)
    with pytest.raises(ValueError, match="LSTM has no gain"):
        rc.phase_diagram(network, rc.Run(spec).held_out)
