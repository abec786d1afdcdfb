"""Diagnosis: each check is right about a network that has the trouble, and about one that has not."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.diagnosis import CARD, Diagnosis, _between
from rnn_core.records import Batch, Command
from rnn_core.records.progress import COLUMNS
from rnn_core.shipped import shipped
from tests.cells.cases import one_sentence

CHECKS = {"untrained", "constant", "saturated", "dead", "vanishing", "diverging", "overfitting"}
SMALL = {"hidden_size": 8, "length": 20, "batch_size": 16}


def named(result: Diagnosis) -> set[str]:
    return {one.name for one in result.findings}


def check(result: Diagnosis, name: str) -> rc.Result:
    return next(one for one in result.checks if one.name == name)


def of(spec: rc.Experiment, change=None) -> Diagnosis:
    """The diagnosis of a fresh network with some of its weights changed, as if it had been trained."""
    run = rc.Run(spec)
    next(run.training())
    if change is not None:
        with torch.no_grad():
            change(run.network)
    history = run.history
    history.loc[1] = [1, 1.0, history["held_out"][0], 0.0, 1.0, 0.005, 0.0]
    return rc.diagnosis(run.network, run.held_out.rows(slice(0, 32)), run.task.loss, run.task, history)


def test_a_good_network_has_nothing():
    result = rc.diagnosis(shipped(), rows=32)
    assert result.findings == () and {one.name for one in result.checks} == CHECKS
    assert "none of 7 checks" in result.says and len(result.frame()) == 7 and CARD.summary
    for one in result.checks:
        one_sentence(one.sentence)
        assert not one.change and one.page in ("Train", "Hidden states", "Gradients")


def test_not_trained_yet():
    spec = rc.Experiment.of("lstm", "adding", **SMALL, updates=2)
    result = rc.diagnosis(spec)
    assert named(result) == {"untrained"} and "not been trained" in result.says
    assert "untrained" not in named(rc.diagnosis(rc.train(spec, quiet=True)))


def test_the_same_whatever_it_reads():
    spec = rc.Experiment.of("elman", "adding", hidden_size=8, length=60, updates=60, batch_size=16, gain=0.8)
    run = rc.train(spec, quiet=True)
    one = check(rc.diagnosis(run, rows=64), "constant")
    assert one.found and one.severity == "problem" and one.change == {"architecture": "lstm"}
    one_sentence(one.sentence)

    def mute(network):
        network.readout.V.zero_()
        network.readout.d.fill_(1.0)

    muted = of(rc.Experiment.of("lstm", "adding", **SMALL), mute)
    assert check(muted, "constant").measured == 0 and check(muted, "constant").change == {"length": 10}


@pytest.mark.parametrize("ragged", [False, True])
def test_always_the_same_class_is_constant_too(ragged):
    spec = rc.Experiment.of("gru", "delayed_recall", hidden_size=6, lag=12, ragged=ragged)

    def mute(network):
        network.readout.V.zero_()
        network.readout.d.copy_(torch.tensor([0.0, 0, 0, 0, 2.5]))

    assert "constant" in named(of(spec, mute))
    batch = rc.Run(spec).held_out
    told = torch.nn.functional.one_hot(batch.target, 5).float() * 9
    one = check(rc.diagnosis(_Told(told, rc.Run(spec).network), batch, rc.Run(spec).task.loss, rc.Run(spec).task,
                             of_history()), "constant")
    assert not one.found and one.measured == pytest.approx(1, abs=0.02)


def of_history():
    """The curve of a run of one update."""
    run = rc.train(rc.Experiment.of("elman", "adding", hidden_size=2, length=4, updates=1, batch_size=2), quiet=True)
    return run.history


class _Told(torch.nn.Module):
    """A network whose answers are given, with the states of a real one."""

    def __init__(self, outputs, network):
        super().__init__()
        self.outputs, self.network, self.cells = outputs, network, network.cells

    def trace(self, x, **options):
        found = self.network.trace(x, **options)
        return rc.NetworkTrace(self.outputs + 0 * found.outputs, found.passes)


def test_variance_between_sequences_is_counted_from_the_end():
    lengths, v = torch.tensor([4, 2, 3]), torch.tensor([[1.0, 2, 3, 4], [7, 9, 0, 0], [5, 5, 6, 0]])
    mask = torch.arange(4) < lengths.unsqueeze(1)
    batch = Batch(torch.zeros(3, 4, 1), v.unsqueeze(-1), mask)
    groups = [[4.0, 9, 6], [3, 7, 5], [2, 5], [1]]
    wanted = sum(sum((x - sum(g) / len(g)) ** 2 for x in g) for g in groups) / 9
    assert _between(v.unsqueeze(-1), batch) == pytest.approx(wanted)


def test_saturated_units():
    loud = rc.diagnosis(rc.Experiment.of("elman", "adding", hidden_size=8, length=40, gain=5.0))
    one = check(loud, "saturated")
    assert one.found and one.change == {"gain": 1.0} and "values of h" in one.sentence
    assert "saturated" not in named(rc.diagnosis(rc.Experiment.of("elman", "adding", hidden_size=8, length=40)))


@pytest.mark.parametrize(("gate", "bias", "found"), [(0, -9.0, True), (0, 9.0, True), (1, -9.0, True), (1, 9.0, False)])
def test_gates_that_stand_at_an_end_but_a_keep_gate_may_stay_open(gate, bias, found):
    def push(network):
        network.cells[0].b.view(4, -1)[gate] = bias

    one = check(of(rc.Experiment.of("lstm", "adding", **SMALL), push), "saturated")
    assert one.found is found
    assert not found or f"all values of {'if'[gate]} " in one.sentence and one.change == {"learning_rate": 0.0017}


def test_dead_units():
    spec = rc.Experiment.of("elman", "adding", activation="relu", **SMALL)
    one = check(of(spec, lambda network: network.cells[0].b.fill_(-9.0)), "dead")
    assert one.found and "8 of 8 units of h" in one.sentence and one.change == {"activation": "tanh"}
    assert "dead" not in named(of(spec, lambda network: network.cells[0].b.fill_(0.5)))
    assert "dead" not in named(of(rc.Experiment.of("gru", "adding", **SMALL)))

    def close(network):
        network.cells[0].b.view(4, -1)[3] = -30.0

    assert "units of h" in check(of(rc.Experiment.of("lstm", "adding", **SMALL), close), "dead").sentence


def test_an_error_that_vanishes_before_the_first_thing_to_remember():
    spec = rc.Experiment.of("elman", "adding", hidden_size=8, length=60, gain=0.5)
    result = rc.diagnosis(spec, rows=32)
    one = check(result, "vanishing")
    norms = rc.gradient_norms(spec, rows=32)
    assert one.found and f"up to step {norms.horizon} " in one.sentence and one.change == {"architecture": "lstm"}
    assert "vanishing" not in named(rc.diagnosis(spec.with_(gain=1.0), rows=32))
    run = rc.Run(spec.with_(gain=1.0))
    quiet = rc.diagnosis(run.network, run.held_out.rows(slice(0, 8)), lambda y, b: 1e-9 * run.task.loss(y, b),
                         run.task, run.history)
    assert "vanishing" not in named(quiet)


def test_only_what_must_be_remembered_is_missed():
    spec = rc.Experiment.of("elman", "next_character", hidden_size=8, length=60, gain=0.5)
    assert "vanishing" not in named(rc.diagnosis(spec, rows=4))


def test_divergence():
    spec = rc.Experiment.of("elman", "adding", **SMALL, activation="linear", gain=1.6, optimiser="sgd", clip=0.0,
                            learning_rate=5.0, updates=50)
    run = rc.train(spec, quiet=True)
    assert run.status == "diverged"
    result = rc.diagnosis(run, status=run.status, reason=run.reason)
    one = result.findings[0]
    assert one.name == "diverging" and one.sentence == run.reason and one.change == {"learning_rate": 1.0}
    burst = rc.Experiment.of("elman", "adding", hidden_size=3, length=300, gain=5.0, activation="linear")
    assert "not finite" in check(rc.diagnosis(burst, rows=2), "diverging").sentence


def test_what_was_learnt_and_lost():
    spec = rc.Experiment.of("lstm", "adding", hidden_size=8, length=4, batch_size=32, updates=320, learning_rate=0.02)
    good = rc.train(spec, quiet=True)
    assert "diverging" not in named(rc.diagnosis(good))
    wild = rc.train(spec.with_(updates=350, clip=0.0, optimiser="adam"), [Command(update=320, name="learning_rate",
                                                                                 value=9.0)], quiet=True)
    one = check(rc.diagnosis(wild), "diverging")
    assert one.found and one.change == {"learning_rate": 1.8}
    one_sentence(one.sentence)


def test_learning_by_heart():
    run = rc.Run(rc.Experiment.of("lstm", "adding", hidden_size=16, length=12, learning_rate=0.02))
    few, records = run.task.sample(6, run.streams.data), []
    optimiser = torch.optim.Adam(run.network.parameters(), lr=0.02)
    for update in range(201):
        loss = run.task.loss(run.network(few.x), few)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        held = run.measure() if update % 20 == 0 else (None, None)
        records.append(dict(zip(COLUMNS, (update, loss.item(), *held, 0.0, 0.02, 0.0), strict=True)))
    run.records, run.update = records, 200
    one = check(rc.diagnosis(run), "overfitting")
    assert one.found and one.change == {"hidden_size": 8} and one.measured > 1.1
    one_sentence(one.sentence)
    run.records = records[:100]
    fair = rc.train(rc.Experiment.of("lstm", "adding", **SMALL, updates=200), quiet=True)
    assert "overfitting" not in named(rc.diagnosis(fair))
