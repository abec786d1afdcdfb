"""The error triangle: beside autograd one loss at a time, columns that add up to the costates, refusals."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.step_losses import only
from rnn_core.records import Batch
from rnn_core.records.trees import fold, leaves, unfold, vector
from rnn_core.tasks.base import RegressionTask
from tests.cells.cases import same

TASK = RegressionTask()
NETS = [("elman", "single", 0), ("lstm", "single", 0), ("gru", "stack", 0), ("jordan", "single", 0),
        ("recursive", "single", 0), ("gru", "bidirectional", 0), ("gru", "bidirectional", 1)]


@pytest.fixture(params=NETS, ids=str)
def case(request, float64):
    """A network and one of its passes."""
    name, wiring, which = request.param
    return rc.Experiment.of(name, "adding", wiring=wiring, hidden_size=3).make_network().double(), which


@pytest.fixture
def batch(float64) -> Batch:
    """Ragged sequences, scored at some steps, one of them not at all."""
    mask = torch.arange(6) < torch.tensor([6, 4, 1]).unsqueeze(1)
    scored = torch.tensor([[0, 1, 0, 1, 0, 1], [0, 1, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0]]).bool()
    return Batch(torch.randn(3, 6, 2), torch.randn(3, 6, 1), mask, scored)


def flat(tree):
    """A tree of (b, t, …) as (b, t, s)."""
    b, t = leaves(tree)[0].shape[:2]
    return unfold(vector(fold(tree))[0], b, t)


def one_at_a_time(net, batch, which: int, s: int) -> torch.Tensor:
    """(b, t) the sizes of dL_s by every entering state, each sequence by its own loss, by autograd."""
    trace = net.trace(batch.x, mask=batch.mask, record=True)
    here, one = only(batch, s), trace.passes[which]
    total = 0
    for k in range(len(batch.x)):
        if here.counted[k].any():
            row, share = slice(k, k + 1), 1 / int(batch.counted[k].sum())
            total = total + TASK.loss(trace.outputs[row], here.rows(row)) * share
    nodes = [leaves(node) for node in one.nodes]
    got = torch.autograd.grad(total, [v for node in nodes for v in node], allow_unused=True)
    got = iter([torch.zeros_like(v) if g is None else g for g, v in zip(got, (v for n in nodes for v in n))])
    return one.in_time(torch.stack([torch.cat([next(got) for _ in node], 1).norm(dim=1) for node in nodes], 1))


def test_beside_autograd_one_loss_at_a_time(case, batch):
    net, which = case
    found = rc.error_triangle(net, batch, TASK.loss, which)
    assert found.steps.tolist() == [0, 1, 2, 3, 5]
    for k, s in enumerate(found.steps.tolist()):
        whole = one_at_a_time(net, batch, which, s)
        told = ~found.norms[:, k].isnan()
        same(found.norms[:, k][told], whole[told])
        unheard = batch.counted[:, s].unsqueeze(1) & batch.mask & ~told
        assert (whole[unheard] == 0).all()


def test_its_columns_add_up_to_the_costates(case, batch):
    net, which = case
    found = rc.error_triangle(net, batch, TASK.loss, which)
    costates = flat(rc.costates(net, batch, TASK.loss).passes[which])
    same(found.sums, costates)
    assert (found.norms.nan_to_num().sum(1) >= costates.norm(dim=-1) - 1e-12)[batch.mask].all()


def test_no_loss_reaches_the_future(case, batch):
    net, which = case
    found = rc.error_triangle(net, batch, TASK.loss, which)
    t = torch.arange(6)
    late = t < found.steps.unsqueeze(1) if which else t > found.steps.unsqueeze(1)
    assert found.norms[:, late].isnan().all()
    there = batch.counted[:, found.steps].unsqueeze(-1) & ~late & batch.mask.unsqueeze(1)
    assert (found.norms.isnan() == ~there).all()


def test_shares_of_a_row_add_up_to_one(batch):
    found = rc.error_triangle(rc.Experiment.of("lstm", "delayed_recall", lag=7, ragged=True), rows=8)
    same(found.shares.nansum(1), torch.ones(len(found.steps)))
    assert len(found.frame()) == int((~found.median.isnan()).sum())


def test_a_task_that_asks_once_has_one_row():
    found = rc.error_triangle(rc.Experiment.of("elman", "adding", length=9, gain=0.2))
    assert found.steps.tolist() == [8] and "one row" in found.says
    norms = rc.gradient_norms(rc.Experiment.of("elman", "adding", length=9, gain=0.2))
    same(found.norms[:, 0], norms.norms, atol=1e-6)


def test_a_lower_pass_has_no_triangle(batch):
    spec = rc.Experiment.of("gru", "adding", wiring="bidirectional", hidden_size=3, layers=2)
    net = spec.make_network().double()
    for which in (0, 1):
        with pytest.raises(ValueError, match="choose a pass of the last layer"):
            rc.error_triangle(net, batch, TASK.loss, which)
    assert rc.error_triangle(net, batch, TASK.loss, 3).norms.shape == (3, 5, 6)


def test_the_size_is_known_before(batch):
    net = rc.Experiment.of("elman", "adding", hidden_size=3).make_network().double()
    with pytest.raises(MemoryError, match="5 losses × 6 steps for 3 sequences.* choose fewer") as caught:
        rc.error_triangle(net, batch, TASK.loss, budget=1)
    assert "\n" not in str(caught.value)
    with pytest.raises(MemoryError, match="Jacobians"):
        rc.error_triangle(net, batch, TASK.loss, budget=3 * 5 * 3 * 6 * 8)


def test_numbers_that_ran_away_are_said_to_have():
    burst = rc.Experiment.of("elman", "adding", hidden_size=3, length=300, gain=5.0, activation="linear")
    assert "finite numbers" in rc.error_triangle(burst, rows=2).says
