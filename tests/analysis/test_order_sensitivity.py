"""Sensitivity to order: bags give exactly 0, swaps and shuffles are those of a plain loop, answers stay in place."""

from __future__ import annotations

import itertools

import pytest
import torch

import rnn_core as rc
from rnn_core.records import Batch, NetworkTrace
from tests.cells.cases import same


class Bag(torch.nn.Module):
    """The mean of all that was read so far, through a net of two layers."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(inputs, 8), torch.nn.Tanh(), torch.nn.Linear(8, outputs))

    def trace(self, x, *, mask=None):
        """Outputs (b, t, o) as of a network."""
        there = torch.ones(x.shape[:2]) if mask is None else mask.to(x.dtype)
        total = torch.where(there.bool().unsqueeze(-1), x, torch.zeros_like(x)).cumsum(1)
        return NetworkTrace(self.net(total / there.cumsum(1).clamp(min=1).unsqueeze(-1)), ())


def eighths(*shape: int) -> torch.Tensor:
    """Numbers whose sums have no rounding."""
    return torch.randint(-8, 9, shape) / 8


MASK = torch.arange(7) < torch.tensor([7, 5, 2, 1]).unsqueeze(1)


@pytest.mark.parametrize("classes", [False, True])
@pytest.mark.parametrize("mask", [None, MASK])
def test_a_bag_is_exactly_blind(classes, mask):
    target = torch.zeros(4, 7, dtype=torch.long) if classes else torch.zeros(4, 7, 2)
    found = rc.order_sensitivity(Bag(3, 2), Batch(eighths(4, 7, 3), target, mask))
    known = torch.cat([found.shuffled, found.swapped])
    assert (known[~known.isnan()] == 0).all() and (~known.isnan()).any() and found.apart > 0
    assert "reads a bag" in found.says


def test_swaps_are_those_of_a_plain_loop(float64):
    run = rc.Run(rc.Experiment.of("gru", "adding", hidden_size=3, length=7, ragged=True))
    net, batch = run.network.double(), run.held_out.rows(slice(0, 5))
    x, lengths = batch.x.double(), batch.mask.sum(1).tolist()
    found = rc.order_sensitivity(net, batch._replace(x=x))
    assert found.steps.tolist() == [n - 1 for n in lengths] and found.places.tolist() == list(range(max(lengths) - 2))
    for k, place in itertools.product(range(5), found.places.tolist()):
        last = lengths[k] - 1
        if place + 1 >= last:
            assert found.swapped[place, k].isnan()
            continue
        order = list(range(lengths[k]))
        order[place], order[place + 1] = order[place + 1], order[place]
        ends = [net.trace(x[k : k + 1, o]).outputs[0, last].detach() for o in (order, range(lengths[k]))]
        same(found.swapped[place, k], (ends[0] - ends[1]).norm(), atol=1e-9)


def test_shuffles_are_among_all_orders(float64):
    run = rc.Run(rc.Experiment.of("elman", "adding", hidden_size=3, length=5))
    net, batch = run.network.double(), run.held_out.rows(slice(0, 3))
    batch = batch._replace(x=batch.x.double())
    found = rc.order_sensitivity(net, batch, orders=6)
    every = torch.stack(
        [net.trace(batch.x[:, [*p, 4]]).outputs[:, 4].detach() for p in itertools.permutations(range(4))]
    )
    moves = (every - every[0]).norm(dim=-1)
    for change in found.shuffled:
        assert all((moves[:, k] - change[k]).abs().min() < 1e-12 for k in range(3))
    assert not torch.equal(found.shuffled, rc.order_sensitivity(net, batch, orders=6, seed=1).shuffled)
    assert torch.equal(found.shuffled, rc.order_sensitivity(net, batch, orders=6).shuffled)


def test_classes_are_compared_by_belief(float64):
    run = rc.Run(rc.Experiment.of("gru", "delayed_recall", hidden_size=3, lag=4))
    net, batch = run.network.double(), run.held_out.rows(slice(0, 6))
    x = batch.x.double()
    found = rc.order_sensitivity(net, batch._replace(x=x))
    belief = [net.trace(v).outputs[:, 4].softmax(-1).detach() for v in (x, x[:, [1, 0, 2, 3, 4]])]
    same(found.swapped[0], (belief[0] - belief[1]).abs().sum(-1) / 2)
    pairs = [(belief[0][a] - belief[0][b]).abs().sum() / 2 for a, b in itertools.permutations(range(6), 2)]
    assert found.apart == pytest.approx(float(sum(pairs)) / 30)
    assert found.classes and "of the belief" in found.says


def test_marks_go_with_their_numbers():
    """An adder by hand: Σ m_t u_t does not care for order, though its inputs do change."""

    class Adder(torch.nn.Module):
        def trace(self, x, *, mask=None):
            return NetworkTrace((x[..., :1] * x[..., 1:]).cumsum(1), ())

    run = rc.Run(rc.Experiment.of("elman", "adding", length=8))
    batch = run.held_out._replace(x=(run.held_out.x * 64).round() / 64)
    assert rc.order_sensitivity(Adder(), batch).shuffled.max() == 0


def test_symbols_and_long_sequences():
    class Places(torch.nn.Module):
        def trace(self, x, *, mask=None):
            return NetworkTrace((x * torch.arange(x.shape[1])).cumsum(1).unsqueeze(-1).float(), ())

    found = rc.order_sensitivity(Places(), Batch(torch.randint(0, 5, (3, 200)), torch.zeros(3, 200, 1)), orders=1)
    assert len(found.places) == 64 and found.places[-1] == 197 and found.swapped.max() > 0
    assert len(found.frame()) == 3 * 65


@pytest.mark.parametrize("length", [1, 2])
def test_too_short_for_any_order(length):
    net = rc.Experiment.of("elman", "temporal_xor", hidden_size=1).make_network()
    found = rc.order_sensitivity(net, Batch(torch.randn(2, length, 1), torch.zeros(2, length, 1)))
    assert "no order to change" in found.says and len(found.frame()) == 16 and found.shuffled.isnan().all()


def test_refusals_and_no_finite_number():
    run = rc.Run(rc.Experiment.of("elman", "adding", hidden_size=2, length=6))
    with pytest.raises(ValueError, match="At least one random order"):
        rc.order_sensitivity(run, orders=0)
    with torch.no_grad():
        run.network.cells[0].R.fill_(torch.nan)
    assert "left the finite numbers" in rc.order_sensitivity(run).says
