"""Costates and their norms: the sweep over Jacobians, finite differences, a linear network's known decay."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.gradient_norms import GradientNorms
from rnn_core.records import Batch
from rnn_core.records.trees import fold, leaves, tmap, unfold, vector
from rnn_core.tasks.base import RegressionTask
from tests.cells.cases import same

TASK = RegressionTask()
NETS = [("elman", "single"), ("lstm", "single"), ("gru", "single"), ("jordan", "single"), ("recursive", "single"),
        ("lstm", "stack"), ("gru", "bidirectional")]


@pytest.fixture(params=NETS, ids="-".join)
def net(request, float64):
    """A network of each wiring."""
    return rc.Experiment.of(request.param[0], "adding", wiring=request.param[1], hidden_size=3).make_network().double()


@pytest.fixture
def batch(float64) -> Batch:
    """Ragged sequences, scored at some steps."""
    mask = torch.arange(6) < torch.tensor([6, 4, 1]).unsqueeze(1)
    scored = torch.tensor([[0, 1, 0, 0, 0, 1], [0, 0, 1, 1, 0, 0], [1, 0, 0, 0, 0, 0]]).bool()
    return Batch(torch.randn(3, 6, 2), torch.randn(3, 6, 1), mask, scored)


def flat(tree):
    """A tree of (b, t, …) as (b, t, s)."""
    b, t = leaves(tree)[0].shape[:2]
    return unfold(vector(fold(tree))[0], b, t)


def test_they_obey_their_equation(net, batch):
    found = rc.costates(net, batch, TASK.loss)
    trace = net.trace(batch.x, mask=batch.mask)
    last = trace.passes[-1]
    total = sum(TASK.loss(trace.outputs[k:k + 1], batch.rows(slice(k, k + 1))) for k in range(3))
    local, = torch.autograd.grad(total, last.outputs)
    A, C = (last.in_time(v) for v in rc.step_jacobians(last))
    local, costate = last.in_time(local), last.in_time(flat(found.passes[-1]))
    following = torch.zeros_like(costate[:, 0])
    for t in range(5, -1, -1):
        following = torch.einsum("bij,bi->bj", A[:, t], following) + torch.einsum("boj,bo->bj", C[:, t], local[:, t])
        same(costate[:, t], following)


def test_they_are_what_a_small_push_does(net, batch):
    found = rc.costates(net, batch, TASK.loss)
    state = [tmap(lambda v, p=p: v[:, -1 if p.reverse else 0], p.entering) for p in found.trace.passes]
    push = [tmap(torch.randn_like, s) for s in state]

    def loss(size: float) -> torch.Tensor:
        moved = tmap(lambda v, d: v + size * d, state, push)
        y = net.trace(batch.x, mask=batch.mask, state=moved if len(moved) > 1 else moved[0]).outputs
        return torch.stack([TASK.loss(y[k:k + 1], batch.rows(slice(k, k + 1))) for k in range(3)])

    measured = (loss(1e-5) - loss(-1e-5)) / 2e-5
    told = sum((flat(tree)[:, -1 if p.reverse else 0] * vector(d)[0]).sum(1)
               for tree, p, d in zip(found.passes, found.trace.passes, push, strict=True))
    same(told, measured.detach(), atol=1e-8)


def test_a_sequence_hears_its_own_loss_only(net, batch):
    whole = rc.costates(net, batch, TASK.loss)
    for k in range(3):
        alone = rc.costates(net, batch.rows(slice(k, k + 1)), TASK.loss)
        same(alone.passes, tmap(lambda v, k=k: v[k:k + 1], whole.passes))
        same(alone.outputs, whole.outputs[k:k + 1])


def test_norms_are_of_all_fields_and_silent_where_no_step_is(net, batch):
    found, norms = rc.costates(net, batch, TASK.loss), rc.gradient_norms(net, batch, TASK.loss)
    same(norms.norms[batch.mask], flat(found.passes[0]).norm(dim=-1)[batch.mask])
    assert norms.norms[~batch.mask].isnan().all() and norms.name == found.trace.main.name
    table = found.frame()
    assert set(table["pass"]) == {p.name for p in found.trace.passes} and len(norms.frame()) == 18
    total = (table[table["pass"] == norms.name].groupby(["sequence", "t"]).norm.apply(lambda v: (v**2).sum() ** 0.5))
    assert total.to_numpy().reshape(3, 6)[batch.mask.numpy()] == pytest.approx(norms.norms[batch.mask].numpy())


def test_asking_leaves_no_gradient_behind(net, batch):
    before = {k: v.clone() for k, v in net.state_dict().items()}
    rc.costates(net, batch, TASK.loss), rc.gradient_norms(net, batch, TASK.loss)
    assert all(p.grad is None for p in net.parameters())
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())


@pytest.mark.parametrize("gain", [0.5, 1.0, 1.2])
def test_a_linear_network_forgets_as_its_gain_says(float64, gain):
    spec = rc.Experiment.of("elman", "adding", activation="linear", gain=gain, hidden_size=5)
    net = spec.make_network().double()
    with torch.no_grad():
        net.cells[0].R.copy_(gain * torch.linalg.qr(net.cells[0].R)[0])
    last = torch.zeros(4, 40, dtype=torch.bool)
    last[:, -1] = True
    norms = rc.gradient_norms(net, Batch(torch.randn(4, 40, 2), torch.randn(4, 40, 1), None, last), TASK.loss).norms
    same(norms / norms[:, -1:], (gain ** torch.arange(39, -1, -1.0)).expand(4, 40), atol=1e-9)


def test_the_horizon_is_where_hearing_begins():
    def horizon(*norms: float) -> int | None:
        return GradientNorms(torch.tensor([norms])).horizon

    nan = float("nan")
    assert horizon(1, 1, 1) is None and horizon(1, 1e-9, 1) is None and horizon(1e-6, 1) is None
    assert horizon(1e-9, 1e-7, 1) == 1 and horizon(1e-9, 1e-9) == 1 and horizon(nan, 1e-9, 1) == 1
    assert horizon(1e-9, 1, 1e-9, 1) == 0


def test_what_may_be_said():
    loud, quiet = GradientNorms(torch.ones(2, 3)), GradientNorms(torch.tensor([[1e-9, 1e-3]]))
    lost = GradientNorms(torch.full((2, 3), torch.nan))
    assert "still heard at the first step, at 1.0e+00" in loud.says
    assert "nothing up to step 0 hears the error" in quiet.says and "finite numbers" in lost.says
    for result in (loud, quiet, lost):
        assert result.says.endswith(".") and result.says_not.endswith(".")


def test_a_run_and_an_experiment_are_taken_too():
    spec = rc.Experiment.of("gru", "adding", hidden_size=3, length=6, updates=4)
    run = rc.train(spec, quiet=True)
    direct = rc.gradient_norms(run.network, run.held_out.rows(slice(0, 5)), run.task.loss)
    same(rc.gradient_norms(run, rows=5).norms, direct.norms)
    same(rc.gradient_norms(run, rows=5, update=0).norms, rc.gradient_norms(spec, rows=5).norms)
    assert not torch.equal(rc.gradient_norms(spec, rows=5).norms, direct.norms)
