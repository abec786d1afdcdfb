"""BPTT: each optimiser against its formula and torch's own, clipping, ragged batches, teachers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.learners.bptt import BPTT, BPTTSettings
from rnn_core.records import Batch, Streams
from rnn_core.tasks.base import RegressionTask
from tests.cells.cases import identical, same

RATE, MU = 0.01, 0.9


class Fixed(RegressionTask):
    """Always the same sequences."""

    input_size, output_size = 2, 1

    def __init__(self, batch: Batch) -> None:
        super().__init__()
        self.batch = batch

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self.batch


def some_batch(b: int = 4, t: int = 6) -> Batch:
    """Ragged sequences, scored at some of their steps."""
    g = torch.Generator().manual_seed(3)
    mask = torch.arange(t) < torch.tensor([6, 3, 1, 5]).unsqueeze(1)
    scored = torch.rand(b, t, generator=g) < 0.7
    scored[:, 0] = True
    return Batch(torch.randn(b, t, 2, generator=g, dtype=torch.float64),
                 torch.randn(b, t, 1, generator=g, dtype=torch.float64), mask, scored)


def a_net(architecture: str = "gru"):
    """A fresh network in float64."""
    return rc.Experiment.of(architecture, "adding", hidden_size=4).make_network().double()


def a_learner(net, task, **settings) -> BPTT:
    """A learner on that network and task."""
    return BPTT(net, task, BPTTSettings(**{"clip": 0.0, "learning_rate": RATE, **settings}), Streams.of(0))


def go(learner: BPTT) -> tuple[float, float]:
    """One update."""
    *breaths, done = learner.update()
    assert breaths == []
    return done


def gradient(net, task: Fixed) -> list[Tensor]:
    """The gradient of the task's loss, by the slow road."""
    loss = task.loss(net.trace(task.batch.x, mask=task.batch.mask).outputs, task.batch)
    return list(torch.autograd.grad(loss, list(net.parameters())))


def sgd(theta: Tensor, g: Tensor, memory: dict) -> Tensor:
    """θ ← θ − η g."""
    return theta - RATE * g


def momentum(theta: Tensor, g: Tensor, memory: dict) -> Tensor:
    """v ← μ v + g, θ ← θ − η v."""
    memory["v"] = MU * memory.get("v", 0) + g
    return theta - RATE * memory["v"]


def rmsprop(theta: Tensor, g: Tensor, memory: dict) -> Tensor:
    """s ← .99 s + .01 g², θ ← θ − η g / (√s + 10⁻⁸)."""
    memory["s"] = 0.99 * memory.get("s", 0) + 0.01 * g**2
    return theta - RATE * g / (memory["s"].sqrt() + 1e-8)


def adam(theta: Tensor, g: Tensor, memory: dict) -> Tensor:
    """m and s, each without its bias."""
    k = memory["k"] = memory.get("k", 0) + 1
    memory["m"] = 0.9 * memory.get("m", 0) + 0.1 * g
    memory["s"] = 0.999 * memory.get("s", 0) + 0.001 * g**2
    return theta - RATE * (memory["m"] / (1 - 0.9**k)) / ((memory["s"] / (1 - 0.999**k)).sqrt() + 1e-8)


FORMULAS = {f.__name__: f for f in (sgd, momentum, rmsprop, adam)}
TORCHS = {"sgd": lambda p: torch.optim.SGD(p, lr=RATE), "momentum": lambda p: torch.optim.SGD(p, lr=RATE, momentum=MU),
          "rmsprop": lambda p: torch.optim.RMSprop(p, lr=RATE), "adam": lambda p: torch.optim.Adam(p, lr=RATE)}


@pytest.mark.parametrize("name", FORMULAS)
def test_three_steps_by_formula_and_by_torch(name):
    task, ours, other = Fixed(some_batch()), a_net(), a_net()
    learner, theirs = a_learner(ours, task, optimiser=name), TORCHS[name](other.parameters())
    memories = [{} for _ in ours.parameters()]
    for _ in range(3):
        expected = [FORMULAS[name](p.detach(), g, m)
                    for p, g, m in zip(ours.parameters(), gradient(ours, task), memories, strict=True)]
        loss, norm = go(learner)
        same([p.detach() for p in ours.parameters()], expected)
        theirs.zero_grad()
        value = task.loss(other(task.batch.x, mask=task.batch.mask), task.batch)
        value.backward()
        assert loss == pytest.approx(float(value.detach()), abs=1e-12)
        assert norm == pytest.approx(math.sqrt(sum(float((p.grad**2).sum()) for p in other.parameters())), rel=1e-9)
        theirs.step()
        same([p.detach() for p in ours.parameters()], [p.detach() for p in other.parameters()])


@pytest.mark.parametrize("clip", [1e-3, 0.05, 1000.0])
def test_clipping_shortens_and_does_not_turn(clip):
    task, net = Fixed(some_batch()), a_net()
    before, grads = [p.detach().clone() for p in net.parameters()], gradient(net, task)
    _, norm = go(a_learner(net, task, optimiser="sgd", clip=clip))
    moved = torch.cat([(a - b.detach()).flatten() for a, b in zip(before, net.parameters(), strict=True)]) / RATE
    g = torch.cat([v.flatten() for v in grads])
    assert norm == pytest.approx(float(g.norm()), rel=1e-9)
    same(moved, g * min(1.0, clip / (norm + 1e-6)), atol=1e-11)
    assert float(moved.norm()) <= clip * (1 + 1e-9)


@pytest.mark.parametrize("architecture", ["elman", "lstm", "gru"])
def test_a_ragged_batch_is_its_sequences_one_by_one(architecture):
    batch, net = some_batch(), a_net(architecture)
    task = Fixed(batch)
    learner = a_learner(net, task, optimiser="sgd")
    before, total = [p.detach().clone() for p in net.parameters()], [0.0] * len(list(net.parameters()))
    for k, length in enumerate(batch.mask.sum(1).tolist()):
        alone = Batch(batch.x[k:k + 1, :length], batch.target[k:k + 1, :length], None, batch.scored[k:k + 1, :length])
        share = int(alone.counted.sum()) / int(batch.counted.sum())
        total = [t + share * g for t, g in zip(total, gradient(net, Fixed(alone)), strict=True)]
    go(learner)
    same([a - RATE * g for a, g in zip(before, total, strict=True)], [p.detach() for p in net.parameters()])


def test_padding_teaches_nothing():
    batch = some_batch()
    spoiled = batch._replace(x=batch.x.masked_fill(~batch.mask.unsqueeze(-1), math.nan),
                             target=batch.target.masked_fill(~batch.counted.unsqueeze(-1), math.nan))
    nets = [a_net(), a_net()]
    for net, given in zip(nets, (batch, spoiled), strict=True):
        learner = a_learner(net, Fixed(given), optimiser="adam")
        go(learner), go(learner)
    identical(*([p.detach() for p in net.parameters()] for net in nets))


@pytest.mark.parametrize("forcing", [0.0, 0.5, 1.0])
def test_the_teacher_speaks_as_often_as_it_should(forcing):
    net = a_net("jordan")
    learner = a_learner(net, Fixed(some_batch()), teacher_forcing=forcing)
    batch = Batch(torch.zeros(200, 50, 2), torch.randn(200, 50, 1))
    said = learner.teacher(batch)
    heard = ~said.isnan()
    assert abs(float(heard.float().mean()) - forcing) < 0.02
    same(said[heard], batch.target[heard])


def test_only_a_net_that_hears_itself_has_a_teacher():
    learner = a_learner(a_net("lstm"), Fixed(some_batch()))
    before = learner.streams.noise.get_state()
    assert learner.teacher(some_batch()) is None
    assert torch.equal(before, learner.streams.noise.get_state())


def test_frozen_weights_stay():
    net = a_net()
    net.cells[0].R.requires_grad_(False)
    before = net.cells[0].R.clone()
    learner = a_learner(net, Fixed(some_batch()))
    go(learner)
    identical(net.cells[0].R.detach(), before)
    assert net.cells[0].W.grad is not None
