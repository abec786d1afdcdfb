"""Gradients of shared weights: copies unrolled by hand, autograd's total, masks, every wiring."""

from __future__ import annotations

import copy

import pytest
import torch

import rnn_core as rc
from rnn_core.records import Batch
from rnn_core.tasks.base import RegressionTask
from tests.cells.cases import same

TASK = RegressionTask()
SINGLE = ("elman", "gru", "jordan", "lstm", "recursive")
NETS = [(a, "single") for a in SINGLE] + [("lstm", "stack"), ("gru", "bidirectional"), ("recursive", "bidirectional")]


def made(architecture: str, wiring: str = "single"):
    """A small network in double precision."""
    spec = rc.Experiment.of(architecture, "adding", wiring=wiring, hidden_size=3)
    return spec.make_network().double()


@pytest.fixture
def ragged(float64) -> Batch:
    """Three sequences of different lengths, scored at some steps."""
    mask = torch.arange(6) < torch.tensor([6, 4, 1]).unsqueeze(1)
    scored = torch.tensor([[0, 1, 0, 0, 0, 1], [0, 0, 1, 1, 0, 0], [1, 0, 0, 0, 0, 0]]).bool()
    return Batch(torch.randn(3, 6, 2), torch.randn(3, 6, 1), mask, scored)


@pytest.mark.parametrize("architecture", SINGLE)
def test_copies_unrolled_by_hand_ask_for_the_same(architecture, float64):
    net = made(architecture)
    batch = Batch(torch.randn(2, 5, 2), torch.randn(2, 5, 1))
    copies = [(copy.deepcopy(net.cells[0]), copy.deepcopy(net.readout)) for _ in range(5)]
    state, said = net.cells[0].initial_state(2), []
    for t, (cell, readout) in enumerate(copies):
        out, state, _ = cell.step(batch.x[:, t], state)
        said.append(readout(out))
    TASK.loss(torch.stack(said, 1), batch).backward()
    found = rc.shared_gradients(net, batch, TASK.loss)
    for name in found.norms:
        part, _, local = name.replace("cells.0.", "0|").replace("readout.", "1|").partition("|")
        apart = [dict(both[int(part)].named_parameters())[local].grad for both in copies]
        apart = torch.stack([torch.zeros_like(found.sums[name]) if g is None else g for g in apart])
        same(found.norms[name], apart.flatten(1).norm(dim=1))
        same(found.sums[name], apart.sum(0))
        same(found.shares[name], (apart * apart.sum(0)).flatten(1).sum(1) / apart.sum(0).square().sum())


@pytest.mark.parametrize(("architecture", "wiring"), NETS, ids=map("-".join, NETS))
def test_their_sum_is_the_gradient_of_the_weight(architecture, wiring, ragged):
    net = made(architecture, wiring)
    found = rc.shared_gradients(net, ragged, TASK.loss)
    named = dict(net.named_parameters())
    exact = torch.autograd.grad(TASK.loss(net(ragged.x, mask=ragged.mask), ragged), list(named.values()))
    assert list(found.sums) == list(named)
    for (name, total), wanted in zip(found.totals.items(), exact, strict=True):
        same(total, wanted)
        same(found.sums[name], wanted)
        if wanted.any():
            assert float(found.shares[name].sum()) == pytest.approx(1)
        assert found.norms[name].shape == (6,)


def test_steps_that_do_not_exist_ask_for_nothing(ragged):
    net = made("lstm", "bidirectional")
    found = rc.shared_gradients(net, ragged.rows(slice(1, 2)), TASK.loss)
    assert all(norms[4:].eq(0).all() and norms[:4].any() for norms in found.norms.values() if norms.any())


def test_chunks_of_steps_change_nothing(ragged, monkeypatch):
    net = made("gru")
    whole = rc.shared_gradients(net, ragged, TASK.loss)
    monkeypatch.setattr("rnn_core.analysis.shared_gradients.CHUNK", 200)
    parts = rc.shared_gradients(net, ragged, TASK.loss)
    for name in whole.norms:
        same(parts.norms[name], whole.norms[name])
        same(parts.sums[name], whole.sums[name])


def test_a_frozen_weight_is_left_out(ragged):
    net = made("elman")
    net.cells[0].W.requires_grad_(False)
    assert "cells.0.W" not in rc.shared_gradients(net, ragged, TASK.loss).norms


def test_too_much_is_refused_in_one_sentence(ragged):
    with pytest.raises(MemoryError, match=r"^The steps of 3 sequences need 0 MiB, more than .*\.$"):
        rc.shared_gradients(made("lstm"), ragged, TASK.loss, budget=100)


def test_the_table_and_the_sentence(ragged):
    found = rc.shared_gradients(made("elman"), ragged, TASK.loss)
    table = found.frame()
    assert table.columns.tolist() == ["weight", "t", "gradient", "share"] and len(table) == 5 * 6
    assert "the 6 uses of" in found.says
