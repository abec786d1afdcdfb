"""The checks of costates, flow graphs, optimisers, adjoint equations and two learners notice what they are for."""

from __future__ import annotations

import importlib
import sys

import torch

from rnn_core.learners import causal_recursive, regularised
from rnn_core.records import wires


def wrong(row, check):
    """What one check of a row finds wrong, or that it broke."""
    torch.manual_seed(0)
    return [f.check for f in getattr(importlib.import_module(f"rnn_core.verify.{row}"), check)() if not f.passed]


def test_a_costate_that_is_a_little_too_long(monkeypatch):
    module = importlib.import_module("rnn_core.analysis.costates")
    honest = module.stack
    monkeypatch.setattr(module, "stack", lambda trees: regularised.tmap(lambda v: 1.001 * v, honest(trees)))
    for check in ("equals_the_recursion_by_hand", "is_the_slope_of_the_hamiltonian", "optimal_control"):
        assert wrong("b7", check)


def test_a_slope_that_is_wrong_in_the_transposed_graph(monkeypatch):
    monkeypatch.setitem(wires.BENDS, "sigmoid", ("σ", lambda a, y: y))
    found = wrong("b6", "adjoint_output_is_the_gradient")
    assert any(name.startswith("lstm") for name in found) and not any(name.startswith("elman") for name in found)
    assert wrong("b6", "interreciprocity")


def test_an_optimiser_with_another_momentum(monkeypatch):
    module = importlib.import_module("rnn_core.analysis.loss_surface")
    monkeypatch.setitem(module.RULES, "momentum", lambda p, rate: torch.optim.SGD(p, lr=rate, momentum=0.8))
    found = wrong("b17", "rate_on_a_quadratic") + wrong("b17", "ways_on_the_surface")
    assert len(found) > 5 and all("momentum" in name for name in found)


def test_an_adjoint_that_forgets_the_leak(monkeypatch):
    fine = sys.modules[importlib.import_module("rnn_core.analysis.adjoint_ode").__name__]._Fine
    honest = fine._adjoint
    monkeypatch.setattr(fine, "_adjoint", lambda self, p, y, there: honest(self, p, y, there) + 0.1 * p)
    assert wrong("b8", "closed_form") and wrong("b8", "adjoint_equation_by_finite_differences")


def test_a_pull_on_the_wrong_length(monkeypatch):
    honest = regularised.penalty
    monkeypatch.setattr(regularised, "penalty", lambda one, costates: 1.1 * honest(one, costates))
    assert wrong("b23", "gradient_against_finite_differences") and wrong("b23", "closed_form_for_a_plain_net")


def test_a_response_that_does_not_hear_itself(monkeypatch):
    honest = causal_recursive._response
    monkeypatch.setattr(causal_recursive, "_response", lambda w, v, wait: honest(w, v[..., :0], wait))
    assert wrong("b5", "a_long_wait_is_backpropagation_through_time")
    assert wrong("b5", "one_layer_needs_no_wait") == []
