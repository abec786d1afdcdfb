"""The checks of losses, clipping and small parts notice what they are there for."""

from __future__ import annotations

import importlib

import torch

from rnn_core.analysis import activations, temperature
from rnn_core.tasks.base import ClassificationTask, RegressionTask


def wrong(row, check):
    """What one check of a row finds wrong."""
    torch.manual_seed(0)
    return [f.check for f in getattr(importlib.import_module(f"rnn_core.verify.{row}"), check)() if not f.passed]


def test_a_loss_that_is_off_by_a_factor(monkeypatch):
    for kind, check in ((ClassificationTask, "a_uniform_guess"), (ClassificationTask, "guess_less_truth"),
                        (ClassificationTask, "cross_entropy"), (RegressionTask, "squared_error")):
        honest = kind.loss
        assert wrong("b18", check) == []
        monkeypatch.setattr(kind, "loss", lambda self, y, batch, honest=honest: 1.01 * honest(self, y, batch))
        assert wrong("b18", check)
        monkeypatch.undo()


def test_a_learner_that_cuts_entry_by_entry_or_not_at_all(monkeypatch):
    def cut(parameters, limit):
        found = list(parameters)
        norm = torch.cat([p.grad.flatten() for p in found]).norm()
        for p in found:
            p.grad.clamp_(-limit / 4, limit / 4)
        return norm

    for instead in (cut, lambda parameters, limit: torch.cat([p.grad.flatten() for p in parameters]).norm()):
        monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", instead)
        assert any("of the gradient" in name for name in wrong("b19", "the_learner_does_it"))
        monkeypatch.undo()


def test_a_function_that_is_too_steep_and_a_softmax_without_its_temperature(monkeypatch):
    monkeypatch.setitem(activations.FUNCTIONS, "logistic σ", lambda a: torch.sigmoid(1.1 * a))
    assert "largest slope of logistic σ" in wrong("b20", "slopes")
    honest = temperature.softmax
    monkeypatch.setattr(temperature, "softmax", lambda scores, _: honest(scores, 1.0))
    assert wrong("b20", "softmax")
