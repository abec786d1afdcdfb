"""Kalman training: random sizes beside a filter written out, checkpoints, commands, memory, gaps, refusals."""

from __future__ import annotations

import random

import pytest
import torch

import rnn_core as rc
from rnn_core import catalogue
from rnn_core.jobs.preflight import estimate_memory
from rnn_core.learners.kalman import grouped
from rnn_core.records.trees import tmap
from rnn_core.sensitivity import TOGETHER, seen
from rnn_core.verify.rules import a_run, drawn
from tests.cells.cases import one_sentence, same
from tests.learners.checkpoints import taken_up

ALONG = [name for name, kind in catalogue.cell_classes().items() if "sequence" in kind.runs_along]


@pytest.mark.parametrize("seed", range(6))
def test_a_batch_beside_the_filter_written_out(seed):
    pick = random.Random(seed)
    run = a_run(pick.choice(["elman", "lstm", "gru", "rmlp"]), "kalman", hidden_size=pick.randint(1, 4), ragged=True,
                length=9, prior_variance=2.0, error_variance=0.3, drift_variance=pick.choice([0.0, 0.02]), seed=seed)
    batch, _ = drawn(run)
    before = [p.detach().clone() for p in run.learner.parameters]
    P = 2.0 * torch.eye(sum(p.numel() for p in before), dtype=torch.float64)
    eye, Q = torch.eye(len(P), dtype=torch.float64), run.learner.settings.drift_variance
    for t, (y, H) in enumerate(run.learner.observations(batch, None)):
        there = batch.counted[:, t]
        if not there.any():
            continue
        e, H = (batch.target[:, t] - y)[there].flatten(), H[there].flatten(0, 1)
        K = P @ H.T @ torch.linalg.inv(H @ P @ H.T + 0.3 * torch.eye(len(H), dtype=torch.float64))
        P = (eye - K @ H) @ P + Q * eye
        parts = (K @ e).split([p.numel() for p in before])
        with torch.no_grad():
            for p, part in zip(run.learner.parameters, parts, strict=True):
                p.add_(part.view_as(p))
    by_hand = [p.detach().clone() for p in run.learner.parameters]
    with torch.no_grad():
        torch._foreach_copy_(run.learner.parameters, before)
    for _ in run.learner.follow(batch, None):
        pass
    same([p.detach() for p in run.learner.parameters], by_hand, atol=1e-9)
    same([run.learner.P[0]], [P], atol=1e-9)


@pytest.mark.parametrize("architecture", ALONG)
def test_few_and_many_sequences_take_roads_that_agree(architecture, generator):
    run = rc.Run(rc.Experiment.of(architecture, "adding", length=4))
    network = run.network.double()
    x = run.task.sample(TOGETHER + 1, generator).x.double()
    state, make = network.cells[0].initial_state(TOGETHER + 1), lambda y: y.softmax(-1)
    many = seen(network.cells[0], network.readout, x, state, None, make)
    for rows in (slice(0, TOGETHER), slice(TOGETHER, None)):
        few = seen(network.cells[0], network.readout, x[rows], tmap(lambda v, rows=rows: v[rows], state), None, make)
        for name in ("y", "A", "B", "C", "D"):
            same([getattr(few, name)], [getattr(many, name)[rows]], atol=1e-10)


def test_a_run_is_taken_up_from_its_checkpoint():
    spec = rc.Experiment.of("gru", "temporal_order", "kalman", hidden_size=3, length=8, updates=4, batch_size=2,
                            cooling=0.9)
    whole = taken_up(spec)
    assert whole.learner.cooled == pytest.approx(0.9**4)
    wider = rc.Run(spec.with_(hidden_size=4))
    with pytest.raises(ValueError, match="belongs to other weights"):
        wider.learner.restore(whole.learner.tensors(), whole.learner.numbers())


def test_it_breathes_and_takes_commands():
    run = rc.Run(rc.Experiment.of("elman", "temporal_xor", "kalman", hidden_size=2, length=6, updates=2))
    assert list(run.training()).count(None) == 2 * 5 and run.status == "done"
    assert run.history["gradient_norm"].dropna().gt(0).all()
    run.obey("error_variance", 0.5)
    assert run.learner.settings.error_variance == 0.5
    with pytest.raises(ValueError, match="^“prior_variance” cannot be changed in mid-run"):
        run.obey("prior_variance", 0.5)


def test_units_cover_every_weight_once():
    network = rc.Experiment.of("lstm", "adding", hidden_size=3, wiring="stack", layers=2).make_network()
    parameters = list(network.parameters())
    count = sum(p.numel() for p in parameters)
    groups = grouped(network, parameters, "units")
    assert sorted(groups[groups < count].tolist()) == list(range(count)) and len(groups) == 2 * 4 * 3 + 1
    assert grouped(network, parameters, "all").tolist() == [list(range(count))]


def test_what_does_not_exist_teaches_nothing():
    run, other = (a_run("gru", "kalman", hidden_size=3, length=8) for _ in range(2))
    batch, _ = drawn(run)
    mask = torch.arange(8) < torch.tensor([[8], [3], [5], [1]])
    batch = batch._replace(mask=mask)
    spoiled = batch._replace(x=batch.x.masked_fill(~mask.unsqueeze(-1), torch.nan),
                             target=batch.target.masked_fill(~mask.unsqueeze(-1), torch.nan))
    for one, given in ((run, batch), (other, spoiled)):
        for _ in one.learner.follow(given, None):
            pass
    same([p.detach() for p in other.learner.parameters], [p.detach() for p in run.learner.parameters], atol=0)


def test_numbers_that_run_away_keep_the_last_weights():
    run = rc.Run(rc.Experiment.of("elman", "adding", "kalman", hidden_size=2, length=5, activation="linear", gain=5.0))
    with torch.no_grad():
        run.network.readout.V.fill_(torch.inf)
    list(run.training())
    assert run.status == "diverged"
    one_sentence(run.reason)


def test_too_many_weights_are_told_before_and_while():
    spec = rc.Experiment.of("lstm", "adding", "kalman", hidden_size=64, length=5)
    run = rc.Run(spec)
    list(run.training())
    assert run.status == "diverged" and "choose fewer units, or couple the weights by units" in run.reason
    one_sentence(run.reason)
    assert estimate_memory(spec) > 8 * run.network.parameter_count**2
    assert estimate_memory(spec.with_(coupling="units")) < estimate_memory(spec) / 10


def test_the_analyses_see_a_change_of_weights_and_leave_the_network_alone():
    run = rc.Run(rc.Experiment.of("elman", "adding", hidden_size=3, length=6))
    found = rc.rule_agreement(run)
    assert "kalman" not in found.gradients and "follows no gradient" in found.refused["kalman"]
    rule = rc.face.rules(run)["kalman"]
    before = [p.clone() for p in run.network.parameters()]
    loss, change = rule.gradient(run.held_out.rows(slice(0, 2))._replace(
        x=run.held_out.x[:2].double(), target=run.held_out.target[:2].double()))
    assert loss > 0 and not rule.descends and all(bool(v.isfinite().all()) for v in change.values())
    assert all(torch.equal(a, b) for a, b in zip(before, run.network.parameters(), strict=True))
