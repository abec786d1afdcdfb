"""Truncated BPTT, RTRL and the hybrid: BPTT's gradient over random sizes, steps while the sequence runs, refusals."""

from __future__ import annotations

import random

import pytest
import torch

import rnn_core as rc
from rnn_core import catalogue
from rnn_core.records import Batch, Streams
from rnn_core.sensitivity import from_the_start, sensitivities, stepwise
from rnn_core.tasks.base import RegressionTask
from tests.cells.cases import one_sentence, same
from tests.learners.checkpoints import taken_up

EXACT = {"truncated_bptt": {"window_back": 1000}, "rtrl": {}, "hybrid": {}}
STEPWISE = ("truncated_bptt", "rtrl", "hybrid")
ALONG = [name for name, kind in catalogue.cell_classes().items() if "sequence" in kind.runs_along]


def drawn(seed: int, architecture: str = ""):
    """A network of a random kind and size, sequences with random masks and scores, and a task that is their loss."""
    pick, g = random.Random(seed), torch.Generator().manual_seed(seed)
    architecture = architecture or pick.choice(["elman", "lstm", "gru", "fully_recurrent", "jordan", "indrnn"])
    wiring = pick.choice(["single", "stack", "clocked"]) if architecture in ("elman", "lstm", "gru") else "single"
    sizes = {"hidden_size": pick.randint(1, 6)} if architecture in ALONG and hasattr(
        catalogue.cell_classes()[architecture].Settings(), "hidden_size") else {}
    spec = rc.Experiment.of(architecture, "adding", wiring=wiring, seed=seed, **sizes)
    b, t = pick.randint(1, 4), pick.randint(1, 12)
    mask = torch.arange(t) < torch.randint(1, t + 1, (b, 1), generator=g) if pick.random() < 0.5 else None
    scored = torch.rand(b, t, generator=g) < 0.6
    scored[:, 0] = True
    batch = Batch(torch.randn(b, t, 2, generator=g, dtype=torch.float64),
                  torch.randn(b, t, 1, generator=g, dtype=torch.float64), mask, scored)
    return spec, spec.make_network().double(), batch, spec.make_task()


def learner(rule: str, network, task, **settings):
    """A rule on that network and task."""
    kind = catalogue.learner_classes()[rule]
    return kind(network, task, kind.Settings(**settings), Streams.of(0))


def exact(network, batch: Batch, task) -> list[torch.Tensor]:
    """The gradient of the whole unrolled graph."""
    loss = task.loss(network.trace(batch.x, mask=batch.mask).outputs, batch)
    wanted = [p for p in network.parameters() if p.requires_grad]
    got = torch.autograd.grad(loss, wanted, allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for p, g in zip(wanted, got, strict=True)]


@pytest.mark.parametrize("seed", range(12))
def test_every_exact_rule_has_the_gradient_of_bptt(seed):
    _, network, batch, task = drawn(seed)
    pick, wanted = random.Random(seed), exact(network, batch, task)
    for rule, settings in EXACT.items():
        own = dict(settings)
        if rule == "hybrid":
            own["block"] = pick.randint(1, 14)
        if rule == "truncated_bptt":
            own["window_every"] = pick.randint(1, 14)
        same(learner(rule, network, task, **own).gradient(batch)[1], wanted, atol=1e-10)
        assert all(p.grad is None for p in network.parameters())


@pytest.mark.parametrize("rule", EXACT)
@pytest.mark.parametrize("architecture", ALONG)
def test_on_every_architecture(rule, architecture):
    _, network, batch, task = drawn(3, architecture)
    same(learner(rule, network, task, **EXACT[rule]).gradient(batch)[1], exact(network, batch, task), atol=1e-10)


@pytest.mark.parametrize("rule", STEPWISE)
def test_padding_teaches_nothing(rule):
    _, network, batch, task = drawn(5)
    mask = torch.zeros(batch.target.shape[:2], dtype=torch.bool)
    mask[:, : max(1, mask.shape[1] // 2)] = True
    batch = batch._replace(mask=mask)
    spoiled = batch._replace(x=batch.x.masked_fill(~mask.unsqueeze(-1), torch.nan),
                             target=batch.target.masked_fill(~batch.counted.unsqueeze(-1), torch.nan))
    found = [learner(rule, network, task).gradient(one)[1] for one in (batch, spoiled)]
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("rule", STEPWISE)
def test_frozen_weights_stay_out(rule):
    _, network, batch, task = drawn(1, "gru")
    network.cells[0].requires_grad_(True)
    for p in list(network.cells[0].parameters())[:2]:
        p.requires_grad_(False)
    own = learner(rule, network, task, **EXACT[rule])
    same(own.gradient(batch)[1], exact(network, batch, task), atol=1e-10)


@pytest.mark.parametrize("rule", STEPWISE)
def test_online_it_steps_after_every_piece(rule):
    spec = rc.Experiment.of("elman", "temporal_xor", rule, hidden_size=4, length=12, updates=2, online=True,
                            optimiser="sgd", batch_size=2)
    run = rc.Run(spec)
    steps = [0]
    change = run.learner.optimiser.step
    run.learner.optimiser.step = lambda: (steps.__setitem__(0, steps[0] + 1), change())[1]
    told = list(run.training())
    pieces = {"truncated_bptt": -(-12 // 5), "rtrl": 12, "hybrid": 1}[rule]
    assert steps[0] == 2 * pieces and run.status == "done"
    assert told.count(None) == 2 * (pieces - 1)


@pytest.mark.parametrize("rule", STEPWISE)
def test_a_run_is_taken_up_from_its_checkpoint(rule):
    spec = rc.Experiment.of("gru", "adding", rule, hidden_size=3, length=8, updates=4, batch_size=2)
    taken_up(spec)


def test_rtrl_and_bptt_take_the_same_road():
    runs = [rc.train(rc.Experiment.of("lstm", "temporal_xor", rule, hidden_size=4, length=10, updates=20), quiet=True)
            for rule in ("bptt", "rtrl", "hybrid")]
    for other in runs[1:]:
        assert other.history["loss"].tolist()[1:] == pytest.approx(runs[0].history["loss"].tolist()[1:], abs=1e-4)


@pytest.mark.parametrize("rule", STEPWISE)
def test_no_rule_for_a_network_that_reads_from_both_ends(rule):
    with pytest.raises(ValueError, match="reads it from its end too") as caught:
        rc.Experiment.of("lstm", "adding", rule, wiring="bidirectional")
    one_sentence(str(caught.value))


@pytest.mark.parametrize("rule", STEPWISE)
def test_no_rule_for_a_loss_that_is_no_mean_over_steps(rule):
    class Odd(RegressionTask):
        card = catalogue.task_classes()["adding"].card

        def loss(self, y, batch):
            return y.max()

    with pytest.raises(ValueError, match="no mean over steps") as caught:
        catalogue.learner_classes()[rule].check(catalogue.cell_classes()["elman"], Odd)
    one_sentence(str(caught.value))


@pytest.mark.parametrize("rule", ["rtrl", "hybrid"])
def test_an_influence_too_large_ends_the_run_in_one_sentence(rule):
    run = rc.Run(rc.Experiment.of("lstm", "adding", rule, hidden_size=128, length=5))
    list(run.training())
    assert run.status == "diverged" and "choose fewer units or smaller batches" in run.reason
    one_sentence(run.reason)


def test_a_step_that_does_not_exist_passes_everything_on(generator):
    cell = rc.make_cell("gru", 2, hidden_size=3).double()
    x = torch.randn(2, 4, 2, generator=generator, dtype=torch.float64)
    A, B = sensitivities(cell, x, cell.initial_state(2), torch.zeros(2, 4, dtype=torch.bool))
    same(A, torch.eye(3, dtype=torch.float64).expand(2, 3, 3))
    assert not B.any()


def test_a_block_is_its_steps(generator):
    cell = rc.make_cell("lstm", 2, hidden_size=3).double()
    x = torch.randn(2, 5, 2, generator=generator, dtype=torch.float64)
    trace = rc.unroll(cell, x)
    P, through = from_the_start(cell).expand(2, -1, -1), torch.eye(6, dtype=torch.float64).expand(2, 6, 6)
    for A, B in zip(*(J.unbind(1) for J in stepwise(cell, x, trace.entering)), strict=True):
        P, through = torch.baddbmm(B, A, P), A @ through
    A, B = sensitivities(cell, x, cell.initial_state(2))
    same([A.detach(), B.detach()], [through, P], atol=1e-12)
