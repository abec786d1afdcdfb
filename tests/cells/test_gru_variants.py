"""The variants of the GRU: one step of the minimal unit and of GRU3 by hand, the table, and that they train."""
from __future__ import annotations

from math import exp, tanh

import pytest
import torch

import rnn_core as rc
from rnn_core.cells.gru import FORMS, GRUState, Settings
from rnn_core.records import describe_settings

pytestmark = pytest.mark.usefixtures("float64")


def sigma(a: float) -> float:
    """The logistic function."""
    return 1 / (1 + exp(-a))


def test_the_table_is_what_can_be_chosen():
    variant = next(s for s in describe_settings(Settings) if s.name == "variant")
    assert variant.choices == tuple(FORMS) and variant.default == "v3"
    assert rc.architectures()["gru"] == rc.make_cell("gru", 2).card


def give(cell, **weights):
    """The cell with these weights."""
    cell.load_state_dict({k: torch.tensor(v).view_as(getattr(cell, k)) for k, v in weights.items()})
    return cell


def test_one_gate_for_both():
    cell = give(rc.make_cell("gru", 1, hidden_size=1, variant="mgu"), W=[0.1, 0.3], R=[0.5, 2.0], b=[0.2, -0.1])
    _, state, probes = cell.step(torch.tensor([[2.0]]), GRUState(torch.tensor([[0.5]])))
    f = sigma(0.1 * 2 + 0.5 * 0.5 + 0.2)
    n = tanh(0.3 * 2 - 0.1 + 2.0 * f * 0.5)
    expected = {"r": f, "z": 1 - f, "n": n, "h": f * n + (1 - f) * 0.5}
    assert {k: v.item() for k, v in probes.items()} == pytest.approx(expected, abs=1e-14)
    assert state.h.item() == probes["h"].item()


def test_gates_that_stand_still():
    cell = give(rc.make_cell("gru", 1, hidden_size=1, variant="gru3"), W=[0.3], R=[2.0], b=[0.4, -0.6, -0.1])
    for x, h in ((2.0, 0.5), (-1.0, 0.9)):
        _, _, probes = cell.step(torch.tensor([[x]]), GRUState(torch.tensor([[h]])))
        n = tanh(0.3 * x - 0.1 + 2.0 * sigma(0.4) * h)
        expected = {"r": sigma(0.4), "z": sigma(-0.6), "n": n, "h": (1 - sigma(-0.6)) * n + sigma(-0.6) * h}
        assert {k: v.item() for k, v in probes.items()} == pytest.approx(expected, abs=1e-14)


def test_a_gate_without_input_reads_none():
    for variant, reads in (("gru1", {"h₋", "R", "b"}), ("gru2", {"h₋", "R"}), ("gru3", {"b"})):
        cell = rc.make_cell("gru", 2, hidden_size=3, variant=variant)
        graph = rc.step_graph(rc.unroll(cell, torch.randn(2, 4, 2)))
        assert {a for a, b in graph.edges if b == "z"} == reads


@pytest.mark.parametrize("variant", FORMS)
def test_every_variant_trains(variant):
    spec = rc.Experiment.of("gru", "adding", hidden_size=3, length=5, updates=3, variant=variant)
    assert rc.train(spec, quiet=True).status == "done"
