"""The small parts: activations, softmax, clipping, embeddings, nearest words; beside closed forms and odd inputs."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.clipping import clipping
from rnn_core.analysis.nearest_words import neighbours
from rnn_core.analysis.temperature import softmax

READER = rc.Experiment.of("lstm", "delayed_recall", hidden_size=5)
ADDER = rc.Experiment.of("elman", "adding", hidden_size=5, length=6)


@pytest.mark.parametrize(("architecture", "settings", "used"), [
    ("lstm", {}, ("tanh", "logistic σ")), ("elman", {"activation": "relu"}, ("relu",)),
    ("elman", {"activation": "sigmoid"}, ("logistic σ",)), ("jordan", {}, ("tanh",))])
def test_the_functions_of_a_network_are_found(architecture, settings, used):
    assert rc.activations(rc.Experiment.of(architecture, "adding", **settings)).used == used


def test_a_curve_is_the_same_to_both_sides_and_needs_a_reach():
    found = rc.activations(ADDER, reach=2.0, points=11)
    assert torch.equal(found.at, -found.at.flip(0)) and len(found.at) == 11
    assert torch.allclose(found.values[0], -found.values[0].flip(0))
    for odd in ({"reach": 0.0}, {"reach": -1.0}, {"points": 2}, {"reach": float("nan")}):
        with pytest.raises(ValueError, match=r"^A curve needs .*\.$"):
            rc.activations(ADDER, **odd)


@pytest.mark.parametrize("T", [0.05, 0.5, 1.0, 3.0, 100.0])
def test_the_softmax_is_torch_s_and_its_slopes_are_diag_p_less_p_p(T):
    y = torch.randn(7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(softmax(y, T), torch.softmax(y / T, -1), atol=1e-14)
    p = softmax(y, T)
    slopes = torch.autograd.functional.jacobian(lambda v: softmax(v, T), y)
    assert torch.allclose(slopes, (torch.diag(p) - torch.outer(p, p)) / T, atol=1e-12)


def test_a_temperature_changes_how_sure_and_never_which():
    bits = []
    for T in (0.1, 0.5, 1.0, 2.0, 50.0):
        found = rc.temperature(READER, temperature=T)
        bits.append(found.bits[1])
        assert found.order == rc.temperature(READER).order and int(found.tempered.argmax()) == found.order[0]
    assert bits == sorted(bits) and bits[-1] <= math.log2(len(found.words))
    for odd in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="above 0"):
            rc.temperature(READER, temperature=odd)


def test_scores_that_are_not_finite_are_said_to_be_so():
    found = rc.temperature(READER, scores=(float("nan"), 1.0))
    assert "finite" in found.says and "nan" not in rc.figures.alt(rc.figures.temperature(found))


def test_clipping_leaves_no_trace_and_says_what_it_did():
    run = rc.Run(ADDER)
    free, short = rc.clipping(run, limit=1e9), rc.clipping(run, limit=1e-3)
    assert "passes as it is" in free.says and free.factor == 1.0 and torch.equal(free.before, free.cut)
    assert float(short.after.norm()) == pytest.approx(1e-3) and "direction is the same" in short.says
    assert all(p.grad is None for p in run.network.parameters())
    table = short.frame()
    assert table["length before"].iloc[-1] == pytest.approx(math.hypot(*table["length before"].iloc[:-1]))
    assert (short.cut.abs() <= short.cut.abs().max()).all() and torch.equal(short.cut.sign(), short.before.sign())
    for odd in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="above 0"):
            rc.clipping(run, limit=odd)


def test_a_gradient_of_nothing_and_one_of_infinity_are_told_apart():
    run = rc.Run(ADDER)
    batch = run.held_out.rows(slice(0, 4))
    none = clipping(run.network, batch, lambda y, _: y.sum() * 0.0)
    assert none.norm == 0.0 and none.factor == 1.0 and none.turned == (0.0, 0.0) and none.frame() is not None
    wild = clipping(run.network, batch, lambda y, _: y.sum() * torch.inf)
    assert "finite numbers" in wild.says
    for result in (none, wild):
        assert "nan" not in rc.figures.alt(rc.figures.clipping(result))


def test_reading_a_symbol_is_looking_it_up_whatever_the_cell():
    for architecture in ("elman", "gru", "lstm"):
        found = rc.embedding(READER.with_(architecture=architecture))
        assert found.row is not None and torch.allclose(found.product, found.table[found.row], atol=1e-6)
        assert found.frame().shape == (len(found.words) + 1, found.table.shape[1] + 2)
    assert "nothing is looked up" in rc.embedding(READER, step=1).says
    blend = rc.embedding(ADDER)
    assert blend.row is None and torch.allclose(blend.product, blend.x @ blend.table, atol=1e-6)


def test_the_nearest_rows_are_those_of_a_search_by_hand():
    made = torch.Generator().manual_seed(0)
    h, V = (torch.randn(n, 4, dtype=torch.float64, generator=made) for n in (9, 6))
    distance, index = neighbours(h, V, 6)
    by_hand = torch.tensor([[1 - math.cos(math.acos(float(a @ b / (a.norm() * b.norm())))) for b in V] for a in h])
    assert torch.allclose(distance.float(), by_hand.sort(dim=1).values, atol=1e-6)
    assert torch.equal(index, by_hand.argsort(dim=1))


def test_a_table_of_one_s_own_decodes_what_it_was_made_of():
    run = rc.Run(READER)
    run.network.readout.d.data.zero_()
    V = run.network.readout.V.data
    V.copy_(V / V.norm(dim=1, keepdim=True))
    assert rc.nearest_words(run).agree == 1.0
    with pytest.raises(ValueError, match=r"^The table's rows have to be 5 numbers long"):
        rc.nearest_words(run, table=torch.eye(4))
    with pytest.raises(ValueError, match="At least one"):
        rc.nearest_words(run, k=0)


def test_vectors_that_are_not_finite_are_not_decoded():
    run = rc.Run(ADDER)
    run.network.readout.V.data.fill_(float("nan"))
    found = rc.nearest_words(run)
    assert len(found.said) == 0 and "no finite vector" in found.says and len(found.frame()) == 1
    assert "no finite" in rc.figures.alt(rc.figures.nearest_words(found))
